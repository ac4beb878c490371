// Experimental: a take is heard inside the track while it is made. The daemon writes it into a growing file of its full
// length; sfplay~ reads that file, always a safe distance behind the writer.

var Preview = (function () {
    var LEAD = 2.0;
    var CLOSE = 0.75;
    var LOOK = 100;

    var now = null;
    var timer = null;

    function clock() {
        return new Date().getTime() / 1000;
    }

    // Of variations that are made in one pass the first is heard, as by the daemon's monitor.
    function started(id, path, seconds) {
        var take = Takes.find(id);
        if (!Controls.get("hear") || !take || take.letter !== "A") {
            return;
        }
        stop();
        now = {id: id, path: String(path), total: seconds, written: 0, since: clock(), state: "filling", played: 0, at: 0};
        timer = Later.every(look, LOOK);
    }

    function written(id, seconds) {
        if (now && now.id === id) {
            now.written = seconds;
        }
    }

    // The rest is on disk, or never will be.
    function ended(id, isWhole) {
        if (!now || now.id !== id) {
            return;
        }
        if (isWhole) {
            now.written = now.total;
        } else {
            stop();
        }
    }

    // sfplay~ reads ahead, so it stays LEAD behind; a writer slower than sound needs the rest of its time as well.
    function isSafe() {
        if (now.written >= now.total) {
            return true;
        }
        var speed = now.written / Math.max(clock() - now.since, 0.001);
        var missing = (now.total - now.played) * Math.max(0, 1 - speed);
        return now.written - now.played >= LEAD + missing;
    }

    function look() {
        if (now.state === "playing") {
            var time = clock();
            now.played += time - now.at;
            now.at = time;
        }
        if (now.played >= now.total) {
            stop();
        } else if (now.state === "filling" && isSafe()) {
            outlet(OUT.PLAYER, ["open", now.path]);
            outlet(OUT.PLAYER, [1]);
            play();
        } else if (now.state === "paused" && isSafe()) {
            outlet(OUT.PLAYER, ["resume"]);
            play();
        } else if (now.state === "playing" && now.written < now.total && now.written - now.played < CLOSE) {
            outlet(OUT.PLAYER, ["pause"]);
            now.state = "paused";
        }
    }

    function play() {
        now.state = "playing";
        now.at = clock();
    }

    // The daemon's own monitor would be heard twice.
    function playing(id) {
        if (now && now.id === id) {
            Daemon.send("/monitor/stop");
        }
    }

    function stop() {
        if (!now) {
            return;
        }
        if (now.state !== "filling") {
            outlet(OUT.PLAYER, [0]);
            outlet(OUT.PLAYER, ["fclose"]);
        }
        Later.stop(timer);
        now = null;
        timer = null;
    }

    return {started: started, written: written, ended: ended, playing: playing, stop: stop};
}());
