// The way to the daemon and back: a reply port that is really ours, a heartbeat that renews the subscription,
// and the reason when there is no answer.

var Connection = (function () {
    var BEAT = 2000;
    var SILENT_BEATS = 3;
    var STATUS_EVERY = 5;
    var PORTS = 40;
    var PROBE = 150;
    var PROBES = 4;

    var tag = "live-" + Math.floor(Math.random() * 0x1000000).toString(16);
    var state = "starting";
    var port = 0;
    var trial = null;
    var beats = 0;
    var silent = 0;
    var daemon = "";
    var engine = "";
    var whyDown = "";

    function start() {
        Daemon.port(Controls.get("daemon_port"));
        Show.connection("busy", "looking for the daemon");
        openPort(Controls.get("reply_port"));
        Later.every(beat, BEAT);
    }

    // -- the reply port ---------------------------------------------------------------------------------------------
    // udpreceive does not say whether it got its port, and a port belongs to one device. So the device sends itself
    // a message: only the owner of the port hears it.

    function openPort(first) {
        trial = {first: first, port: first, bound: true};
        bind();
    }

    // Another program may have taken the port while nobody answered; then it is opened anew.
    function checkPort() {
        trial = {first: port, port: port, bound: false};
        probe();
    }

    function bind() {
        outlet(OUT.REPLY, ["port", trial.port]);
        probe();
    }

    function probe() {
        trial.asked = 0;
        trial.nonce = Math.floor(Math.random() * 0x1000000);
        outlet(OUT.PROBE, ["port", trial.port]);
        ask(trial.nonce);
    }

    function ask(nonce) {
        if (!trial || trial.nonce !== nonce) {
            return;
        }
        if (trial.asked === PROBES) {
            if (trial.bound) {
                nextPort();
            } else {
                openPort(port);
            }
            return;
        }
        trial.asked += 1;
        outlet(OUT.PROBE, ["/audiogen/self", tag, nonce]);
        Later.run(function () {
            ask(nonce);
        }, PROBE);
    }

    function nextPort() {
        if (trial.port - trial.first + 1 >= PORTS || trial.port === 65535) {
            state = "no port";
            Show.connection("bad", "no free reply port");
            Show.problem("reply ports " + trial.first + " to " + trial.port + " are taken; set another in the device");
            trial = null;
            port = 0;
            return;
        }
        trial.port += 1;
        bind();
    }

    function heardSelf(name, nonce) {
        if (!trial || name !== tag || nonce !== trial.nonce) {
            return;
        }
        port = trial.port;
        if (port !== trial.first) {
            Show.problem("reply port " + trial.first + " is taken; this device uses " + port);
        }
        trial = null;
        if (port !== Controls.get("reply_port")) {
            Controls.move("reply_port", port);
        }
        hello();
    }

    // -- the heartbeat ----------------------------------------------------------------------------------------------

    function hello() {
        beats += 1;
        Daemon.send("/subscribe", [port]);
        Daemon.send("/ping", [tag, beats]);
        if (state === "up" && (beats % STATUS_EVERY === 0 || Takes.isWaiting())) {
            Daemon.send("/status");
        }
    }

    function beat() {
        if (trial || !port) {
            return;
        }
        silent += 1;
        if (silent >= SILENT_BEATS) {
            lost();
            if (silent % SILENT_BEATS === 0) {
                checkPort();
                return;
            }
        }
        hello();
    }

    function lost() {
        if (state !== "down") {
            state = "down";
            Preview.stop();
            Show.connection("bad", "no answer from port " + Controls.get("daemon_port"));
            Show.problem("the daemon does not answer; start it with: audiogen-daemon start");
        }
    }

    // All places for listeners are taken; the daemon says so each time it is asked.
    function refused(reason) {
        state = "refused";
        silent = 0;
        Show.connection("bad", "the daemon has no place free");
        Show.problem(reason);
    }

    function heardPong(name) {
        if (name !== tag) {
            return;
        }
        silent = 0;
        if (state !== "up") {
            if (state === "down") {
                Show.note("the daemon is back");
            }
            state = "up";
            engine = "";
            show();
            Controls.clearModels();
            Daemon.send("/status");
            Daemon.send("/models");
            Daemon.send("/state");
            Missed.connected();
            Later.run(Transport.tellAll, 0);
        }
    }

    // -- how the daemon is ------------------------------------------------------------------------------------------

    function heardStatus(pairs) {
        var found = {};
        for (var i = 0; i + 1 < pairs.length; i += 2) {
            found[pairs[i]] = pairs[i + 1];
        }
        if (found.daemon && daemon && found.daemon !== daemon) {
            Show.problem("the daemon was restarted");
            Daemon.send("/state");
            Later.run(Transport.tellAll, 0);
        }
        daemon = found.daemon || daemon;
        heardEngine(String(found.engine));
        tellWhy(engine === "down" ? String(found.engine_reason || "") : "");
        Missed.checkedIn(Number(found.running) === 0 && Number(found.queued) === 0 && !Number(found.finals));
    }

    // Who connects late has not heard why the engine is down.
    function tellWhy(reason) {
        if (reason && reason !== whyDown) {
            Show.problem("the engine is down: " + reason + "; audiogen-daemon doctor");
        }
        whyDown = reason;
    }

    function heardEngine(word) {
        engine = word;
        show();
    }

    function show() {
        if (state !== "up") {
            return;
        }
        if (engine === "ready") {
            Show.connection("good", "connected");
        } else if (engine === "down") {
            Show.connection("bad", "connected, but the engine is down");
        } else {
            Show.connection("busy", "connected, engine " + (engine || "unknown"));
        }
    }

    function isUp() {
        return state === "up";
    }

    function why() {
        if (state === "no port") {
            return "no reply port is free; set another in the device";
        }
        if (state === "refused") {
            return "the daemon listens to as many devices as it may; close one of them";
        }
        return "the daemon does not answer on port " + Controls.get("daemon_port") + "; audiogen-daemon start";
    }

    function daemonPort(number) {
        Daemon.port(number);
        state = "starting";
        silent = 0;
        Show.connection("busy", "looking for the daemon");
        if (port) {
            hello();
        }
    }

    function close() {
        if (port) {
            Daemon.send("/unsubscribe", [port]);
        }
        Later.stopAll();
    }

    return {
        start: start, openPort: openPort, daemonPort: daemonPort, heardSelf: heardSelf, refused: refused,
        heardPong: heardPong, heardStatus: heardStatus, heardEngine: heardEngine, isUp: isUp, why: why, close: close,
        tag: function () {
            return tag;
        }
    };
}());
