"""Settings say what they accept, and refuse the rest with value, range and cure."""

import math

import pytest

from audiogen_daemon.errors import CommandError
from audiogen_daemon.settings import PARAMETERS, Settings, change, parse_key


@pytest.mark.parametrize("value", [8, 8.0, "8", " 8.0 "])
def test_numbers_arrive_in_any_form(value):
    assert change(Settings(), "seconds", value).seconds == 8.0


@pytest.mark.parametrize("value", [True, 1, 1.0, "1"])
def test_whole_numbers_arrive_in_any_form(value):
    assert change(Settings(), "top_k", value).top_k == 1


@pytest.mark.parametrize("value", [7, 7.0, "7", "7.0"])
def test_a_seed_is_exact(value):
    assert change(Settings(), "seed", value).seed == 7


def test_what_a_fader_sends_for_a_whole_number_is_rounded():
    assert change(Settings(), "variations", 2.9999).variations == 3


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("temperature", 3.5, "3.5 is outside 0 to 2"),
        ("seconds", 600.001, "600.001 is outside 0.1 to 600 s"),
        ("bars", 400.0, "400 is outside 0.25 to 256"),
        ("seed", 5_000_000_000, "5000000000 is outside -1 to 4294967295"),
        ("seconds", 0, "0 is outside 0.1 to 600 s"),
        ("seconds", 1e9, "outside 0.1 to 600 s"),
        ("seconds", math.nan, "nan is outside"),
        ("seconds", "soon", '"soon" is no number; send 0.1 to 600 s'),
        ("loop", "True", '"True" is no number; send 0 to 1'),
        ("tempo", True, "1 is outside 30 to 300 bpm (0 switches it off)"),
        ("seed", 7.5, "7.5 is no whole number; send -1 to 4294967295"),
        ("seed", "7.5", '"7.5" is no whole number'),
        ("tempo", 1000, "outside 30 to 300 bpm"),
        ("tempo", -1, "outside"),
        ("bars", 10_000, "outside 0.25 to 256"),
        ("signature", "0/4", "no time signature"),
        ("signature", "4/5", "no time signature"),
        ("key", "H", "is no key"),
        ("model", "../../etc", "no model name"),
        ("launch", "tomorrow", '"tomorrow" is none of off, beat, bar'),
        ("launch", 3, "3 is none of off, beat, bar"),
        ("launch", math.nan, "nan is none of off, beat, bar"),
        ("prompt", "", "prompt is empty"),
        ("prompt", "x" * 10_000, "10000 characters is longer than 2000"),
        ("tempratur", 1, "did you mean temperature?"),
    ],
)
def test_what_is_refused_names_value_range_and_cure(name, value, words):
    with pytest.raises(CommandError) as caught:
        change(Settings(), name, value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("F# minor", (6, "minor")),
        ("Bbm", (10, "minor")),
        ("c sharp", (1, "major")),
        ("Am", (9, "minor")),
        ("D dorian", (2, "dorian")),
        ("E♭ Major", (3, "major")),
    ],
)
def test_keys_are_understood_as_musicians_write_them(text, key):
    assert parse_key(text) == key


def test_seven_eighths_and_zero_tempo_are_fine():
    settings = change(change(Settings(), "signature", "7/8"), "tempo", 0)
    assert (settings.signature, settings.tempo) == ((7, 8), 0.0)


def test_length_follows_bars_when_there_is_a_tempo():
    settings = Settings(bars=4, tempo=120, signature=(7, 8))
    assert settings.length == pytest.approx(4 * 7 * 0.5 * 60 / 120)
    assert Settings(bars=0, seconds=5, tempo=120).length == 5


def test_the_models_own_value_can_be_asked_for_again():
    settings = change(Settings(), "guidance", 7)
    assert change(settings, "guidance", "model").guidance is None


@pytest.mark.parametrize("value", ["bar", " BAR ", 2, 2.0, "2"])
def test_a_choice_arrives_by_name_or_by_place(value):
    assert change(Settings(), "launch", value).launch == "bar"


def test_every_parameter_is_a_setting():
    assert set(PARAMETERS) | {"morph"} == set(Settings.__dataclass_fields__)  # /morph has its own address


@pytest.mark.parametrize("value", [True, 1.0, "../x.wav", "/etc/passwd", ".hidden", "a\\b.wav", "x" * 300])
def test_files_to_follow_are_names_without_a_way(value):
    with pytest.raises(CommandError, match="is no file name"):
        change(Settings(), "melody", value)


def test_a_file_to_follow_can_be_taken_back():
    settings = change(Settings(), "style", "groove ü.wav")
    assert settings.style == "groove ü.wav"
    assert change(settings, "style", "off").style == ""
    assert change(settings, "style", False).style == ""
