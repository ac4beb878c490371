// What every part of the device stands on: outlets, timers, what goes to the daemon and what is shown.
// Max's js object is ES5. Only the functions in messages.js are global, so only they can be called by a message.

autowatch = 0;
inlets = 1;
outlets = 5;

var OUT = {DAEMON: 0, PROBE: 1, REPLY: 2, SHOW: 3, PLAYER: 4};

// Timers. A Task that nobody holds may be collected before it runs, so each is held until it has.
var Later = (function () {
    var held = [];

    function run(work, milliseconds) {
        var task = new Task(function () {
            drop(task);
            work();
        });
        held.push(task);
        task.schedule(milliseconds);
        return task;
    }

    function every(work, milliseconds) {
        var task = new Task(work);
        held.push(task);
        task.interval = milliseconds;
        task.repeat();
        return task;
    }

    function drop(task) {
        var index = held.indexOf(task);
        if (index >= 0) {
            held.splice(index, 1);
        }
    }

    function stop(task) {
        task.cancel();
        drop(task);
    }

    function stopAll() {
        while (held.length) {
            stop(held[0]);
        }
    }

    return {run: run, every: every, stop: stop, stopAll: stopAll};
}());

var Daemon = {
    send: function (address, values) {
        outlet(OUT.DAEMON, [address].concat(values || []));
    },
    port: function (number) {
        outlet(OUT.DAEMON, ["port", number]);
    }
};

// What the musician sees. `name` is an outlet of the patcher's [route], so that the wiring stays in the patcher.
var Show = (function () {
    var last = {};
    var COLOURS = {good: [0.36, 0.78, 0.42, 1], busy: [0.98, 0.75, 0.25, 1], bad: [0.93, 0.36, 0.32, 1]};

    function message(name, words) {
        outlet(OUT.SHOW, [name].concat(words));
    }

    // Every new text is a Max symbol that is never freed: say only what changed.
    function text(name, words) {
        if (last[name] !== words) {
            last[name] = words;
            message(name, ["set", words]);
        }
    }

    // What is written on a button.
    function label(name, words) {
        if (last[name] !== words) {
            last[name] = words;
            message(name, ["text", words]);
        }
    }

    function connection(colour, words) {
        if (last.colour !== colour) {
            last.colour = colour;
            message("dot", ["textcolor"].concat(COLOURS[colour]));
        }
        text("connection", words);
    }

    function note(words) {
        text("note", words);
    }

    // A problem is shown in the device and kept in the Max window, where it can be copied.
    function problem(words) {
        note(words);
        post("audiogen: " + words + "\n");
    }

    return {message: message, text: text, label: label, connection: connection, note: note, problem: problem};
}());

function lastPart(path) {
    return String(path).split(/[\/\\]/).pop();
}
lastPart.local = 1;

function plain(number) {
    return String(Math.round(number * 100) / 100);
}
plain.local = 1;
