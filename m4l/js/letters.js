// The variations A to D of the request that was made last: their buttons, which play them and put them into the set.

var Letters = (function () {
    var LETTERS = ["A", "B", "C", "D"];

    var shown = null;

    function name(index) {
        return LETTERS[index] || "?";
    }

    function turnTo(request) {
        if (shown !== request) {
            shown = request;
            Show.message("progress", [0]);
        }
        show();
    }

    // The final stands for its draft as soon as it is there.
    function best(take) {
        return take && take.itsFinal && take.itsFinal.whole ? take.itsFinal : take;
    }

    function ofLetter(letter) {
        var found = best(shown && shown.made[LETTERS.indexOf(letter)]);
        if (found && found.path) {
            return found;
        }
        if (found) {
            Show.note("take " + letter + (isHeld(found) ? " is held until the drop folder takes it" : " is not ready yet"));
        } else {
            Show.note("there is no take " + letter);
        }
        return null;
    }

    function listen(letter) {
        var take = ofLetter(letter);
        if (take) {
            Daemon.send("/monitor/play", [take.id]);
            Show.note("playing " + (take.draft ? "the final of " : "") + letter);
        }
    }

    // A place that is chosen now is for this one alone; the others of its request go where that was to go.
    function put(letter) {
        var take = ofLetter(letter);
        if (take) {
            Importing.place(take, Importing.aim());
        }
    }

    function show() {
        LETTERS.forEach(function (letter, index) {
            var take = shown && shown.made[index];
            var ready = take && take.path ? 1 : 0;
            Show.message("play_" + letter, ["active", ready]);
            Show.message("put_" + letter, ["active", ready]);
            Show.label("play_" + letter, "\u25B6 " + letter + howFar(take));
        });
    }

    // What a button says of its take and of the final of that.
    function howFar(take) {
        var made = take && take.itsFinal;
        if (made && made.whole) {
            return " final";
        }
        if (isHeld(take) || isHeld(made)) {
            return " held";
        }
        if (!made || !Takes.isOpen(made)) {
            return "";
        }
        return made.state === "queued" ? " ..." : " " + Math.floor(100 * made.fraction) + "%";
    }

    function isHeld(take) {
        return Boolean(take) && take.state === "held";
    }

    return {name: name, turnTo: turnTo, listen: listen, put: put, show: show};
}());
