// What the surface shows of the daemon's answers. `build.py` puts SURFACE (rows, models, choices, numbers) above this.
// Every answer comes to hear(); set, setVar and getVar are those of the widget that received it.

var takes = {}, rows = [], models = {}, currentModel = '', recording = 0

function clip(text, length) {
    return text.length > length ? text.slice(0, length - 1) + '~' : text
}

globals.hear = function (path, value, set, setVar, getVar) {
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
        var take = takes[id] = {id: id, letter: '', name: '', state: ''}
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

    function model(name, state) {
        for (var n = 1; n <= SURFACE.models && !models[name]; n++) {
            var held = getVar('model' + n, 'memo')
            if (held === name || !held) {
                models[name] = n
                setVar('model' + n, 'memo', name)
                setVar('model' + n, 'seen', true)
            }
        }
        if (models[name]) setVar('model' + models[name], 'text', clip(name, 20) + (state === 'warm' ? ' *' : ''))
        for (var known in models) light('model' + models[known], known === currentModel)
    }

    var answers = {
        '/take/queued': function (id, position, client, letter) {
            change(id, {letter: letter || '', state: position ? 'waits, ' + position + ' before it' : 'next'})
        },
        '/take/started': function (id) {
            change(id, {state: 'starts'})
            progress(0, 'take ' + id)
        },
        '/take/progress': function (id, fraction, eta) {
            var percent = Math.floor(fraction * 100) + ' %'
            change(id, {state: percent})
            progress(fraction, 'take ' + id + '   ' + percent + '   ' + Math.round(eta) + ' s left')
        },
        '/take/playing': function (id, latency) {
            show('link', 'take ' + id + ' heard after ' + latency.toFixed(2) + ' s')
        },
        '/take/done': function (id, seconds, speed) {
            change(id, {state: seconds.toFixed(1) + ' s  ' + speed.toFixed(1) + 'x'})
            progress(1, 'take ' + id + '   ' + seconds.toFixed(1) + ' s at ' + speed.toFixed(1) + 'x')
        },
        '/take/cancelled': function (id) {
            change(id, {state: 'cancelled'})
            progress(0, 'take ' + id + ' cancelled')
        },
        '/take/failed': function (id, code, reason) {
            change(id, {state: 'failed'})
            progress(0, 'take ' + id + ' failed')
            show('error', clip('take ' + id + ': ' + reason, 220))
        },
        '/stem/saved': function (id, file) {
            change(id, {name: named(file)})
        },
        '/takes/reply': function (id, state, letter, model, prompt, file) {
            var take = remember(id)
            change(id, {
                letter: letter === 'A' ? take.letter : letter, name: file ? named(file) : clip(prompt, 22),
                state: take.state || state
            })
        },
        '/jam/started': jam,
        '/jam/stopped': function () { jam(0) },
        '/jam/kept': function (id, seconds) {
            show('jam_state', 'take ' + id + ' keeps its last ' + seconds.toFixed(1) + ' s')
        },
        '/status/reply': function () {
            for (var n = 0; n < values.length; n += 2) if (values[n] === 'jam') jam(values[n + 1])
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
        '/state/model': function (name) {
            currentModel = name
            model(name, '')
        },
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
