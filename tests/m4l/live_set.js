// A Live set as the Live Object Model shows it: tracks, slots, clips, and the rules by which Live refuses.
"use strict";

const fs = require("fs");
const path = require("path");

const WRITABLE = {
    Clip: ["name", "color", "warping", "looping", "loop_start", "loop_end", "start_marker", "end_marker"],
};

class Thing {
    constructor(set, type, place, parent, values) {
        this.set = set;
        this.id = set.things.length + 1;
        this.type = type;
        this.place = place;
        this.parent = parent;
        this.values = values;
        this.lists = {};
        this.one = {};
        set.things.push(this);
    }
}

class LiveSet {
    constructor(options) {
        this.version = options.version || [12, 1, 5];
        this.refusesQuietly = Boolean(options.refusesQuietly);
        this.guess = options.guess || 1;
        this.haste = options.haste || 1;
        this.clipDelay = options.clipDelay === undefined ? 30 : options.clipDelay;
        this.things = [];
        this.console = [];
        this.observers = [];
        this.notifying = 0;
        this.app = new Thing(this, "Application", "live_app", null, {});
        this.song = new Thing(this, "Song", "live_set", null, {
            tempo: 120, signature_numerator: 4, signature_denominator: 4, is_playing: 0, current_song_time: 0,
            root_note: 0, scale_name: "Major", scale_mode: 0, scale_intervals: [0, 2, 4, 5, 7, 9, 11],
        });
        this.view = new Thing(this, "Song.View", "live_set view", this.song, {});
        this.song.one.view = this.view;
        this.song.lists.tracks = [];
        this.song.lists.return_tracks = [];
        this.scenes = 0;
        (options.tracks || [{name: "Audio"}]).forEach((track) => this.addTrack(track, "tracks"));
        (options.returns || []).forEach((track) => this.addTrack(track, "return_tracks"));
        for (let scene = 0; scene < (options.scenes || 4); scene += 1) {
            this.addScene();
        }
    }

    addTrack(values, list) {
        const known = {name: "Audio", has_audio_input: 1, is_foldable: 0, is_frozen: 0, ...values};
        const place = `live_set ${list} ${this.song.lists[list].length}`;
        const track = new Thing(this, "Track", place, this.song, known);
        track.lists.clip_slots = [];
        track.lists.arrangement_clips = [];
        this.song.lists[list].push(track);
    }

    addScene() {
        for (const track of this.song.lists.tracks) {
            const slots = track.lists.clip_slots;
            slots.push(new Thing(this, "ClipSlot", `${track.place} clip_slots ${slots.length}`, track, {has_clip: 0}));
        }
        this.scenes += 1;
    }

    chain(track) {
        const rack = new Thing(this, "RackDevice", `${track.place} devices 0`, track, {name: "Rack"});
        return new Thing(this, "Chain", `${rack.place} chains 0`, rack, {name: "Chain"});
    }

    find(where, device) {
        const words = where.split(" ");
        let thing;
        if (words[0] === "id") {
            return this.things[Number(words[1]) - 1] || null;
        } else if (words[0] === "this_device") {
            thing = device;
        } else {
            thing = {live_set: this.song, live_app: this.app}[words[0]];
        }
        for (let i = 1; thing && i < words.length; i += 1) {
            if (words[i] === "canonical_parent") {
                thing = thing.parent;
            } else if (thing.lists[words[i]]) {
                thing = thing.lists[words[i]][Number(words[i += 1])];
            } else {
                thing = thing.one[words[i]] || null;
            }
        }
        return thing || null;
    }

    read(thing, name) {
        if (thing.lists[name]) {
            return thing.lists[name].flatMap((child) => ["id", child.id]);
        }
        if (name === "canonical_parent") {
            return ["id", thing.parent ? thing.parent.id : 0];
        }
        if (thing.type === "ClipSlot" && name === "clip") {
            return ["id", thing.one.clip ? thing.one.clip.id : 0];
        }
        if (thing.type === "Clip" && name === "length") {
            const {looping, loop_start, loop_end, start_marker, end_marker} = thing.values;
            return [looping ? loop_end - loop_start : end_marker - start_marker];
        }
        if (!(name in thing.values)) {
            throw new Error(`${thing.type} has no property ${name}`);
        }
        const value = thing.values[name];
        return Array.isArray(value) ? value.slice() : [value];
    }

