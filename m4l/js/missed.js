// What became of takes while nothing was heard of them: made, held, finished once more, or lost. The daemon is asked.

var Missed = (function () {
    var PATIENCE = 4;
    var LAST_TAKES = 16;
    var ALL_TAKES = 100;

    // Why the drop folder took no stem, until it takes one.
    var why = "";

    // An idle daemon has nothing more to tell by itself: what it does not name when asked is lost.
    function checkedIn(nothingToDo) {
        Takes.open().forEach(function (take) {
            take.unheard = nothingToDo ? take.unheard + 1 : 0;
            if (take.unheard > PATIENCE) {
                Takes.lost(take, why);
            }
        });
        if (nothingToDo) {
            askFor(Takes.open());
        }
    }

    // The last few takes first, because the answer goes to everybody who listens.
    function askFor(wanted) {
        var isOld = wanted.some(function (take) {
            return take.unheard > 2;
        });
        if (wanted.length) {
            Daemon.send("/takes", [isOld ? ALL_TAKES : LAST_TAKES]);
        }
    }

    // A take that seemed to be done may have a final by now.
    function connected() {
        askFor(Takes.all());
    }

    function told(id, state, letter, model, prompt, path, draft) {
        if (draft) {
            Takes.finalOf(draft, id);
        }
        var take = Takes.find(id);
        if (!take) {
            return;
        }
        take.unheard = 0;
        if (state === "saved") {
            Takes.saved(id, path);
        } else if (state === "held") {
            Takes.held(take, why);
        }
    }

    // Whose stem that was is asked.
    function refused(reason) {
        why = reason;
        askFor(Takes.open());
    }

    function landed() {
        why = "";
    }

    return {checkedIn: checkedIn, connected: connected, told: told, refused: refused, landed: landed};
}());
