// A finished stem becomes a clip: where it goes, why it cannot, and what Live made of it.
// Everything here runs from a Task, never from a message of the network or from an observer.

var Importing = (function () {
    var INTO = {EMPTY: 0, SELECTED: 1, ARRANGEMENT: 2, FOLDER: 3};
    var COLOURS = {A: 0xFF9A4D, B: 0x4DB8FF, C: 0x8CD867, D: 0xD08CFF};
    var LOOKS = 10;
    var LOOK_AGAIN = 200;
    var LAST_BEAT = 1576800;

    var waiting = [];
    var busy = false;

    // into: one of INTO.
    function place(take, into) {
        waiting.push({take: take, into: into});
        Later.run(next, 0);
    }

    function next() {
        if (busy || !waiting.length) {
            return;
        }
        busy = true;
        var first = waiting.shift();
        try {
            begin(first.take, first.into);
        } catch (error) {
            give(first.take, String(error.message || error));
        }
    }

    function ended(words, isProblem) {
        busy = false;
        if (isProblem) {
            Show.problem(words);
        } else {
            Show.note(words);
        }
        Later.run(next, 0);
    }

    function give(take, reason) {
        ended(reason + "; " + lastPart(take.path) + " is in the drop folder", true);
    }

    function begin(take, into) {
        if (into === INTO.FOLDER) {
            ended(Takes.named(take) + ": " + lastPart(take.path), false);
        } else if (!Version.atLeast(12, 0, 5)) {
            give(take, Version.words() + " cannot be handed a clip (12.0.5 can); drag it from the browser");
        } else if (into === INTO.ARRANGEMENT) {
            intoArrangement(take, ownTrack());
        } else if (into === INTO.SELECTED) {
            intoSlot(take, selectedSlot());
        } else {
            intoSlot(take, emptySlot(ownTrack()));
        }
    }

    // -- finding the place ------------------------------------------------------------------------------------------

    function byId(id) {
        return new LiveAPI("id " + id);
    }

    // Live answers lists of objects as "id", 4, "id", 5.
    function ids(object, child) {
        return object.get(child).filter(function (word) {
            return word !== "id";
        }).map(Number);
    }

    function number(object, property) {
        return Number(object.get(property));
    }

    function parent(object) {
        return byId(ids(object, "canonical_parent")[0]);
    }

    // In a rack the device's parent is a chain, and the track is further up.
    function ownTrack() {
        var object = new LiveAPI("this_device canonical_parent");
        for (var level = 0; object.type !== "Track" && level < 20; level += 1) {
            object = parent(object);
        }
        return checked(object);
    }

    function checked(track) {
        var name = nameOf(track);
        if (ids(new LiveAPI("live_set"), "tracks").indexOf(Number(track.id)) < 0) {
            throw new Error(name + " is a return or the main track, which has no clips; move the device to an audio track");
        }
        if (number(track, "is_foldable")) {
            throw new Error(name + " is a group; choose an audio track");
        }
        if (!number(track, "has_audio_input")) {
            throw new Error(name + " is a MIDI track; choose an audio track");
        }
        if (number(track, "is_frozen")) {
            throw new Error(name + " is frozen; unfreeze it and press put");
        }
        return track;
    }

    function nameOf(object) {
        return "\"" + String(object.get("name")) + "\"";
    }

    function emptySlot(track) {
        var slots = ids(track, "clip_slots");
        for (var i = 0; i < slots.length; i += 1) {
            var slot = byId(slots[i]);
            if (!number(slot, "has_clip")) {
                return slot;
            }
        }
        new LiveAPI("live_set").call("create_scene", -1);
        return byId(ids(track, "clip_slots")[slots.length]);
    }

    function selectedSlot() {
        var slot = new LiveAPI("live_set view highlighted_clip_slot");
        if (!Number(slot.id)) {
            throw new Error("no slot is selected; click one in the Session view and press put");
        }
        checked(parent(slot));
        if (number(slot, "has_clip")) {
            throw new Error(slotName(slot) + " has a clip already; select an empty slot and press put");
        }
        return slot;
    }

    function slotName(slot) {
        var track = parent(slot);
        return "slot " + (ids(track, "clip_slots").indexOf(Number(slot.id)) + 1) + " of " + nameOf(track);
    }

    // -- making the clip --------------------------------------------------------------------------------------------
    // Live may refuse with a line in the Max window instead of an error: what counts is whether the clip is there.

    function intoSlot(take, slot) {
        slot.call("create_audio_clip", take.path);
        waitFor(take, slotName(slot), LOOKS, function () {
            return number(slot, "has_clip") ? byId(ids(slot, "clip")[0]) : null;
        });
    }

    function intoArrangement(take, track) {
        var beat = number(new LiveAPI("live_set"), "current_song_time");
        if (beat > LAST_BEAT) {
            throw new Error("beat " + plain(beat) + " is beyond the arrangement's end at " + LAST_BEAT);
        }
        var before = ids(track, "arrangement_clips");
        track.call("create_audio_clip", take.path, beat);
        waitFor(take, "beat " + plain(beat) + " of " + nameOf(track), LOOKS, function () {
            var fresh = ids(track, "arrangement_clips").filter(function (id) {
                return before.indexOf(id) < 0;
            });
            return fresh.length ? byId(fresh[0]) : null;
        });
    }

    function waitFor(take, where, looks, find) {
        var clip = find();
        if (clip) {
            dress(take, where, clip);
        } else if (looks > 0) {
            Later.run(function () {
                try {
                    waitFor(take, where, looks - 1, find);
                } catch (error) {
                    give(take, String(error.message || error));
                }
            }, LOOK_AGAIN);
        } else {
            give(take, "Live made no clip in " + where);
        }
    }

    // Warp and loop follow the user's preferences, so they are set. The order matters: unwarped, lengths are seconds.
    function dress(take, where, clip) {
        var request = take.request;
        var letter = request.takes > 1 ? " " + take.letter : "";
        clip.set("name", request.prompt + letter + (take.draft ? " final" : ""));
        clip.set("color", COLOURS[take.letter] || COLOURS.A);
        clip.set("warping", 1);
        var warped = number(clip, "end_marker");
        clip.set("looping", request.loop);
        clip.set("loop_end", request.beats);
        var length = number(clip, "length");
        var words = Takes.named(take) + " in " + where + ": " + plain(length) + " beats";
        if (Math.abs(length - request.beats) > 0.01) {
            ended(words + " instead of " + plain(request.beats) + "; set its loop by hand", true);
        } else if (Math.abs(warped - request.beats) > 0.02 * request.beats) {
            ended(words + "; Live guessed its tempo: set Seg. BPM to " + plain(request.tempo), true);
        } else {
            ended(words, false);
        }
    }

    return {INTO: INTO, place: place};
}());