    write(thing, name, value) {
        if (!(WRITABLE[thing.type] || []).includes(name)) {
            throw new Error(`${thing.type}.${name} cannot be set`);
        }
        if (typeof value !== typeof thing.values[name]) {
            throw new Error(`${thing.type}.${name} cannot be ${typeof value} ${value}`);
        }
        if (name === "warping" && value && !thing.values.warping) {
            const beats = thing.seconds * this.song.values.tempo / 60 * this.guess;
            Object.assign(thing.values, {start_marker: 0, end_marker: beats, loop_start: 0, loop_end: beats});
        }
        if (name === "loop_end" && value <= thing.values.loop_start) {
            throw new Error("loop_end must lie behind loop_start");
        }
        thing.values[name] = value;
    }

    call(thing, name, args) {
        const numbers = {get_major_version: 0, get_minor_version: 1, get_bugfix_version: 2};
        if (thing === this.app && name in numbers) {
            return this.version[numbers[name]];
        }
        if (thing === this.song && name === "create_scene") {
            return this.addScene();
        }
        if (name === "create_audio_clip" && (thing.type === "ClipSlot" || thing.type === "Track")) {
            return this.createClip(thing, args);
        }
        throw new Error(`${thing.type} has no function ${name}`);
    }

    createClip(thing, args) {
        const reason = this.whyNot(thing, args);
        if (reason && this.refusesQuietly) {
            this.console.push(`create_audio_clip: ${reason}`);
            return 0;
        }
        if (reason) {
            throw new Error(reason);
        }
        const seconds = wavSeconds(args[0]);
        const clip = new Thing(this, "Clip", `${thing.place} clip`, thing, {
            name: path.basename(args[0]), color: 0, warping: 0, looping: 0,
            loop_start: 0, loop_end: seconds, start_marker: 0, end_marker: seconds,
        });
        clip.seconds = seconds;
        clip.file = args[0];
        const arrive = () => {
            if (thing.type === "ClipSlot") {
                thing.values.has_clip = 1;
                thing.one.clip = clip;
            } else {
                this.cover(thing, args[1], args[1] + clip.seconds * this.song.values.tempo / 60);
                clip.values.start_time = args[1];
                clip.values.end_time = args[1] + clip.seconds * this.song.values.tempo / 60;
                thing.lists.arrangement_clips.push(clip);
            }
        };
        this.clipDelay ? setTimeout(arrive, this.clipDelay) : arrive();
        return ["id", clip.id];
    }

    // What lies under a new clip of the arrangement is lost.
    cover(track, start, end) {
        const under = ({values}) => values.start_time < end - 1e-6 && values.end_time > start + 1e-6;
        track.lists.arrangement_clips = track.lists.arrangement_clips.filter((clip) => !under(clip));
    }

    whyNot(thing, args) {
        const track = thing.type === "Track" ? thing : thing.parent;
        const [major, minor, bugfix] = this.version;
        if (major < 12 || (major === 12 && minor === 0 && bugfix < 5)) {
            return "create_audio_clip is not available";
        }
        if (thing.type === "ClipSlot" && thing.values.has_clip) {
            return "the slot is not empty";
        }
        if (!track.values.has_audio_input || track.values.is_foldable) {
            return "the track is not an audio track";
        }
        if (track.values.is_frozen) {
            return "the track is frozen";
        }
        if (typeof args[0] !== "string" || !path.isAbsolute(args[0]) || !fs.existsSync(args[0])) {
            return `no audio file: ${args[0]}`;
        }
        if (thing.type === "Track" && !(args[1] >= 0 && args[1] <= 1576800)) {
            return "the position is outside the arrangement";
        }
        return "";
    }

    // The user's hand, or Live's clock.
    change(name, value) {
        this.song.values[name] = value;
        for (const observer of this.observers) {
            if (observer.thing === this.song && observer.property === name) {
                this.notify(observer);
            }
        }
    }

    notify(observer) {
        this.notifying += 1;
        try {
            observer.tell([observer.property, ...this.read(observer.thing, observer.property)]);
        } finally {
            this.notifying -= 1;
        }
    }

    clips() {
        return this.things.filter((thing) => thing.type === "Clip").map((clip) => ({
            ...clip.values, length: this.read(clip, "length")[0], place: clip.place, file: clip.file,
        }));
    }
}

function wavSeconds(file) {
    const bytes = fs.readFileSync(file);
    let rate = 0;
    for (let at = 12; at + 8 <= bytes.length; at += 8 + bytes.readUInt32LE(at + 4) + (bytes.readUInt32LE(at + 4) % 2)) {
        const tag = bytes.toString("latin1", at, at + 4);
        if (tag === "fmt ") {
            rate = bytes.readUInt32LE(at + 16);
        } else if (tag === "data") {
            return bytes.readUInt32LE(at + 4) / rate;
        }
    }
    throw new Error(`${file} has no audio`);
}

module.exports = {LiveSet};
