// What the surface shows of the daemon's answers. `build.py` puts SURFACE (rows, models, choices, numbers, port) above this.
// Every answer comes to hear(); set and setVar are those of the widget that received it. beat() is called every two seconds.

var takes = {}, rows = [], models = [], warm = {}, chosen = {model: '', final: ''}, recording = 0

var heardAt = -Infinity, linked = false

// What is heard cannot be answered, so the beat asks.
globals.beat = function (set, send) {
    var silent = Date.now() - heardAt
    if (linked && silent > 12000) {
        linked = false
        set('link', 'the daemon does not answer', {send: false})
    } else if (!linked && silent < 6000) {
        linked = true
        set('link', 'connected', {send: false})
        send('/state')
        send('/models')
        send('/takes', SURFACE.rows)
        send('/status')
    }
    send('/subscribe', SURFACE.port)
    send('/ping', 1)
}

function clip(text, length) {
    return text.length > length ? text.slice(0, length - 1) + '~' : text
}

globals.hear = function (path, value, set, setVar) {
    var values = Array.isArray(value) ? value : [value]
    var quiet = {send: false}

    function show(id, text) { set(id, text, quiet) }

    function showRow(n) {
        var take = takes[rows[n - 1]]
        show('take' + n, take ? take.id + take.letter + '  ' + take.name + '\n' + take.state : '')
        for (var action of ['play', 'more', 'again', 'stop']) setVar(action + n, 'memo', take ? take.id : 0)
    }

    // The newest take has the highest number, whenever it is heard of.
    function remember(id) {
        if (takes[id]) return takes[id]
        var take = takes[id] = {id: id, letter: '', name: '', state: '', draft: 0}
        rows.push(id)
        rows.sort(function (a, b) { return b - a })
        while (rows.length > SURFACE.rows) delete takes[rows.pop()]
        for (var n = 1; n <= rows.length; n++) showRow(n)
        return take
    }

    function change(id, what) {
        Object.assign(remember(id), what)
        if (takes[id]) showRow(rows.indexOf(id) + 1)
    }

    // What a draft's row says is how far its final is.
    function tellDraft(take) {
        if (takes[take.draft]) change(take.draft, {state: 'final ' + take.id + ': ' + take.gist})
    }

    // gist: the state in a word, where there is less room.
    function say(id, state, gist) {
        var take = remember(id)
        change(id, {state: state, gist: gist || state})
        tellDraft(take)
    }

    // Made, but not in the drop folder as far as was heard.
    function isLanding(take) { return take.state === 'done' || take.state === 'held' }

    // One take makes another, its draft, once more.
    function finalOf(number, id) {
        var take = remember(id), draft = takes[number] || take
        var letter = take.letter || draft.letter
        change(id, {draft: number, name: 'final of ' + number, letter: letter, gist: take.gist || 'waits'})
        tellDraft(take)
    }

    function named(file) { return clip(file.replace(/^.*[\/\\]/, '').replace(/\.\w+$/, ''), 22) }

    // A sound that the next takes may follow.
    function offer(name, seconds) {
        show('input', clip(name, 30) + '  ' + seconds.toFixed(1) + ' s')
        setVar('melody', 'memo', name)
        setVar('style', 'memo', name)
    }

    function jam(id) { show('jam_state', id ? 'jam ' + id + ' plays' : '') }

    function record(text, level) {
        show('record_state', text)
        show('record_level', level === undefined ? -60 : Math.max(-60, level))
    }

    function progress(fraction, text) {
        show('progress', fraction)
        show('progress_text', text)
    }

    function light(id, on) { setVar(id, 'lit', on ? 0.9 : 0.2) }

    // The names on a row of pads: the first that were told of, and always the one that is chosen.
    function offered(choice) {
        var names = models.slice(0, SURFACE.models)
        if (choice && names.indexOf(choice) < 0) names[Math.min(names.length, SURFACE.models - 1)] = choice
        return names
    }

    // Models differ at their ends.
    function brief(name) { return name.length > 19 ? name.slice(0, 10) + '~' + name.slice(-8) : name }

    function showModels() {
        for (var row in chosen) {
            var names = offered(chosen[row])
            for (var n = 1; n <= SURFACE.models; n++) {
                var id = row + n, name = names[n - 1] || ''
                setVar(id, 'memo', name)
                setVar(id, 'seen', name !== '')
                setVar(id, 'text', brief(name) + (warm[name] ? ' *' : ''))
                light(id, name !== '' && name === chosen[row])
            }
        }
    }

    function model(name, state) {
        if (models.indexOf(name) < 0) models.push(name)
        warm[name] = state === 'warm'
        showModels()
    }

    function choose(row, name) {
        chosen[row] = name
        showModels()
    }

    var answers = {
        '/pong': function () { heardAt = Date.now() },
        '/take/queued': function (id, position, client, letter) {
            change(id, {letter: letter || remember(id).letter})
            say(id, position ? 'waits, ' + position + ' before it' : 'next', 'waits')
        },
        '/take/started': function (id) {
            say(id, 'starts')
            progress(0, 'take ' + id)
        },
        '/take/progress': function (id, fraction, eta) {
            var percent = Math.floor(fraction * 100) + ' %'
            say(id, percent)
            progress(fraction, 'take ' + id + '   ' + percent + '   ' + Math.round(eta) + ' s left')
        },
        '/take/playing': function (id, latency) {
            show('link', 'take ' + id + ' heard after ' + latency.toFixed(2) + ' s')
        },
        '/take/done': function (id, seconds, speed) {
            say(id, seconds.toFixed(1) + ' s  ' + speed.toFixed(1) + 'x', 'done')
            progress(1, 'take ' + id + '   ' + seconds.toFixed(1) + ' s at ' + speed.toFixed(1) + 'x')
        },
        '/take/cancelled': function (id) {
            say(id, 'cancelled')
            progress(0, 'take ' + id + ' cancelled')
        },
        '/take/failed': function (id, code, reason) {
            say(id, 'failed')
            progress(0, 'take ' + id + ' failed')
            show('error', clip('take ' + id + ': ' + reason, 220))
        },
        '/take/final': finalOf,
        '/stem/saved': function (id, file) {
            var take = remember(id)
            change(id, {name: take.draft ? take.name : named(file)})
            if (isLanding(take)) say(id, 'saved')
        },
        '/takes/reply': function (id, state, letter, model, prompt, file, draft) {
            var take = remember(id)
            var isNews = !take.state || isLanding(take) || state === 'held'
            change(id, {
                letter: letter === 'A' ? take.letter : letter, name: file ? named(file) : clip(prompt, 22),
                state: isNews ? state : take.state, gist: isNews ? state : take.gist
            })
            if (draft) finalOf(draft, id)
        },
        '/jam/started': jam,
        '/jam/stopped': function () { jam(0) },
        '/jam/kept': function (id, seconds) {
            show('jam_state', 'take ' + id + ' keeps its last ' + seconds.toFixed(1) + ' s')
        },
        '/status/reply': function () {
            var told = {}
            for (var n = 0; n + 1 < values.length; n += 2) told[values[n]] = values[n + 1]
            if ('jam' in told) jam(told.jam)
            if (told.engine) show('engine', told.engine)
            if (told.engine_reason) show('error', clip('the engine is ' + told.engine + ': ' + told.engine_reason, 220))
        },
        '/state/morph/prompt': function (slot, text) { show('morph_prompt_' + slot, clip(text, 60)) },
        '/state/morph': function () {
            values.forEach(function (weight, slot) { show('morph_' + slot, weight) })
        },
        '/record/waiting': function (seconds) { record('begins in ' + seconds.toFixed(1) + ' s') },
        '/record/started': function (name, seconds) {
            recording = seconds
            record('records ' + seconds.toFixed(1) + ' s')
        },
        '/record/progress': function (seconds, level) {
            record(seconds.toFixed(1) + ' of ' + recording.toFixed(1) + ' s', level)
        },
        '/record/cancelled': function () { record('cancelled') },
        '/record/done': function (name, seconds) {
            record(seconds.toFixed(1) + ' s are there')
            offer(name, seconds)
        },
        '/input/landed': offer,
        '/monitor/level': function (left, right) {
            show('level_left', Math.max(-60, left))
            show('level_right', Math.max(-60, right))
        },
        '/models/reply': model,
        '/model/ready': function (name, seconds) {
            model(name, 'warm')
            show('link', name + ' is warm after ' + seconds.toFixed(1) + ' s')
        },
        '/model/unloaded': function (name) { model(name, 'installed') },
        '/state/model': function (name) { choose('model', name) },
        '/state/finish_with': function (name) { choose('final', name) },
        '/state/prompt': function (text) { show('prompt', text) },
        '/state/gain': function (gain) {
            show('gain', gain)
            show('gain_text', gain.toFixed(0) + ' dB')
        },
        '/error': function (address, reason) { show('error', clip(address + ': ' + reason, 220)) }
    }

    if (answers[path]) answers[path].apply(null, values)
    var setting = path.indexOf('/state/') === 0 ? path.slice(7) : ''
    for (var id in SURFACE.choices[setting] || {}) light(id, String(values[0]) === SURFACE.choices[setting][id])
    if (SURFACE.numbers.indexOf(setting) >= 0) {
        // "model" is a word: the fader stays where it is.
        if (typeof values[0] === 'number') show(setting, values[0])
        show(setting + '_text', typeof values[0] === 'number' ? String(+values[0].toPrecision(3)) : values[0])
    }
}
