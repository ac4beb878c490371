// What the controls stand at. The patcher sends every value before [ready]; from then on a value is a change.

var Controls = (function () {
    var values = {
        prompt: "", bars: 4, loop: 1, model: "", own: 1, temperature: 1, guidance: 3, seed: 0, lock: 0, takes: 0, into: 0,
        hear: 0, daemon_port: 11010, reply_port: 11021, launch: 0, follow: 0, beta: 5,
        mix_1: 0, mix_2: 0, mix_3: 0, mix_4: 0
    };
    var DEFAULT_MODEL = "default";
    var SEEDS = 10000000;
    var models = [];

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

    function chooseModel(name) {
        values.model = name === DEFAULT_MODEL ? "" : name;
        Show.message("model_name", ["set", values.model]);
    }

    // The menu is filled by the daemon; which model the set was saved with is kept in a hidden field.
    function recallModel(name) {
        values.model = name;
    }

    function clearModels() {
        models = [];
        Show.message("model", ["clear"]);
        Show.message("model", ["append", DEFAULT_MODEL]);
        Show.message("model", ["setsymbol", DEFAULT_MODEL]);
    }

    function addModel(name) {
        if (models.indexOf(name) < 0) {
            models.push(name);
            Show.message("model", ["append", name]);
        }
        if (name === values.model) {
            Show.message("model", ["setsymbol", name]);
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
        get: get, has: has, put: put, move: move, chooseModel: chooseModel, recallModel: recallModel,
        clearModels: clearModels, addModel: addModel, nextSeed: nextSeed
    };
}());
