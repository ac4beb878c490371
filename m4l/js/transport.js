// What the set plays: tempo, signature, scale and position, observed in Live and told to the daemon.

var Transport = (function () {
    var POSITION = 50;
    var NOTES = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];
    var MODES = ["major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "locrian"];

    var seen = {tempo: 120, signature_numerator: 4, signature_denominator: 4, is_playing: 0,
        root_note: 0, scale_name: "Major", scale_mode: 0};
    var observers = [];
    var song = null;
    var lastBeat = null;
    var lastKey = "";

    function start() {
        song = new LiveAPI("live_set");
        observe("tempo", tellTempo);
        observe("signature_numerator", tellSignature);
        observe("signature_denominator", tellSignature);
        observe("is_playing", tellPlaying);
        if (Version.atLeast(12, 0, 0)) {
            observe("root_note", tellKey);
            observe("scale_name", tellKey);
            observe("scale_mode", tellKey);
        }
        Later.every(tellBeat, POSITION);
    }

    // An observer may read and send, never change the set.
    function observe(property, tell) {
        var observer = new LiveAPI(function (words) {
            if (words[0] === property) {
                seen[property] = words[1];
                tell();
            }
        }, "live_set");
        observer.property = property;
        observers.push(observer);
    }

    function tellTempo() {
        Daemon.send("/transport/tempo", [seen.tempo]);
    }

    function tellSignature() {
        Daemon.send("/transport/signature", [seen.signature_numerator, seen.signature_denominator]);
    }

    function tellPlaying() {
        Daemon.send("/transport/playing", [seen.is_playing]);
    }

    // A set without a scale leaves the daemon's key alone, unless it was this device that set it.
    function tellKey() {
        var now = key();
        if (now !== lastKey) {
            lastKey = now;
            Daemon.send("/set/key", [now]);
        }
    }

    function tellBeat() {
        var beat = Number(song.get("current_song_time"));
        if (beat !== lastBeat) {
            lastBeat = beat;
            Daemon.send("/transport/beat", [beat]);
        }
    }

    function tellAll() {
        tellTempo();
        tellSignature();
        tellPlaying();
        lastKey = "";
        tellKey();
        lastBeat = null;
    }

    // Live's scales that the daemon has no name for become major or minor by their third.
    function key() {
        if (!Number(seen.scale_mode)) {
            return "";
        }
        var name = String(seen.scale_name).toLowerCase();
        var mode = MODES.indexOf(name) >= 0 ? name : thirdOf();
        return mode ? NOTES[Number(seen.root_note)] + " " + mode : "";
    }

    function thirdOf() {
        var steps = song.get("scale_intervals") || [];
        if (steps.indexOf(4) >= 0) {
            return "major";
        }
        return steps.indexOf(3) >= 0 ? "minor" : "";
    }

    // Returns the beat that the playhead stands at; while the set plays, the next bar line, counted in the set's bars.
    function playhead() {
        var beat = Number(song.get("current_song_time"));
        return Number(song.get("is_playing")) ? Math.ceil(beat / beats(1) - 0.001) * beats(1) : beat;
    }

    function beats(bars) {
        return bars * seen.signature_numerator * 4 / seen.signature_denominator;
    }

    function tempo() {
        return seen.tempo;
    }

    function signature() {
        return seen.signature_numerator + "/" + seen.signature_denominator;
    }

    return {
        start: start, tellAll: tellAll, key: key, playhead: playhead, beats: beats, tempo: tempo, signature: signature
    };
}());

var Version = (function () {
    function parts() {
        var live = new LiveAPI("live_app");
        return [live.call("get_major_version"), live.call("get_minor_version"), live.call("get_bugfix_version")].map(Number);
    }

    function atLeast(major, minor, bugfix) {
        var here = parts();
        var wanted = [major, minor, bugfix];
        for (var i = 0; i < 3; i += 1) {
            if (here[i] !== wanted[i]) {
                return here[i] > wanted[i];
            }
        }
        return true;
    }

    function words() {
        return "Live " + parts().join(".");
    }

    return {atLeast: atLeast, words: words};
}());
