"""The apps as the surfaces' scripts see them, played by the interpreters that they embed (Lua 5.1, JavaScript)."""

import json
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

Said = tuple[str, list[Any]]
Shown = dict[str, Any]

TOUCHOSC = r"""
-- A stand-in of TouchOSC's scripting API: controls by name, values, tags, colours, sendOSC, getMillis.
local controls, now, sent = {}, 0, {}
local function control(name, tag)
  controls[name] = { name = name, tag = tag, visible = true, values = { x = 0, text = '' } }
end
--CONTROLS--
self = { findByName = function(_, name, recursive)
  assert(recursive == true)
  return assert(controls[name], 'no control ' .. name)
end }
function getMillis() return now end
function Color(r, g, b, a) return { r = r, g = g, b = b, a = a } end
function sendOSC(path, ...)
  local words = { path }
  for _, value in ipairs({ ... }) do
    if type(value) ~= 'table' then words[#words + 1] = tostring(value) end
  end
  sent[#sent + 1] = table.concat(words, ' ')
end
-- Only what TouchOSC has of Lua's library.
require, dofile, loadfile, io_write, io, os, coroutine, debug, pcall = nil, nil, nil, io.write, nil, nil, nil, nil, nil
--SCRIPT--
init()
local function quote(text) return '"' .. text:gsub('[\\"]', '\\%0'):gsub('\n', '\\n') .. '"' end
local function say(path, arguments, wait)
  now = now + (wait or 0)
  local message = { path, {} }
  for _, value in ipairs(arguments) do
    message[2][#message[2] + 1] = { value = value, tag = type(value) == 'string' and 's' or 'f' }
  end
  local stops = onReceiveOSC(message, { true })
  update()
  return stops
end
--SAYINGS--
io_write('{')
for name, c in pairs(controls) do
  local lit = c.color and c.color.r or -1
  io_write(quote(name), ':{"text":', quote(c.values.text), ',"x":', string.format('%.4f', c.values.x), ',"memo":',
    quote(c.tag), ',"red":', string.format('%.4f', lit), ',"visible":', tostring(c.visible), '},')
end
io_write('"sent":', quote(table.concat(sent, '|')), '}')
"""

STAGE = r"""
'use strict'
// A stand-in of Open Stage Control's scripting functions.
var state = {}, globals = {}, now = 1e6, sent = []
Date.now = function () { return now }
function send() { sent.push(Array.prototype.join.call(arguments, ' ')) }
function at(id) { return state[id] || (state[id] = {value: '', vars: {}}) }
function set(id, value, options) {
    if (options.send !== false) throw 'an answer must not be sent back'
    at(id).value = value
}
function setVar(id, name, value) { at(id).vars[name] = value }
function run(code) { new Function('globals', '"use strict";' + code)(globals) }
run(CODE)
SAYINGS.forEach(function (said) {
    if (said[0] === 'beat') {
        now += said[1][0]
        globals.beat(set, send)
    } else if (HEARD.indexOf(said[0]) >= 0) {
        globals.hear(said[0], said[1].length === 1 ? said[1][0] : said[1], set, setVar)
    }
})
if (sent.length) state.sent = {value: sent.join('|'), vars: {}}
process.stdout.write(JSON.stringify(state))
"""


def touchosc_shows(script: str, controls: Iterable[tuple[str, str]], sayings: Sequence[Said], wait: int) -> Shown:
    """Return every control, its text, value, tag and colour, after what was said.

    controls: names and tags. wait: milliseconds between two sayings.
    """
    made = "\n".join(f"control({_lua(name)}, {_lua(tag)})" for name, tag in controls)
    told = "\n".join(f"say({_lua(path)}, {{ {', '.join(map(_lua, values))} }}, {wait})" for path, values in sayings)
    program = TOUCHOSC.replace("--CONTROLS--", made).replace("--SCRIPT--", script).replace("--SAYINGS--", told)
    return _run([_found("lua5.1", "lua5.1"), "-"], program)


def stage_shows(script: str, heard: Sequence[str], sayings: Sequence[Said]) -> Shown:
    """Return every widget that was set, and its variables, after what was said; "sent" is what was sent by itself.

    heard: the addresses that the session has a widget for. "beat" in sayings: it comes so many milliseconds later.
    """
    head = f"var CODE = {json.dumps(script)}, HEARD = {json.dumps(heard)}\n"
    return _run([_found("node", "nodejs"), "-"], f"{head}var SAYINGS = {json.dumps(sayings)}\n{STAGE}")


def _found(program: str, package: str) -> str:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not here; apt-get install {package}")
    return path


def _run(command: list[str], program: str) -> Shown:
    run = subprocess.run(command, input=program.encode(), capture_output=True, timeout=20, check=False)
    assert run.returncode == 0, run.stderr.decode()
    shown: Shown = json.loads(run.stdout)
    return shown


def _lua(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, bool) else str(value).lower()


def lit(touch, stage, row):
    """Return which pads of a row are lit, on both surfaces alike."""
    pads = [f"{row}{n}" for n in range(1, 7)]
    reds = {pad: touch[pad]["red"] for pad in pads}
    bright = [pad for pad in pads if reds[pad] > 1.5 * min(reds.values())]
    assert bright == [pad for pad in pads if stage[pad]["vars"]["lit"] == 0.9]
    return bright
