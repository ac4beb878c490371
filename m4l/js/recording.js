// Sound from outside: recorded here or put into the in folder by anybody, and followed by the next takes.

var Recording = (function () {
    var FOLLOW = ["", "melody", "style"];

    var last = "";

    function start() {
        Daemon.send("/record", [Controls.get("bars")]);
    }

    function stop() {
        Daemon.send("/record/stop");
    }

    // Returns what a take is to follow, as pairs; null when it cannot.
    function followed() {
        var setting = FOLLOW[Controls.get("follow")];
        if (!setting) {
            return [];
        }
        if (!last) {
            return null;
        }
        var words = [setting, last];
        return setting === "style" && !Controls.get("own") ? words.concat(["beta", Controls.get("beta")]) : words;
    }

    // -- what the daemon says ---------------------------------------------------------------------------------------

    function waiting(seconds) {
        Show.note(seconds > 0 ? "recording begins in " + plain(seconds) + " s" : "recording begins");
    }

    function started(name, seconds) {
        Show.note("recording " + plain(seconds) + " s");
    }

    function done(name, seconds) {
        last = String(name);
        Show.note("recorded " + plain(seconds) + " s: " + last);
    }

    function cancelled() {
        Show.note("the recording was cancelled");
    }

    function landed(name) {
        last = String(name);
    }

    return {
        start: start, stop: stop, followed: followed, waiting: waiting, started: started, done: done,
        cancelled: cancelled, landed: landed
    };
}());
