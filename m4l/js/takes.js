// What this device asked for and what became of it. Every request carries a name of its own, which the daemon repeats
// in /take/queued: so takes of other devices are never taken for ours.

var Takes = (function () {
    var LETTERS = ["A", "B", "C", "D"];
    var ANSWER_WITHIN = 4000;
    var REMEMBERED = 50;
    var LOST = 4;
    var SHOWN = /^\/(transport\/|jam\/|morph|record|set\/launch|take\/final|monitor\/(play|device)$)/;

    var requests = {};
    var takes = {};
    var count = 0;
    var unanswered = null;
    var shown = null;
    var idle = 0;

    function generate() {
        if (!Connection.isUp()) {
            Show.problem(Connection.why());
            return;
        }
        if (!Controls.get("prompt")) {
            Show.note("write what it should sound like first");
            return;
        }
        var followed = Recording.followed();
        if (!followed) {
            Show.note("nothing has come in to follow; record, or put a sound into the in folder");
            return;
        }
        var request = newRequest();
        unanswered = request;
        Daemon.send("/generate", [request.prompt].concat(pairs(request), followed));
        Show.note("asked for " + request.prompt);
        Later.run(function () {
            if (unanswered === request) {
                unanswered = null;
                Show.problem("the daemon did not answer; press Generate again");
            }
        }, ANSWER_WITHIN);
    }

    function newRequest() {
        var bars = Controls.get("bars");
        count += 1;
        var request = {
            client: Connection.tag() + "/" + count,
            prompt: Controls.get("prompt"), bars: bars, beats: Transport.beats(bars), tempo: Transport.tempo(),
            loop: Controls.get("loop"), into: Controls.get("into"), takes: Controls.get("takes") + 1,
            seed: Controls.nextSeed(), made: []
        };
        requests[request.client] = request;
        forgetOld();
        return request;
    }

    function forgetOld() {
        var old = requests[Connection.tag() + "/" + (count - REMEMBERED)];
        if (old) {
            delete requests[old.client];
            old.made.forEach(function (take) {
                delete takes[take.id];
                if (take.itsFinal) {
                    delete takes[take.itsFinal.id];
                }
            });
        }
    }

    function pairs(request) {
        var words = ["client", request.client, "bars", request.bars, "tempo", request.tempo,
            "signature", Transport.signature(), "seed", request.seed, "variations", request.takes, "loop", request.loop];
        var key = Transport.key();
        if (key) {
            words.push("key", key);
        }
        if (Controls.get("model")) {
            words.push("model", Controls.get("model"));
        }
        if (Controls.get("finish")) {
            words.push("finish_with", Controls.get("finish"));
        }
        if (!Controls.get("own")) {
            words.push("temperature", Controls.get("temperature"), "guidance", Controls.get("guidance"));
        }
        return words;
    }

    // What was asked for goes before finals, which wait until nothing else does.
    function cancel() {
        var unfinished = openIds();
        var asked = unfinished.filter(function (id) {
            return !takes[id].draft;
        });
        if (!unfinished.length) {
            Show.note("nothing of this device is being made");
        }
        (asked.length ? asked : unfinished).forEach(function (id) {
            Daemon.send("/cancel", [Number(id)]);
        });
    }

    function isOpen(take) {
        return take.state === "queued" || take.state === "running" || take.state === "made";
    }

    // -- what the daemon says ---------------------------------------------------------------------------------------

    function queued(id, position, client) {
        var request = requests[client];
        if (takes[id] && takes[id].draft) {
            waits(takes[id]);
        }
        if (!request) {
            return;
        }
        if (request === unanswered) {
            unanswered = null;
        }
        var take = add(id, request, "queued");
        Show.note(position ? "take " + take.letter + " waits behind " + position : "take " + take.letter + " starts");
    }

    function add(id, request, state) {
        var letter = LETTERS[request.made.length] || "?";
        var take = newTake(id, letter, request, state);
        request.made.push(take);
        takes[id] = take;
        idle = 0;
        if (shown !== request) {
            shown = request;
            Show.message("progress", [0]);
        }
        showButtons();
        return take;
    }

    // draft: what a final makes once more. itsFinal: the other way round. whole: whether all of it lies at the path.
    function newTake(id, letter, request, state) {
        return {
            id: id, letter: letter, request: request, state: state, fraction: 0, path: "", whole: false,
            draft: null, itsFinal: null
        };
    }

    // A final of a take of ours is ours as well; it waits until nothing else does, also after it was begun.
    function finalOf(draft, id) {
        var sketch = takes[draft];
        if (sketch && !takes[id]) {
            takes[id] = newTake(id, sketch.letter, sketch.request, "queued");
            takes[id].draft = sketch;
            sketch.itsFinal = takes[id];
            waits(takes[id]);
        }
    }

    function waits(take) {
        take.state = "queued";
        take.fraction = 0;
        showLabels();
    }

    function named(take) {
        return (take.draft ? "final of " : "take ") + take.letter;
    }

    // What this device keeps of a jam goes where its takes go.
    function adopt(id) {
        var request = newRequest();
        request.takes = 1;
        add(id, request, "made");
    }

    function refused(address, reason) {
        if (address === "/generate" && unanswered) {
            unanswered = null;
            Show.problem(reason);
        } else if (address === "/subscribe") {
            Connection.refused(reason);
        } else if (address === "/engine/state" || address === "/stem/saved") {
            Show.problem(reason);
        } else if (SHOWN.test(address)) {
            Show.problem(address + ": " + reason);
        }
    }

    // Variations may be made one by one or all in one pass: what counts is the sum.
    function progress(id, fraction, eta) {
        var take = takes[id];
        if (!take || !isOpen(take)) {
            return;
        }
        take.state = "running";
        take.fraction = fraction;
        if (take.draft) {
            showLabels();
            return;
        }
        var made = take.request.made;
        var whole = made.reduce(function (sum, one) {
            return sum + one.fraction;
        }, 0);
        var letters = made.filter(function (one) {
            return one.state === "running";
        }).map(function (one) {
            return one.letter;
        });
        Show.message("progress", [whole / take.request.takes]);
        Show.note("making " + letters.join(" ") + ", " + Math.ceil(eta) + " s left");
    }

    function ended(id, state, words) {
        var take = takes[id];
        if (take && isOpen(take)) {
            take.state = state;
            Show.note(named(take) + " " + words);
            showButtons();
        }
    }

    function started(id) {
        if (takes[id]) {
            takes[id].state = "running";
            showLabels();
        }
    }

    function done(id, seconds, speed) {
        ended(id, "made", "is made, " + plain(speed) + " times as fast as it plays");
    }

    function cancelled(id) {
        ended(id, "cancelled", "was cancelled");
    }

    function failed(id, code, reason) {
        ended(id, "failed", "failed: " + reason);
    }

    // A stem may land long after: a held one, or one that a restarted daemon made. It is ours all the same.
    function saved(id, path) {
        var take = takes[id];
        if (!take || take.path) {
            return;
        }
        take.whole = take.state !== "cancelled";
        take.path = String(path);
        take.state = "saved";
        showButtons();
        if (!take.whole) {
            Show.note("what was made of " + take.letter + " is kept: " + lastPart(path));
        } else if (isPlacedByItself(take)) {
            Importing.place(take);
        } else {
            Show.note(named(take) + " is ready; put it with its button");
        }
    }

    // Several takes fit into several empty slots, but not into one slot or one place of the arrangement.
    function isPlacedByItself(take) {
        var isFirst = take.letter === "A" && !take.draft;
        return isFirst || take.request.into === Importing.INTO.EMPTY || take.request.into === Importing.INTO.FOLDER;
    }

    // An idle daemon has nothing more to tell: what we still wait for was said while we could not hear, or is lost.
    function checkedIn(nothingToDo) {
        var open = openIds();
        idle = nothingToDo && open.length ? idle + 1 : 0;
        open.forEach(function (id) {
            if (idle > LOST) {
                ended(id, "failed", "was lost by the daemon; generate it again");
            } else if (idle) {
                Daemon.send("/stem", [Number(id)]);
            }
        });
    }

    function openIds() {
        return Object.keys(takes).filter(function (id) {
            return isOpen(takes[id]);
        });
    }

    // -- variations A to D ------------------------------------------------------------------------------------------

    // The final stands for its draft as soon as it is there.
    function best(take) {
        return take && take.itsFinal && take.itsFinal.whole ? take.itsFinal : take;
    }

    function ofLetter(letter) {
        var found = best(shown && shown.made.filter(function (take) {
            return take.letter === letter;
        })[0]);
        if (!found || !found.path) {
            Show.note(found ? "take " + letter + " is not ready yet" : "there is no take " + letter);
            return null;
        }
        return found;
    }

    function listen(letter) {
        var take = ofLetter(letter);
        if (take) {
            Daemon.send("/monitor/play", [take.id]);
            Show.note("playing " + (take.draft ? "the final of " : "") + letter);
        }
    }

    function put(letter) {
        var take = ofLetter(letter);
        if (take) {
            take.request.into = Controls.get("into");
            Importing.place(take);
        }
    }

    function showButtons() {
        LETTERS.forEach(function (letter, index) {
            var take = shown && shown.made[index];
            var ready = take && take.path ? 1 : 0;
            Show.message("play_" + letter, ["active", ready]);
            Show.message("put_" + letter, ["active", ready]);
        });
        showLabels();
    }

    function showLabels() {
        LETTERS.forEach(function (letter, index) {
            Show.label("play_" + letter, "\u25B6 " + letter + howFar(shown && shown.made[index]));
        });
    }

    // What the button of a draft says of its final.
    function howFar(take) {
        var made = take && take.itsFinal;
        if (!made || !isOpen(made)) {
            return made && made.whole ? " final" : "";
        }
        return made.state === "queued" ? " ..." : " " + Math.floor(100 * made.fraction) + "%";
    }

    function isWaiting() {
        return openIds().length > 0;
    }

    function isOurs(id) {
        return takes.hasOwnProperty(id);
    }

    return {
        generate: generate, cancel: cancel, adopt: adopt, queued: queued, finalOf: finalOf, refused: refused,
        started: started, progress: progress, done: done, cancelled: cancelled, failed: failed, saved: saved,
        checkedIn: checkedIn, listen: listen, put: put, named: named, showButtons: showButtons, isOurs: isOurs,
        isWaiting: isWaiting
    };
}());
