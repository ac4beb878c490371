// A Max patcher that runs: the boxes of the built device, joined by its cords, with real UDP underneath.
// A box that gets a message whose effect in Max is not certain throws, so that the device cannot rest on a guess.
"use strict";

const dgram = require("dgram");
const fs = require("fs");
const {decode, encode} = require("./osc");
const {MaxScript} = require("./live_stub");

class Box {
    constructor(patch, json) {
        this.patch = patch;
        this.json = json;
        this.words = (json.text || "").split(" ");
        this.cords = Array.from({length: json.numoutlets}, () => []);
        const value = json.parameter_enable ? json.saved_attribute_attributes.valueof : null;
        this.parameter = value;
        this.value = value && value.parameter_initial ? value.parameter_initial[0] : 0;
    }

    out(outlet, words) {
        for (const {box, inlet} of this.cords[outlet]) {
            box.receive(words, inlet);
        }
    }

    receive(words) {
        throw new Error(`${this.json.maxclass} ${this.json.text || ""} cannot take ${JSON.stringify(words)}`);
    }

    close() {}
}

class Silent extends Box {}

class Trigger extends Box {
    receive() {
        for (let outlet = this.cords.length - 1; outlet >= 0; outlet -= 1) {
            this.out(outlet, ["bang"]);
        }
    }
}

class Message extends Box {
    receive(words) {
        if (words[0] !== "bang") {
            super.receive(words);
        }
        this.out(0, this.words);
    }
}

class Prepend extends Box {
    receive(words) {
        if (words[0] === "bang") {
            super.receive(words);
        }
        this.out(0, [...this.words.slice(1), ...words]);
    }
}

class Route extends Box {
    receive(words) {
        const outlet = this.words.indexOf(words[0]) - 1;
        if (outlet < 0) {
            super.receive(words);
        }
        this.out(outlet, words.length > 1 ? words.slice(1) : ["bang"]);
    }
}

class UdpSend extends Box {
    constructor(patch, json) {
        super(patch, json);
        this.host = this.words[1];
        this.port = Number(this.words[2]);
        this.socket = dgram.createSocket("udp4");
        this.socket.on("error", (error) => patch.console.push(`udpsend: ${error.message}`));
        this.leaving = 0;
        this.closing = false;
    }

    left() {
        this.leaving -= 1;
        if (this.closing && !this.leaving) {
            this.socket.close();
        }
    }

    receive(words) {
        if (words[0] === "port") {
            this.port = words[1];
        } else if (String(words[0]).startsWith("/")) {
            const packet = encode(words[0], words.slice(1));
            this.patch.sent.push(words);
            this.leaving += 1;
            this.socket.send(packet, this.port, this.host, () => this.left());
        } else {
            super.receive(words);
        }
    }

    close() {
        this.closing = true;
        this.leaving += 1;
        this.left();
    }
}

class UdpReceive extends Box {
    constructor(patch, json) {
        super(patch, json);
        this.open(Number(this.words[1]));
    }

    receive(words) {
        if (words[0] !== "port") {
            super.receive(words);
        }
        this.open(words[1]);
    }

    open(port) {
        this.close();
        const socket = dgram.createSocket("udp4");
        this.socket = socket;
        socket.on("error", () => {
            this.patch.console.push(`udpreceive: could not bind to port ${port}`);
            socket.close();
            this.socket = this.socket === socket ? null : this.socket;
        });
        socket.on("message", (packet) => this.patch.network(() => this.out(0, decode(packet))));
        socket.bind(port, "127.0.0.1");
    }

    close() {
        if (this.socket) {
            this.socket.close();
            this.socket = null;
        }
    }
}

class Script extends Box {
    load(source) {
        this.script = new MaxScript(source, this.patch.set, this.patch.device, {
            send: (outlet, words) => this.out(outlet, words),
            log: (text) => this.patch.console.push(text),
            fail: (error) => this.patch.errors.push(error.stack || String(error)),
        });
    }

    receive(words) {
        this.script.message(words, this.patch.inNetwork);
    }

    close() {
        this.script.close();
    }
}

class Control extends Box {
    receive(words) {
        if (words[0] === "set") {
            this.value = this.clamp(words[1]);
        } else if (words[0] === "outputvalue") {
            this.out(0, [this.value]);
        } else if (words[0] === "active" && this.json.maxclass === "live.text") {
            this.active = words[1];
        } else if (words[0] === "text" && words.length === 2 && this.json.maxclass === "live.text") {
            this.label = words[1];
        } else {
            super.receive(words);
        }
    }

    // A Live parameter is a 32-bit float between its ends; a choice is the index of an item.
    clamp(value) {
        const {parameter_mmin: low = 0, parameter_mmax: high, parameter_type: type} = this.parameter;
        const inside = Math.min(high, Math.max(low, value));
        return type === 0 ? Math.fround(inside) : Math.round(inside);
    }

    turn(value) {
        if (this.json.maxclass === "live.text" && this.json.mode === 0) {
            throw new Error("a button is pressed, not turned");
        }
        this.value = this.clamp(value);
        this.out(0, [this.value]);
    }

