"""What the surfaces' scripts show, run by the interpreters that the apps embed (Lua 5.1 and a JavaScript engine)."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from touchosc.stage import identifier

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
var state = {}, globals = {}
function at(id) { return state[id] || (state[id] = {value: '', vars: {}}) }
function set(id, value, options) {
    if (options.send !== false) throw 'an answer must not be sent back'
    at(id).value = value
}
function setVar(id, name, value) { at(id).vars[name] = value }
function run(code) { new Function('globals', code)(globals) }
run(CODE)
SAYINGS.forEach(function (said) { if (HEARD.indexOf(said[0]) >= 0)
    globals.hear(said[0], said[1].length === 1 ? said[1][0] : said[1], set, setVar) })
process.stdout.write(JSON.stringify(state))
"""


@pytest.fixture
def touch_shows(touch, tosc_root) -> Callable[..., Shown]:
    lua = shutil.which("lua5.1")
    if lua is None:
        pytest.skip("lua5.1 is not here; apt-get install lua5.1")
    properties = tosc_root.find("node").iterfind("properties/property")
    script = next(p.findtext("value") for p in properties if p.findtext("key") == "script")
    made = "\n".join(f"control({_lua(c.name)}, {_lua(c.memo)})" for c in touch.values())

    def show(*sayings: Said, wait: int = 1000) -> Shown:
        told = "\n".join(f"say({_lua(path)}, {{ {', '.join(map(_lua, values))} }}, {wait})" for path, values in sayings)
        program = TOUCHOSC.replace("--CONTROLS--", made).replace("--SCRIPT--", script).replace("--SAYINGS--", told)
        run = subprocess.run([lua, "-"], input=program.encode(), capture_output=True, timeout=20, check=False)
        assert run.returncode == 0, run.stderr.decode()
        return json.loads(run.stdout)

    return show


@pytest.fixture
def stage_shows(stage, stage_session) -> Callable[..., Shown]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not here; apt-get install nodejs")
    heard = [control.widget["address"] for control in stage.values() if control.widget["type"] == "variable"]

    def show(*sayings: Said) -> Shown:
        head = f"var CODE = {json.dumps(stage_session['content']['onPreload'])}, HEARD = {json.dumps(heard)}\n"
        program = f"{head}var SAYINGS = {json.dumps(sayings)}\n{STAGE}"
        run = subprocess.run([node, "-"], input=program.encode(), capture_output=True, timeout=20, check=False)
        assert run.returncode == 0, run.stderr.decode()
        return json.loads(run.stdout)

    return show


def _lua(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, bool) else str(value).lower()


ONE_TAKE: tuple[Said, ...] = (
    ("/take/queued", [7, 0]),
    ("/take/started", [7]),
    ("/take/progress", [7, 0.5, 3.0]),
)
FINISHED: tuple[Said, ...] = (
    *ONE_TAKE,
    ("/take/done", [7, 7.74, 2.31]),
    ("/stem/saved", [7, "/Users/a b/Music/Audiogen/rhodes loop_007.wav"]),
)


def test_a_take_appears_with_its_progress(touch_shows, stage_shows):
    touch, stage = touch_shows(*ONE_TAKE), stage_shows(*ONE_TAKE)
    assert touch["take1"]["text"] == stage["take1"]["value"] == "7  \n50 %"
    assert touch["progress"]["x"] == stage["progress"]["value"] == 0.5
    assert touch["progress text"]["text"] == stage["progress_text"]["value"] == "take 7   50 %   3 s left"


def test_a_finished_take_shows_its_stem_and_its_pads_name_it(touch_shows, stage_shows):
    touch, stage = touch_shows(*FINISHED), stage_shows(*FINISHED)
    assert touch["take1"]["text"] == stage["take1"]["value"] == "7  rhodes loop_007\n7.7 s  2.3x"
    for action in ("play1", "more1", "again1", "stop1"):
        assert touch[action]["memo"] == "7"
        assert stage[action]["vars"]["memo"] == 7
    assert touch["play2"]["memo"] == "0"


