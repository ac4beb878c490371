// A finished stem becomes a clip: where it goes, why it cannot, and what Live made of it.
// Everything here runs from a Task, never from a message of the network or from an observer.

var Importing = (function () {
    var INTO = {EMPTY: 0, SELECTED: 1, ARRANGEMENT: 2, FOLDER: 3};
    var COLOURS = {A: 0xFF9A4D, B: 0x4DB8FF, C: 0x8CD867, D: 0xD08CFF};
    var LOOKS = 10;
    var LOOK_AGAIN = 200;
    var LAST_BEAT = 1576800;
    var BESIDE = 0.001;

    var waiting = [];
    var busy = false;

    // Returns where Into points now. What is asked for goes there, whatever is selected or played when it is finished.
    // While the set plays, that is the next bar line of the arrangement: a clip beside the grid would be out of time.
    function aim() {
        var aimed = {into: Controls.get("into"), slot: 0, beat: 0};
        if (aimed.into === INTO.SELECTED) {
            aimed.slot = Number(new LiveAPI("live_set view highlighted_clip_slot").id);
        } else if (aimed.into === INTO.ARRANGEMENT) {
            aimed.beat = Transport.playhead();
        }
        return aimed;
    }

    // aimed: what aim() returned.
    function place(take, aimed) {
        waiting.push({take: take, aimed: aimed});
        Later.run(next, 0);
    }

    function next() {
        if (busy || !waiting.length) {
            return;
        }
        busy = true;
        var first = waiting.shift();
        try {
            begin(first.take, first.aimed);
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

    function begin(take, aimed) {
        if (aimed.into === INTO.FOLDER) {
            ended(Takes.named(take) + ": " + lastPart(take.path), false);
        } else if (!Version.atLeast(12, 0, 5)) {
            give(take, Version.words() + " cannot be handed a clip (12.0.5 can); drag it from the browser");
        } else if (aimed.into === INTO.ARRANGEMENT) {
            intoArrangement(take, freeFrom(ownTrack(), aimed.beat, take.request.beats), aimed.beat);
        } else if (aimed.into === INTO.SELECTED) {
            intoSlot(take, selectedSlot(aimed.slot));
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

    function selectedSlot(id) {
        var slot = byId(id);
        if (!Number(slot.id)) {
            throw new Error("no slot is selected; click one in the Session view and press put");
        }
        checked(parent(slot));
        if (number(slot, "has_clip")) {
            throw new Error(slotName(slot) + " has a clip already; select an empty slot and press put");
        }
        return slot;
    }

    // Live cuts away what a new clip of the arrangement covers, so it is not covered.
    function freeFrom(track, beat, beats) {
        if (beat > LAST_BEAT) {
            throw new Error("beat " + plain(beat) + " is beyond the arrangement's end at " + LAST_BEAT);
        }
        ids(track, "arrangement_clips").forEach(function (id) {
            var clip = byId(id);
            if (number(clip, "start_time") < beat + beats - BESIDE && number(clip, "end_time") > beat + BESIDE) {
                throw new Error(nameOf(track) + " has " + nameOf(clip) + " within " + plain(beats) + " beats from beat " +
                    plain(beat) + "; move the playhead and press put");
            }
        });
        return track;
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

    function intoArrangement(take, track, beat) {
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

    return {INTO: INTO, aim: aim, place: place};
}());
