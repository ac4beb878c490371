"""What the surfaces' scripts show of takes, drafts and finals."""

from pathlib import Path

import pytest

from tests.touchosc.interpreters import Said, lit

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


@pytest.mark.parametrize("state", ["done", "held"])
@pytest.mark.parametrize(
    "landed", [("/stem/saved", [7, "/a/loop_7.wav"]), ("/takes/reply", [7, "saved", "A", "tone", "", "/a/loop_7.wav"])]
)
def test_a_take_that_was_on_its_way_when_the_tablet_joined_is_saved_once_it_lands(
    touch_shows, stage_shows, state, landed
):
    said = [("/takes/reply", [7, state, "A", "tone", "warm", ""])]
    for told, text in ((said, f"7  warm\n{state}"), ([*said, landed], "7  loop_7\nsaved")):
        touch, stage = touch_shows(*told), stage_shows(*told)
        assert touch["take1"]["text"] == stage["take1"]["value"] == text


def test_a_take_whose_making_was_seen_is_held_when_that_is_told_and_then_saved(touch_shows, stage_shows):
    said = [*ONE_TAKE, ("/take/done", [7, 7.74, 2.31]), ("/takes/reply", [7, "held", "A", "tone", "warm", ""])]
    for told, text in ((said, "7  warm\nheld"), ([*said, ("/stem/saved", [7, "/a/loop_7.wav"])], "7  loop_7\nsaved")):
        touch, stage = touch_shows(*told), stage_shows(*told)
        assert touch["take1"]["text"] == stage["take1"]["value"] == text


def test_variations_show_their_letters(touch_shows, stage_shows):
    said = [("/take/queued", [n, n - 5, "", letter]) for n, letter in ((5, "A"), (6, "B"))]
    touch, stage = touch_shows(*said), stage_shows(*said)
    assert touch["take1"]["text"] == stage["take1"]["value"] == "6B  \nwaits, 1 before it"
    assert touch["take2"]["text"] == stage["take2"]["value"] == "5A  \nnext"


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


def test_a_draft_says_that_its_final_is_held_and_that_it_has_landed(touch_shows, stage_shows):
    said = [
        ("/takes/reply", [3, "saved", "A", "small", "warm", "/a/loop_3.wav"]),
        ("/takes/reply", [4, "held", "A", "medium", "warm", "", 3]),
    ]
    for told, word in ((said, "held"), ([*said, ("/stem/saved", [4, "/a/loop_3_medium.wav"])], "saved")):
        touch, stage = touch_shows(*told), stage_shows(*told)
        assert touch["take1"]["text"] == stage["take1"]["value"] == f"4  final of 3\n{word}"
        assert touch["take2"]["text"] == stage["take2"]["value"] == f"3  loop_3\nfinal 4: {word}"