def test_the_list_keeps_the_last_eight_with_the_newest_first(touch_shows, stage_shows):
    said = [("/take/queued", [number, 1]) for number in range(1, 21)]
    touch, stage = touch_shows(*said), stage_shows(*said)
    assert [touch[f"again{n}"]["memo"] for n in range(1, 9)] == [str(number) for number in range(20, 12, -1)]
    assert [stage[f"again{n}"]["vars"]["memo"] for n in range(1, 9)] == list(range(20, 12, -1))


def test_a_tablet_that_joins_late_fills_its_list_in_the_order_of_the_takes(touch_shows, stage_shows):
    said = [
        ("/take/progress", [30, 0.5, 3.0]),
        *(("/takes/reply", [n, "saved", "A", "tone", "warm", f"/a/loop_{n}.wav"]) for n in range(20, 28)),
        ("/takes/reply", [28, "saved", "B", "tone", "warm", "/a/loop_28.wav"]),
        ("/takes/reply", [29, "queued", "C", "tone", "x" * 200, ""]),
        ("/takes/reply", [30, "started", "D", "tone", "warm", ""]),
        ("/takes/reply", [3, "saved", "A", "tone", "warm", "/a/old.wav"]),
    ]
    touch, stage = touch_shows(*said), stage_shows(*said)
    for n, text in ((1, "30D  warm\n50 %"), (2, f"29C  {'x' * 21}~\nqueued"), (3, "28B  loop_28\nsaved")):
        assert touch[f"take{n}"]["text"] == stage[f"take{n}"]["value"] == text
    assert [touch[f"play{n}"]["memo"] for n in range(1, 9)] == [str(n) for n in range(30, 22, -1)]
    assert [stage[f"play{n}"]["vars"]["memo"] for n in range(1, 9)] == list(range(30, 22, -1))


def test_variations_show_their_letters(touch_shows, stage_shows):
    said = [("/take/queued", [n, n - 5, "", letter]) for n, letter in ((5, "A"), (6, "B"))]
    touch, stage = touch_shows(*said), stage_shows(*said)
    assert touch["take1"]["text"] == stage["take1"]["value"] == "6B  \nwaits, 1 before it"
    assert touch["take2"]["text"] == stage["take2"]["value"] == "5A  \nnext"


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (("/jam/started", [12]), "jam 12 plays"),
        (("/status/reply", ["model", "jam", "jam", 12, "queued", 0]), "jam 12 plays"),
        (("/status/reply", ["engine", "ready", "jam", 0]), ""),
        (("/jam/kept", [13, 7.74]), "take 13 keeps its last 7.7 s"),
        (("/jam/stopped", [12]), ""),
    ],
)
def test_the_jam_is_told(touch_shows, stage_shows, said, text):
    before = ("/jam/started", [1])
    assert touch_shows(before, said)["jam state"]["text"] == stage_shows(before, said)["jam_state"]["value"] == text


def test_the_mixed_prompts_are_told(touch_shows, stage_shows):
    said = (("/state/morph/prompt", [2, "dark techno"]), ("/state/morph", [0, 0.25, 1, 0]))
    touch, stage = touch_shows(*said), stage_shows(*said)
    assert touch["morph prompt 2"]["text"] == stage["morph_prompt_2"]["value"] == "dark techno"
    assert [stage[f"morph_{slot}"]["value"] for slot in range(4)] == [0, 0.25, 1, 0]


def test_a_recording_is_told_and_offered(touch_shows, stage_shows):
    said = [("/record/waiting", [1.5]), ("/record/started", ["in_1.wav", 8.0]), ("/record/progress", [4.0, -12.0])]
    touch, stage = touch_shows(*said), stage_shows(*said)
    assert touch["record state"]["text"] == stage["record_state"]["value"] == "4.0 of 8.0 s"
    assert (touch["record level"]["x"], stage["record_level"]["value"]) == (0.8, -12)
    for end in (("/record/done", ["in_1.wav", 8.0, "/s/in/in_1.wav"]), ("/input/landed", ["in_1.wav", 8.0])):
        touch, stage = touch_shows(*said, end), stage_shows(*said, end)
        assert touch["input"]["text"] == stage["input"]["value"] == "in_1.wav  8.0 s"
        assert [touch[pad]["memo"] for pad in ("melody", "style")] == ["in_1.wav"] * 2
        assert [stage[pad]["vars"]["memo"] for pad in ("melody", "style")] == ["in_1.wav"] * 2
    touch, stage = touch_shows(*said, ("/record/cancelled", [])), stage_shows(*said, ("/record/cancelled", []))
    assert touch["record state"]["text"] == stage["record_state"]["value"] == "cancelled"


