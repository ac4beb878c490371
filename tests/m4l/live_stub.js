// What Max's js object gives a script, held to its rules: ES5 only, LiveAPI only after live.thisdevice and never from
// the network, no change of the set inside an observer, Tasks that are Tasks, and no outlet.apply.
// Where Max or Live would misbehave or crash, this throws.
"use strict";

const vm = require("vm");

const LONG = 1000;

const LATER_THAN_ES5 = `
    ["includes", "startsWith", "endsWith", "repeat", "padStart", "padEnd", "matchAll", "replaceAll", "at",
     "trimStart", "trimEnd", "normalize", "codePointAt"].forEach(function (n) { delete String.prototype[n]; });
    ["includes", "find", "findIndex", "findLast", "fill", "flat", "flatMap", "keys", "values", "entries", "at",
     "copyWithin"].forEach(function (n) { delete Array.prototype[n]; });
    ["from", "of"].forEach(function (n) { delete Array[n]; });
    ["assign", "entries", "values", "fromEntries", "is", "getOwnPropertySymbols"].forEach(function (n) {
        delete Object[n];
    });
    ["trunc", "sign", "log2", "log10", "hypot", "fround", "cbrt"].forEach(function (n) { delete Math[n]; });
    ["isInteger", "isFinite", "isNaN", "isSafeInteger", "EPSILON", "parseFloat"].forEach(function (n) {
        delete Number[n];
    });
    ["Promise", "Map", "Set", "WeakMap", "WeakSet", "Symbol", "Proxy", "Reflect", "BigInt", "globalThis", "console",
     "WebAssembly", "SharedArrayBuffer", "Atomics", "Intl"].forEach(function (n) { delete this[n]; }, this);
`;

class MaxScript {
    // send(outlet, words), log(text), fail(error): what the patcher does with outlets, post and errors.
    constructor(source, set, device, {send, log, fail}) {
        this.set = set;
        this.device = device;
        this.send = send;
        this.log = log;
        this.fail = fail;
        this.liveIsThere = false;
        this.inNetwork = false;
        this.timers = new Set();
        this.context = vm.createContext({});
        vm.runInContext(LATER_THAN_ES5, this.context);
        Object.assign(this.context, this.globals(), {Task: this.taskClass(), LiveAPI: this.liveClass()});
        this.guard(() => vm.runInContext(source, this.context, {filename: "audiogen.js"}));
    }

    guard(work) {
        try {
            return work();
        } catch (error) {
            this.fail(error);
            return undefined;
        }
    }

    // A message of the patcher calls the global function of that name, unless it is local.
    message(words, fromNetwork) {
        const handler = this.context[words[0]];
        if (typeof handler !== "function" || handler.local) {
            this.fail(new Error(`js: no function ${words[0]}`));
            return;
        }
        const before = this.inNetwork;
        this.inNetwork = fromNetwork;
        this.guard(() => handler(...words.slice(1)));
        this.inNetwork = before;
    }

    close() {
        if (this.context.notifydeleted) {
            this.guard(() => this.context.notifydeleted());
        }
        this.timers.forEach((timer) => clearTimeout(timer));
        this.set.observers = this.set.observers.filter((observer) => observer.script !== this);
    }

    globals() {
        const outlet = (index, ...words) => {
            const flat = words.flat();
            if (!(index >= 0 && index < this.context.outlets)) {
                throw new Error(`outlet ${index} does not exist`);
            }
            if (!flat.length || !flat.every((word) => typeof word === "string" || Number.isFinite(word))) {
                throw new Error(`outlet ${index} cannot send ${JSON.stringify(flat)}`);
            }
            this.send(index, flat);
        };
        const crash = () => {
            throw new Error("outlet.apply crashes Live");
        };
        outlet.apply = crash;
        outlet.call = crash;
        return {
            outlet,
            post: (...words) => this.log(words.join(" ")),
            arrayfromargs: (words) => vm.runInContext("[]", this.context).concat(Array.prototype.slice.call(words)),
            jsarguments: ["audiogen.js"],
            messagename: "",
        };
    }

    taskClass() {
        const script = this;
        return class Task {
            constructor(work, owner, words) {
                if (typeof work !== "function") {
                    throw new Error("Task needs a function");
                }
                this.interval = 500;
                this.running = false;
                this.work = () => work.apply(owner, words || []);
                this.timer = null;
            }

            schedule(delay) {
                this.start(delay === undefined ? 0 : delay, false);
            }

            repeat(count, delay) {
                if (count !== undefined && count >= 0) {
                    throw new Error("only endless repeats are modelled");
                }
                this.start(delay === undefined ? this.interval : delay, true);
            }

            start(delay, again) {
                if (!Number.isFinite(delay) || delay < 0 || !(this.interval >= 1)) {
                    throw new Error(`Task cannot wait ${delay} ms, interval ${this.interval}`);
                }
                this.cancel();
                this.running = true;
                this.timer = setTimeout(() => {
                    script.timers.delete(this.timer);
                    this.running = again;
                    if (again) {
                        this.start(this.interval, true);
                    }
                    script.inTask(this.work);
                }, delay >= LONG ? delay / script.set.haste : delay);
                script.timers.add(this.timer);
            }

            cancel() {
                clearTimeout(this.timer);
                script.timers.delete(this.timer);
                this.running = false;
            }
        };
    }

    inTask(work) {
        const before = this.inNetwork;
        this.inNetwork = false;
        this.guard(work);
        this.inNetwork = before;
    }

    liveClass() {
        const script = this;
        const {set} = this;
        const array = (items) => vm.runInContext("[]", script.context).concat(items);
        const allowed = () => {
            if (!script.liveIsThere) {
                throw new Error("LiveAPI before live.thisdevice has sent its bang");
            }
            if (script.inNetwork) {
                throw new Error("LiveAPI from a network message; use a Task");
            }
        };
        const changing = () => {
            allowed();
            if (set.notifying) {
                throw new Error("Changes cannot be triggered by notifications. You will need to defer your response.");
            }
        };
        return class LiveAPI {
            constructor(first, second) {
                allowed();
                const where = typeof first === "string" ? first : second;
                this.tell = typeof first === "function" ? first : null;
                this.thing = set.find(where, script.device);
                this.watching = "";
            }

            get id() {
                return this.thing ? String(this.thing.id) : "0";
            }

            get type() {
                return this.thing ? this.thing.type : "unknown";
            }

            get unquotedpath() {
                return this.thing ? this.thing.place : "";
            }

            get path() {
                return `"${this.unquotedpath}"`;
            }

            get property() {
                return this.watching;
            }

            set property(name) {
                if (!this.tell) {
                    throw new Error("an observer needs a callback");
                }
                set.read(this.there(), name);
                this.watching = name;
                const tell = (words) => script.guard(() => this.tell(array(words)));
                const observer = {script, thing: this.thing, property: name, tell};
                set.observers.push(observer);
                set.notify(observer);
            }

            there() {
                allowed();
                if (!this.thing) {
                    throw new Error("LiveAPI object is not there (id 0)");
                }
                return this.thing;
            }

            get(name) {
                return array(set.read(this.there(), name));
            }

            set(name, value) {
                changing();
                set.write(this.there(), name, value);
            }

            call(name, ...words) {
                changing();
                return set.call(this.there(), name, words);
            }
        };
    }
}

module.exports = {MaxScript};
