// What this device asked for and what became of it. Every request carries a name of its own, which the daemon repeats
// in /take/queued: so takes of other devices are never taken for ours.

var Takes = (function () {
    var ANSWER_WITHIN = 4000;
    var REMEMBERED = 50;
    var SHOWN = /^\/(transport\/|jam\/|morph|record|set\/launch|take\/final|monitor\/(play|device)$)/;

    var requests = {};
    var takes = {};
    var count = 0;
    var unanswered = null;

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
        var request = newRequest(Importing.aim());
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

    function newRequest(aimed) {
        var bars = Controls.get("bars");
        count += 1;
        var request = {
            client: Connection.tag() + "/" + count,
            prompt: Controls.get("prompt"), bars: bars, beats: Transport.beats(bars), tempo: Transport.tempo(),
            loop: Controls.get("loop"), aimed: aimed, takes: Controls.get("takes") + 1,
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
        var unmade = open().filter(isUnmade);
        var asked = unmade.filter(function (take) {
            return !take.draft;
        });
        if (!unmade.length) {
            Show.note("nothing of this device is being made");
        }
        (asked.length ? asked : unmade).forEach(function (take) {
            Daemon.send("/cancel", [take.id]);
        });
    }

    function isUnmade(take) {
        return take.state === "queued" || take.state === "running";
    }

    // The daemon has not said its last word of it: it is still to be made, or to land in the drop folder.
    function isOpen(take) {
        return isUnmade(take) || take.state === "made" || take.state === "held";
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
        var take = newTake(id, Letters.name(request.made.length), request, state);
        request.made.push(take);
        takes[id] = take;
        Letters.turnTo(request);
        return take;
    }

    // draft: what a final makes once more. itsFinal: the other way round. whole: whether all of it lies at the path.
    // unheard: how often an idle daemon was asked for it since it last named it.
    function newTake(id, letter, request, state) {
        return {
            id: id, letter: letter, request: request, state: state, fraction: 0, path: "", whole: false,
            draft: null, itsFinal: null, unheard: 0
        };
    }

    // A final of a take of ours is ours as well; it waits until nothing else does, also after it was begun.
    function finalOf(draftId, id) {
        var draft = takes[draftId];
        if (draft && !takes[id]) {
            takes[id] = newTake(id, draft.letter, draft.request, "queued");
            takes[id].draft = draft;
            draft.itsFinal = takes[id];
            waits(takes[id]);
        }
    }

    function waits(take) {
        take.state = "queued";
        take.fraction = 0;
        Letters.show();
    }

    function named(take) {
        return (take.draft ? "final of " : "take ") + take.letter;
    }

    // What this device keeps of a jam goes where its takes go. A young jam has less to keep than was asked for.
    function adopt(id, aimed, seconds) {
        var request = newRequest(aimed);
        request.beats = Math.min(request.beats, seconds * request.tempo / 60);
        request.takes = 1;
        add(id, request, "made");
    }

    function refused(address, reason) {
        if (address === "/generate" && unanswered) {
            unanswered = null;
            Show.problem(reason);
        } else if (address === "/subscribe") {
            Connection.refused(reason);
        } else if (address === "/stem/saved") {
            Show.problem(reason);
            Missed.refused(reason);
        } else if (address === "/engine/state") {
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
            Letters.show();
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
            Letters.show();
        }
    }

    function started(id) {
        if (takes[id]) {
            takes[id].state = "running";
            Letters.show();
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
        Missed.landed();
        take.whole = take.state !== "cancelled";
        take.path = String(path);
        take.state = "saved";
        Letters.show();
        if (!take.whole) {
            Show.note("what was made of " + take.letter + " is kept: " + lastPart(path));
        } else if (isPlacedByItself(take)) {
            Importing.place(take, take.request.aimed);
        } else {
            Show.note(named(take) + " is ready; put it with its button");
        }
    }

    // Several takes fit into several empty slots, but not into one slot or one place of the arrangement.
    function isPlacedByItself(take) {
        var isFirst = take.letter === "A" && !take.draft;
        var into = take.request.aimed.into;
        return isFirst || into === Importing.INTO.EMPTY || into === Importing.INTO.FOLDER;
    }

    // Made, and kept safe by the daemon: it lands when the drop folder takes it.
    function held(take, reason) {
        if (isOpen(take) && take.state !== "held") {
            take.state = "held";
            Show.note(reason || named(take) + " is held until the drop folder takes it");
            Letters.show();
        }
    }

    function lost(take, reason) {
        ended(take.id, "failed", reason ? "did not land; " + reason : "was lost by the daemon; generate it again");
    }

    function all() {
        return Object.keys(takes).map(function (id) {
            return takes[id];
        });
    }

    function open() {
        return all().filter(isOpen);
    }

    // What is held may be so for hours.
    function isWaiting() {
        return open().some(function (take) {
            return take.state !== "held";
        });
    }

    function find(id) {
        return takes[id];
    }

    return {
        generate: generate, cancel: cancel, adopt: adopt, queued: queued, finalOf: finalOf, refused: refused,
        started: started, progress: progress, done: done, cancelled: cancelled, failed: failed, saved: saved,
        held: held, lost: lost, find: find, all: all, open: open, named: named, isOpen: isOpen,
        isWaiting: isWaiting
    };
}());