def test_failures_and_errors_are_told_in_words(touch_shows, stage_shows):
    said = (("/take/queued", [3, 0]), ("/take/failed", [3, "engine", "the engine exited with signal 9"]))
    touch, stage = touch_shows(*said), stage_shows(*said)
    assert touch["error"]["text"] == stage["error"]["value"] == "take 3: the engine exited with signal 9"
    said = (("/error", ["/set/tempo", '400 is outside 30 to 300 bpm; "quoted"']),)
    assert touch_shows(*said)["error"]["text"] == '/set/tempo: 400 is outside 30 to 300 bpm; "quoted"'


def test_a_cancelled_take_says_so(touch_shows, stage_shows):
    said = (*ONE_TAKE, ("/take/cancelled", [7]))
    touch, stage = touch_shows(*said), stage_shows(*said)
    assert touch["take1"]["text"] == stage["take1"]["value"] == "7  \ncancelled"
    assert touch["progress"]["x"] == stage["progress"]["value"] == 0


@pytest.mark.parametrize(
    ("setting", "value", "chosen"),
    [("bars", 4.0, "bars=4"), ("key", "F# minor", "key=F# minor"), ("key", "", "key="), ("loop", 1, "loop=1")],
)
def test_the_chosen_pad_of_a_setting_is_lit_and_no_other(touch_shows, stage_shows, touch, setting, value, chosen):
    shown = touch_shows((f"/state/{setting}", [value]))
    pads = [name for name, c in touch.items() if name.startswith(f"{setting}=") and c.kind == "BUTTON"]
    assert [name for name in pads if shown[name]["red"] == max(shown[pad]["red"] for pad in pads)] == [chosen]
    lit = [name for name, held in stage_shows((f"/state/{setting}", [value])).items() if held["vars"].get("lit") == 0.9]
    assert lit == [identifier(chosen)]


def test_a_number_is_shown_and_the_word_model_leaves_the_fader_alone(touch_shows, stage_shows):
    assert touch_shows(("/state/tempo", [124.0]))["tempo text"]["text"] == "124"
    assert touch_shows(("/state/temperature", ["model"]))["temperature text"]["text"] == "model"
    assert stage_shows(("/state/tempo", [124.0]))["tempo"]["value"] == 124
    stage = stage_shows(("/state/temperature", ["model"]))
    assert stage["temperature_text"]["value"] == "model"
    assert "temperature" not in stage


def test_models_fill_the_free_pads_and_show_which_are_warm(touch_shows, stage_shows):
    said = (
        ("/state/model", ["tone"]),
        ("/models/reply", ["starter", "installed"]),
        ("/models/reply", ["tone", "warm"]),
        ("/models/reply", ["musicgen-small", "installed"]),
    )
    touch, stage = touch_shows(*said), stage_shows(*said)
    assert [touch[f"model{n}"]["memo"] for n in (1, 2, 3, 4)] == ["starter", "tone", "musicgen-small", ""]
    assert touch["model2 text"]["text"] == "tone *"
    assert touch["model2"]["visible"]
    assert touch["model2"]["red"] > touch["model1"]["red"]
    assert [stage[f"model{n}"]["vars"]["memo"] for n in (1, 2, 3)] == ["starter", "tone", "musicgen-small"]
    assert stage["model2"]["vars"] == {"memo": "tone", "seen": True, "text": "tone *", "lit": 0.9}


INSTALLED: tuple[Said, ...] = tuple(
    ("/models/reply", [f"musicgen-{size}", "installed"]) for size in ("large", "medium", "small")
)


def lit(touch, stage, row):
    """Return which pads of a row are lit, on both surfaces alike."""
    pads = [f"{row}{n}" for n in range(1, 7)]
    reds = {pad: touch[pad]["red"] for pad in pads}
    bright = [pad for pad in pads if reds[pad] > 1.5 * min(reds.values())]
    assert bright == [pad for pad in pads if stage[pad]["vars"]["lit"] == 0.9]
    return bright


