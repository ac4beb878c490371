// What the controls stand at. The patcher sends every value before [ready]; from then on a value is a change.

var Controls = (function () {
    var values = {
        prompt: "", bars: 4, loop: 1, model: "", finish: "", own: 1, temperature: 1, guidance: 3, seed: 0, lock: 0,
        takes: 0, into: 0, hear: 0, daemon_port: 11010, reply_port: 11021, launch: 0, follow: 0, beta: 5,
        mix_1: 0, mix_2: 0, mix_3: 0, mix_4: 0
    };
    var SEEDS = 10000000;
    var models = [];
    // The menus that the daemon fills with its models. The first item leaves the choice to the daemon.
    var MENUS = {model: ["default"], finish: ["default", "off"]};

    function get(name) {
        return values[name];
    }

    function has(name) {
        return values.hasOwnProperty(name);
    }

    // Returns whether the value is a new one.
    function put(name, value) {
        var changed = values[name] !== value;
        values[name] = value;
        return changed;
    }

    // Moves a control without its answering, so that Live stores what is used.
    function move(name, value) {
        values[name] = value;
        Show.message(name, ["set", value]);
    }

    // Which item of a menu the set was saved with is kept in a hidden field: "" for the first.
    function choose(menu, item) {
        values[menu] = item === MENUS[menu][0] ? "" : item;
        Show.message(menu + "_name", ["set", values[menu]]);
    }

    function recall(menu, name) {
        values[menu] = name;
    }

    function items(menu) {
        return MENUS[menu].concat(models);
    }

    function fill(menu) {
        Show.message(menu, ["clear"]);
        append(menu, items(menu));
    }

    function append(menu, added) {
        added.forEach(function (item) {
            Show.message(menu, ["append", item]);
        });
        Show.message(menu, ["set", Math.max(0, items(menu).indexOf(values[menu]))]);
    }

    function clearModels() {
        models = [];
        fill("model");
        fill("finish");
    }

    function addModel(name) {
        if (models.indexOf(name) < 0) {
            models.push(name);
            append("model", [name]);
            append("finish", [name]);
        }
    }

    // What the daemon finishes takes with, unless the device says otherwise.
    function heardFinish(name) {
        var first = (name || "off") + " (default)";
        if (MENUS.finish[0] !== first) {
            MENUS.finish[0] = first;
            fill("finish");
        }
    }

    // The seed of the next take: a new one unless it is locked. It stays below 2^24, which a Live parameter holds exactly;
    // automation leaves fractions in it.
    function nextSeed() {
        if (!values.lock) {
            move("seed", Math.floor(Math.random() * SEEDS));
        }
        return Math.round(values.seed);
    }

    return {
        get: get, has: has, put: put, move: move, choose: choose, recall: recall, clearModels: clearModels,
        addModel: addModel, heardFinish: heardFinish, nextSeed: nextSeed
    };
}());
