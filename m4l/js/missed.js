// What became of takes while nothing was heard of them: made, held, finished once more, or lost. The daemon is asked.

var Missed = (function () {
    var PATIENCE = 4;
    var LAST_TAKES = 16;
    var ALL_TAKES = 100;

    var whyHeld = "";

    // An idle daemon has nothing more to tell by itself: what it does not name when it is asked, is lost.
    function checkedIn(nothingToDo) {
        Takes.open().forEach(function (take) {
            take.unheard = nothingToDo ? take.unheard + 1 : 0;
            if (take.unheard > PATIENCE) {
                Takes.lost(take);
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
            Takes.held(take, whyHeld);
        }
    }

    // The drop folder takes no stems; whose they are is asked.
    function refused(reason) {
        whyHeld = reason;
        askFor(Takes.open());
    }

    function landed() {
        whyHeld = "";
    }

    return {checkedIn: checkedIn, connected: connected, told: told, refused: refused, landed: landed};
}());