def test_what_takes_are_finished_with_is_lit_and_off_when_nothing_is(touch_shows, stage_shows):
    said = (*INSTALLED, ("/state/model", ["musicgen-small"]), ("/state/finish_with", ["musicgen-medium"]))
    touch, stage = touch_shows(*said), stage_shows(*said)
    assert [touch[f"final{n}"]["memo"] for n in (1, 2, 3, 4)] == [name for _, (name, _) in INSTALLED] + [""]
    assert [touch[f"final{n}"]["visible"] for n in (1, 2, 3, 4)] == [True, True, True, False]
    assert [stage[f"final{n}"]["vars"]["seen"] for n in (1, 2, 3, 4)] == [True, True, True, False]
    assert (lit(touch, stage, "model"), lit(touch, stage, "final")) == (["model3"], ["final2"])
    off = (*said, ("/state/finish_with", [""]))
    unlit, touch, stage = touch, touch_shows(*off), stage_shows(*off)
    assert lit(touch, stage, "final") == []
    assert touch["finish_with="]["red"] > unlit["finish_with="]["red"]
    assert stage["finish_with"]["vars"]["lit"] == 0.9


def test_a_chosen_model_has_a_pad_however_many_there_are(touch_shows, stage_shows):
    said = (
        *(("/models/reply", [f"model-{n}", "installed"]) for n in range(9)),
        ("/state/model", ["model-1"]),
        ("/state/finish_with", ["model-8"]),
    )
    touch, stage = touch_shows(*said), stage_shows(*said)
    assert [touch[f"model{n}"]["memo"] for n in range(1, 7)] == [f"model-{n}" for n in range(6)]
    assert [touch[f"final{n}"]["memo"] for n in (5, 6)] == ["model-4", "model-8"]
    assert [stage[f"final{n}"]["vars"]["memo"] for n in (5, 6)] == ["model-4", "model-8"]
    assert lit(touch, stage, "final") == ["final6"]


def test_long_names_of_models_are_told_apart(touch_shows, stage_shows):
    sizes = ("stereo-small", "stereo-medium", "stereo-large", "stereo-melody", "stereo-melody-large", "melody-large")
    said = [("/models/reply", [f"musicgen-{size}", "warm"]) for size in sizes]
    touch, stage = touch_shows(*said), stage_shows(*said)
    texts = [touch[f"model{n} text"]["text"] for n in range(1, 7)]
    assert texts == [stage[f"model{n}"]["vars"]["text"] for n in range(1, 7)]
    assert len(set(texts)) == 6
    assert texts[4] == "musicgen-s~dy-large *"


DRAFT: tuple[Said, ...] = (*FINISHED, ("/take/final", [7, 9]), ("/take/queued", [9, 1]))


@pytest.mark.parametrize(
    ("said", "draft", "final"),
    [
        ((), "final 9: waits", "waits, 1 before it"),
        ((("/take/started", [9]),), "final 9: starts", "starts"),
        ((("/take/progress", [9, 0.25, 12.0]),), "final 9: 25 %", "25 %"),
        ((("/take/progress", [9, 0.25, 12.0]), ("/take/queued", [9, 2])), "final 9: waits", "waits, 2 before it"),
        ((("/take/done", [9, 7.74, 0.6]), ("/stem/saved", [9, "/a/b.wav"])), "final 9: done", "7.7 s  0.6x"),
        ((("/take/cancelled", [9]),), "final 9: cancelled", "cancelled"),
        ((("/take/failed", [9, "memory", "too large"]),), "final 9: failed", "failed"),
    ],
)
def test_a_draft_says_how_far_its_final_is(touch_shows, stage_shows, said, draft, final):
    touch, stage = touch_shows(*DRAFT, *said), stage_shows(*DRAFT, *said)
    assert touch["take1"]["text"] == stage["take1"]["value"] == f"9  final of 7\n{final}"
    assert touch["take2"]["text"] == stage["take2"]["value"] == f"7  rhodes loop_007\n{draft}"


