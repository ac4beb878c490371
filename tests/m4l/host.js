// Plays Live: reads orders as lines of JSON from standard input, answers each with a line.
// Usage: node host.js patcher.json script.js
"use strict";

const fs = require("fs");
const readline = require("readline");
const vm = require("vm");
const {LiveSet} = require("./live_set");
const {Patch} = require("./max_patch");

const patcher = JSON.parse(fs.readFileSync(process.argv[2], "utf8")).patcher;
const script = fs.readFileSync(process.argv[3], "utf8");
const devices = {};
let set = null;

const ORDERS = {
    set: (options) => {
        set = new LiveSet(options);
    },
    load: ({name, track = 0, list = "tracks", rack = false, saved = {}, source = script}) => {
        const place = set.song.lists[list][track];
        const parent = rack ? set.chain(place) : place;
        devices[name] = new Patch(patcher, source, set, {parent, lists: {}, one: {}}, saved);
    },
    begin: ({name}) => devices[name].begin(),
    unload: ({name}) => {
        devices[name].close();
        delete devices[name];
    },
    press: ({name, control}) => devices[name].named(control).press(),
    turn: ({name, control, to}) => devices[name].named(control).turn(to),
    pick: ({name, menu, item}) => devices[name].named(menu).turn(item),
    write: ({name, control, text}) => {
        devices[name].named(control).value = text;
    },
    run: ({name, code}) => {
        const {script: running} = devices[name].script;
        running.guard(() => vm.runInContext(code, running.context));
    },
    functions: ({name}) => {
        const {context} = devices[name].script.script;
        const given = ["outlet", "post", "arrayfromargs", "Task", "LiveAPI"];
        return Object.keys(context).filter((key) => {
            return typeof context[key] === "function" && !context[key].local && !given.includes(key);
        });
    },
    look: ({name}) => {
        const device = devices[name];
        const {console, errors, sent} = device;
        return {face: device.shown(), saved: device.saved(), console: console.concat(set.console), errors, sent};
    },
    clips: () => set.clips(),
    song: ({property, to}) => set.change(property, to),
    track: ({track, property, to}) => {
        set.song.lists.tracks[track].values[property] = to;
    },
    highlight: ({track, slot}) => {
        set.view.one.highlighted_clip_slot = set.song.lists.tracks[track].lists.clip_slots[slot];
    },
    fill: ({track, slot}) => {
        set.song.lists.tracks[track].lists.clip_slots[slot].values.has_clip = 1;
    },
    scenes: () => set.scenes,
    rest: ({milliseconds}) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

readline.createInterface({input: process.stdin}).on("line", async (line) => {
    const {order, ...rest} = JSON.parse(line);
    let answer;
    try {
        answer = {result: await ORDERS[order](rest)};
    } catch (error) {
        answer = {error: error.stack};
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
}).on("close", () => process.exit(0));
