// The messages that the patcher sends: [ready] once Live is there, [ui name value] of a control, [osc address ...] of the
// network. These are the only global functions.

var ready = false;
var LAUNCHES = ["off", "beat", "bar"];

var OSC = {
    "/pong": Connection.heardPong,
    "/audiogen/self": Connection.heardSelf,
    "/engine/state": Connection.heardEngine,
    "/models/reply": Controls.addModel,
    "/error": Takes.refused,
    "/take/queued": Takes.queued,
    "/take/started": Takes.started,
    "/take/progress": Takes.progress,
    "/take/final": Takes.finalOf,
    "/take/playing": Preview.playing,
    "/take/done": function (id, seconds, speed) {
        Takes.done(id, seconds, speed);
        Preview.ended(id, true);
    },
    "/take/cancelled": function (id) {
        Takes.cancelled(id);
        Preview.ended(id, false);
    },
    "/take/failed": function (id, code, reason) {
        Takes.failed(id, code, reason);
        Preview.ended(id, false);
    },
    "/stem/saved": Takes.saved,
    "/takes/reply": Missed.told,
    "/jam/started": Jam.started,
    "/jam/stopped": Jam.stopped,
    "/jam/kept": Jam.kept,
    "/record/waiting": Recording.waiting,
    "/record/started": Recording.started,
    "/record/done": Recording.done,
    "/record/cancelled": Recording.cancelled,
    "/input/landed": Recording.landed,
    "/state/launch": function (word) {
        Controls.move("launch", LAUNCHES.indexOf(String(word)));
    },
    "/state/finish_with": Controls.heardFinish,
    "/preview/started": Preview.started,
    "/preview/written": Preview.written,
    "/monitor/level": function (left, right) {
        Show.message("level", [left, right]);
    },
    "/status/reply": function () {
        Connection.heardStatus(arrayfromargs(arguments));
    }
};

var PRESSED = {
    generate: Takes.generate,
    cancel: Takes.cancel,
    jam: Jam.start,
    jam_stop: Jam.stop,
    jam_keep: Jam.keep,
    record: Recording.start,
    record_stop: Recording.stop
};
["A", "B", "C", "D"].forEach(function (letter) {
    PRESSED["play_" + letter] = function () {
        Letters.listen(letter);
    };
    PRESSED["put_" + letter] = function () {
        Letters.put(letter);
    };
});

var CHANGED = {
    daemon_port: Connection.daemonPort,
    reply_port: Connection.openPort,
    model: function (item) {
        Controls.choose("model", item);
    },
    finish: function (item) {
        Controls.choose("finish", item);
    },
    temperature: mine,
    guidance: mine,
    beta: mine,
    own: Jam.steer,
    prompt: Jam.prompt,
    launch: function (index) {
        Daemon.send("/set/launch", [LAUNCHES[index]]);
    },
    hear: function (on) {
        if (!on) {
            Preview.stop();
        }
    }
};

[0, 1, 2, 3].forEach(function (slot) {
    CHANGED["mix_" + (slot + 1)] = function (weight) {
        Morph.weigh(slot, weight);
    };
    PRESSED["lay_" + (slot + 1)] = function () {
        Morph.put(slot);
    };
    OSC["/state/morph/" + slot] = function (weight) {
        Controls.move("mix_" + (slot + 1), weight);
    };
});

// Whoever turns a dial wants it to count: the model's own values step back.
function mine() {
    Controls.move("own", 0);
    Jam.steer();
}
mine.local = 1;

// Sent by live.thisdevice, after every control has told its value.
function live() {
    if (ready) {
        return;
    }
    ready = true;
    Controls.clearModels();
    Letters.show();
    Connection.start();
    Transport.start();
}

function ui(name) {
    var words = arrayfromargs(arguments).slice(1);
    if (words[0] === "text") {
        words.shift();
    }
    if (PRESSED.hasOwnProperty(name)) {
        if (ready) {
            PRESSED[name]();
        }
        return;
    }
    if (name === "model_name" || name === "finish_name") {
        Controls.recall(name.split("_")[0], words.join(" "));
        return;
    }
    var value = name === "prompt" || name === "model" || name === "finish" ? words.join(" ") : words[0];
    if (Controls.has(name) && Controls.put(name, value) && ready && CHANGED.hasOwnProperty(name)) {
        CHANGED[name](value);
    }
}

function osc(address) {
    if (ready && OSC.hasOwnProperty(address)) {
        OSC[address].apply(null, arrayfromargs(arguments).slice(1));
    }
}

// Max calls this when the device goes away.
function notifydeleted() {
    Connection.close();
}