def test_what_the_daemon_says_of_a_draft_and_its_final_is_shown_at_once_and_to_whoever_comes_late(
    two_models, touch_shows, stage_shows
):
    daemon = two_models
    daemon.send("/generate", "warm", "finish_with", "large")
    draft, final = daemon.wait("/take/final")
    name = Path(daemon.wait("/stem/saved", lambda values: values[0] == draft)[1]).stem
    daemon.wait("/stem/saved", lambda values: values[0] == final)
    speed = daemon.wait("/take/done", lambda values: values[0] == final)[2]
    late = daemon.ask(("/set/finish_with", ("large",)), ("/state", ()), ("/models", ()), ("/takes", (8,)))
    for heard, end, word in ((daemon.heard, f"0.3 s  {speed:.1f}x", "done"), (late, "saved", "saved")):
        touch, stage = touch_shows(*heard), stage_shows(*heard)
        assert touch["take1"]["text"] == stage["take1"]["value"] == f"{final}  final of {draft}\n{end}"
        assert touch["take2"]["text"] == stage["take2"]["value"] == f"{draft}  {name}\nfinal {final}: {word}"
        chosen = {row: [touch[pad]["memo"] for pad in lit(touch, stage, row)] for row in ("model", "final")}
        assert chosen == {"model": ["tone"], "final": ["large"]}


def test_the_final_of_a_variation_has_its_letter(touch_shows, stage_shows):
    said = [("/take/queued", [n, n - 5, "", letter]) for n, letter in ((5, "A"), (6, "B"))]
    said += [("/take/final", [6, 8]), ("/take/queued", [8, 1])]
    touch, stage = touch_shows(*said), stage_shows(*said)
    assert touch["take1"]["text"] == stage["take1"]["value"] == "8B  final of 6\nwaits, 1 before it"


def test_a_tablet_that_joins_late_or_asks_again_knows_finals_and_their_drafts(touch_shows, stage_shows):
    said = [
        ("/takes/reply", [3, "saved", "A", "small", "warm", "/a/loop_3.wav"]),
        ("/takes/reply", [4, "queued", "A", "medium", "warm", "", 3]),
    ]
    for told in (said, [*said, *said], [*said, ("/take/progress", [4, 0.5, 9.0]), *said]):
        touch, stage = touch_shows(*told), stage_shows(*told)
        word = "50 %" if len(told) == 5 else "queued"
        assert touch["take1"]["text"] == stage["take1"]["value"] == f"4  final of 3\n{word}"
        assert touch["take2"]["text"] == stage["take2"]["value"] == f"3  loop_3\nfinal 4: {word}"


def test_levels_move_the_meters(touch_shows, stage_shows):
    said = (("/monitor/level", [-6.0, -120.0]),)
    touch, stage = touch_shows(*said), stage_shows(*said)
    assert (touch["level left"]["x"], touch["level right"]["x"]) == (0.9, 0)
    assert (stage["level_left"]["value"], stage["level_right"]["value"]) == (-6.0, -60)


def test_touchosc_subscribes_by_itself_again_and_again_and_asks_for_the_state_once(touch_shows):
    said = [("/pong", [1])] * 12
    sent = touch_shows(*said)["sent"].split("|")
    assert sent.count("/subscribe 11011") >= 2
    assert [sent.count(ask) for ask in ("/state 1", "/models 1", "/takes 8", "/status 1")] == [1, 1, 1, 1]


def test_touchosc_says_when_the_daemon_is_gone_and_asks_anew_when_it_is_back(touch_shows):
    gone = touch_shows(("/pong", [1]), *[("/state/loop", [0])] * 14)
    assert gone["link"]["text"] == "the daemon does not answer"
    back = touch_shows(("/pong", [1]), *[("/state/loop", [0])] * 14, ("/pong", [1]))
    assert back["link"]["text"] == "connected"
    assert back["sent"].split("|").count("/state 1") == 2


def test_a_message_of_something_else_changes_nothing(touch_shows, stage_shows):
    said = (("/stem/landed", ["/x.wav"]), ("/ableton", [1]))
    assert touch_shows(*said)["error"]["text"] == ""
    assert stage_shows(*said) == {}
