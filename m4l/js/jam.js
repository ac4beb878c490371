// The jam, which plays without an end, and the prompts that are mixed in it and in takes.

var Jam = (function () {
    var ANSWER_WITHIN = 4000;

    var asked = 0;
    var keeping = 0;
    var aimed = null;
    var ours = false;

    function start() {
        if (!Connection.isUp()) {
            Show.problem(Connection.why());
            return;
        }
        asked = Date.now() + ANSWER_WITHIN;
        if (Controls.get("model")) {
            Daemon.send("/set/model", [Controls.get("model")]);
        }
        tellSampling();
        Daemon.send("/jam/start", Controls.get("prompt") ? [Controls.get("prompt")] : []);
    }

    function stop() {
        Daemon.send("/jam/stop");
    }

    function keep() {
        keeping = Date.now() + ANSWER_WITHIN;
        aimed = Importing.aim();
        Daemon.send("/jam/keep", [Controls.get("bars")]);
    }

    // Whoever began the jam steers it: words and dials that change are told at once. It has a new number, but the same
    // owner, when it goes on in a new engine.
    function steer() {
        if (ours) {
            tellSampling();
        }
    }

    function prompt(words) {
        if (ours && words) {
            Daemon.send("/prompt", [words]);
        }
    }

    function tellSampling() {
        var own = Controls.get("own");
        ["temperature", "guidance"].forEach(function (name) {
            Daemon.send("/set/" + name, [own ? "model" : Controls.get(name)]);
        });
    }

    // -- what the daemon says ---------------------------------------------------------------------------------------

    function started(id) {
        ours = ours || Date.now() < asked;
        asked = 0;
        Show.note("jam " + id + " plays");
    }

    function stopped() {
        ours = false;
        Show.note("the jam has ended");
    }

    function kept(id, seconds) {
        if (Date.now() < keeping) {
            keeping = 0;
            Takes.adopt(id, aimed, seconds);
            Show.note("keeping the last " + plain(seconds) + " s of the jam");
        }
    }

    return {
        start: start, stop: stop, keep: keep, steer: steer, prompt: prompt, started: started, stopped: stopped, kept: kept
    };
}());

var Morph = (function () {
    function weigh(slot, weight) {
        Daemon.send("/morph/" + slot, [weight]);
    }

    function put(slot) {
        if (!Controls.get("prompt")) {
            Show.note("write what it should sound like first");
            return;
        }
        Daemon.send("/morph/prompt", [slot, Controls.get("prompt")]);
        Show.note("prompt " + (slot + 1) + " of the mix is " + Controls.get("prompt"));
    }

    return {weigh: weigh, put: put};
}());