    press() {
        if (this.json.maxclass !== "live.text" || this.json.mode !== 0) {
            throw new Error("only a button is pressed");
        }
        this.out(0, ["bang"]);
    }
}

class TextEdit extends Box {
    receive(words) {
        if (words[0] === "set") {
            this.value = words.slice(1).join(" ");
        } else if (words[0] === "bang") {
            this.out(0, this.value === "" ? ["text"] : ["text", this.value]);
        } else {
            super.receive(words);
        }
    }
}

class Menu extends Box {
    constructor(patch, json) {
        super(patch, json);
        this.items = json.items.filter((item) => item !== ",");
        this.value = this.items[0];
    }

    receive(words) {
        if (words[0] === "clear") {
            this.items = [];
            this.value = "";
        } else if (words[0] === "append") {
            this.items.push(words.slice(1).join(" "));
        } else if (words[0] === "set" && words[1] in this.items) {
            this.value = this.items[words[1]];
        } else {
            super.receive(words);
        }
    }

    turn(item) {
        if (!this.items.includes(item)) {
            throw new Error(`the menu has ${this.items.join(", ")}`);
        }
        this.value = item;
        this.out(1, item.split(" "));
        this.out(0, [this.items.indexOf(item)]);
    }
}

class Label extends Box {
    constructor(patch, json) {
        super(patch, json);
        this.value = json.text;
    }

    receive(words) {
        if (words[0] === "set") {
            this.value = words.slice(1).join(" ");
        } else if (words[0] === "textcolor" && this.json.maxclass === "comment" && words.length === 5) {
            this.colour = words.slice(1);
        } else {
            super.receive(words);
        }
    }
}

class Bars extends Box {
    receive(words) {
        if (!words.every((word) => typeof word === "number")) {
            super.receive(words);
        }
        this.value = words.length > 1 ? words : words[0];
    }
}

class Player extends Box {
    constructor(patch, json) {
        super(patch, json);
        this.value = [];
    }

    receive(words) {
        const known = ["open", "pause", "resume", "fclose", 0, 1];
        if (!known.includes(words[0])) {
            super.receive(words);
        }
        if (words[0] === "open" && !(words.length === 2 && fs.existsSync(words[1]))) {
            this.patch.errors.push(`sfplay~: no file ${JSON.stringify(words)}`);
        }
        this.value.push(words);
    }
}

const OBJECTS = {
    "plugin~": Silent, "plugout~": Silent, "live.thisdevice": Silent, "sfplay~": Player, js: Script, prepend: Prepend,
    route: Route, t: Trigger, udpsend: UdpSend, udpreceive: UdpReceive,
};
const CLASSES = {
    "live.text": Control, "live.dial": Control, "live.numbox": Control, "live.menu": Control, "live.tab": Control,
    umenu: Menu, textedit: TextEdit, comment: Label, "live.comment": Label, multislider: Bars, message: Message,
};

class Patch {
    // saved: what Live kept of the parameters, by name.
    constructor(patcher, source, set, device, saved) {
        this.set = set;
        this.device = device;
        this.console = [];
        this.errors = [];
        this.sent = [];
        this.inNetwork = false;
        this.boxes = {};
        for (const {box: json} of patcher.boxes) {
            const kind = json.maxclass === "newobj" ? OBJECTS[json.text.split(" ")[0]] : CLASSES[json.maxclass];
            this.boxes[json.id] = new kind(this, json);
        }
        for (const {patchline: {source: [from, outlet], destination: [to, inlet]}} of patcher.lines) {
            this.boxes[from].cords[outlet].push({box: this.boxes[to], inlet});
        }
        for (const box of this.all()) {
            if (box.parameter && box.json.varname in saved) {
                box.value = saved[box.json.varname];
            }
        }
        this.script = this.all().find((box) => box instanceof Script);
        this.script.load(source);
    }

    all() {
        return Object.values(this.boxes);
    }

    begin() {
        this.script.script.liveIsThere = true;
        this.all().find((box) => box.json.text === "live.thisdevice").out(0, ["bang"]);
    }

    network(work) {
        this.inNetwork = true;
        try {
            work();
        } catch (error) {
            this.errors.push(error.stack || String(error));
        } finally {
            this.inNetwork = false;
        }
    }

    named(varname) {
        const found = this.all().find((box) => box.json.varname === varname);
        if (!found) {
            throw new Error(`no control ${varname}`);
        }
        return found;
    }

    shown() {
        const route = this.all().find((box) => box instanceof Route);
        const face = {};
        route.words.slice(1).forEach((name, outlet) => {
            const {box} = route.cords[outlet][0];
            const {value, active, colour, items, label} = box;
            face[name] = {value, active, colour, items, label};
        });
        face.player = {value: this.all().find((box) => box instanceof Player).value};
        return face;
    }

    saved() {
        const kept = this.all().filter((box) => box.parameter && box.json.mode !== 0);
        return Object.fromEntries(kept.map((box) => [box.json.varname, box.value]));
    }

    close() {
        this.all().forEach((box) => box.close());
    }
}

module.exports = {Patch};
