"""The table: what a message means, whoever sent it and in whatever form."""

import dataclasses

import pytest

from audiogen_daemon import messages as m
from audiogen_daemon.control.addresses import ANSWERS, ROWS, help_rows, parse
from audiogen_daemon.control.osc import MAX_ANSWER, encode
from audiogen_daemon.session import RULES


def command(address, *arguments):
    return parse(address, list(arguments), None)


def reason(address, *arguments):
    found = command(address, *arguments)
    assert isinstance(found, m.Invalid)
    return found.reason


@pytest.mark.parametrize(
    ("arguments", "prompt", "changes"),
    [
        ((), None, ()),
        (("dusty",), "dusty", ()),
        (("dusty", "seconds", 4), "dusty", (("seconds", 4),)),
        (("seconds", 4, "seed", 0), None, (("seconds", 4), ("seed", 0))),
        ((1.0,), None, ()),
        ((True,), None, ()),
        (("dusty", 1.0), "dusty", ()),
        (("dusty", 1), "dusty", ()),
        ((808,), "808", ()),
    ],
)
def test_generate_takes_a_prompt_pairs_or_a_press(arguments, prompt, changes):
    found = command("/generate", *arguments)
    assert (found.prompt, found.changes) == (prompt, changes)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ((), m.Continue()),
        ((1.0,), m.Continue()),
        ((3,), m.Continue(3)),
        ((3, 8), m.Continue(3, 8.0)),
        (("x.wav",), m.Continue(path="x.wav")),
        (("x.wav", 8, "prompt", "dark"), m.Continue(None, 8.0, (("prompt", "dark"),), path="x.wav")),
        (("prompt", "dark"), m.Continue(changes=(("prompt", "dark"),))),
        (("loop", 1), m.Continue(changes=(("loop", 1),))),
        ((3, "seed", 5, "client", "pd"), m.Continue(3, None, (("seed", 5),), "pd")),
        ((3, "colour", "red"), m.Continue(3, None, (("colour", "red"),))),
        (("3", "8"), m.Continue(3, 8.0)),
    ],
)
def test_continue_takes_a_take_or_a_path_seconds_and_pairs(arguments, wanted):
    assert command("/continue", *arguments) == dataclasses.replace(wanted, address="/continue")


@pytest.mark.parametrize("address", [path for path, row in ROWS.items() if row.trigger])
@pytest.mark.parametrize("release", [0, 0.0, False])
def test_letting_a_button_go_does_nothing(address, release):
    assert parse(address, [release], None) is None
    assert parse(address, ["dusty", release], None) is None


@pytest.mark.parametrize(("value", "take"), [(7, 7), (7.0, 7), ("7", 7), (1, 1), (1.0, None), (True, None)])
def test_take_numbers_and_presses_are_told_apart(value, take):
    assert command("/cancel", value).take == take


@pytest.mark.parametrize(
    ("address", "arguments", "words"),
    [
        ("/set/temprature", (1,), "did you mean /set/temperature?"),
        ("/nothing/at/all/like/it", (), "/help lists them all"),
        ("/generate", ("x", "seconds"), '"seconds" stands alone'),
        ("/generate", ("x", 5, 5), "5 is no setting"),
        ("/continue", (1, "colour"), '"colour" stands alone'),
        ("/continue", (1, 2, 3), "3 arguments where at most 2"),
        ("/continue", ("x.wav", "long"), '"long" stands alone'),
        ("/generate", (b"blob",), "must be a text"),
        ("/generate", ("x", "seconds", None), "must be a number or a text"),
        ("/set/seconds", (), "takes one value"),
        ("/set/seconds", (1, 2), "takes one value"),
        ("/cancel", ("seven",), '"seven" is no number'),
        ("/cancel", (1.5,), "1.5 is no whole number"),
        ("/cancel", (float("nan"),), "is no number"),
        ("/transport/tempo", (), "tempo is missing"),
        ("/transport/signature", (4,), "denominator is missing"),
        ("/monitor/gain", ("loud",), '"loud" is no number'),
        ("/model/load", ("../etc",), "no model name"),
        ("/subscribe", ("here",), '"here" is no number'),
    ],
)
def test_wrong_messages_say_what_is_wrong(address, arguments, words):
    assert words in reason(address, *arguments)


def test_zero_is_a_preset_a_gain_and_a_ping():
    assert command("/prompt/preset", 0).index == 0
    assert command("/monitor/gain", 0.0).gain_db == 0
    assert command("/ping", 0).echo == (0,)


def test_a_signature_may_be_two_numbers_or_a_text():
    assert command("/set/signature", 7, 8).value == (7, 8)
    assert command("/set/signature", "7/8").value == "7/8"


def test_wildcards_reach_nothing():
    assert "unknown address /*" in reason("/*")


def test_every_command_has_a_rule_and_every_row_help_that_fits_a_datagram():
    for row in ROWS.values():
        assert row.help
    for rows in (help_rows(), ANSWERS):
        for line in rows:
            assert len(encode("/help/reply", line)) < MAX_ANSWER
    assert {
        c for c in vars(m).values() if isinstance(c, type) and issubclass(c, m.Command) and c is not m.Command
    } <= set(RULES)
