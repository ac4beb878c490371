"""Names of stems are safe, readable and numbered."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiogen_daemon.audio.naming import check_template, key_text, name_for, next_number, number_text, slug

VALUES: dict[str, Any] = {
    "slug": "dusty-rhodes",
    "date": "2026-03-01",
    "bpm": "127p5",
    "key": "Amin",
    "bars": "4",
    "seed": 42,
    "take": 7,
    "model": "musicgen-small",
}
FULL = "{slug}_{bpm}bpm_{key}_{bars}bars_{seed}_{take}"


def test_a_name_is_made_from_the_template() -> None:
    assert name_for("lofi_{number:03d}", VALUES, 1) == "lofi_001"
    assert name_for(FULL, VALUES, 1) == "dusty-rhodes_127p5bpm_Amin_4bars_42_7"


def test_what_has_no_value_is_left_out_with_its_words() -> None:
    assert name_for(FULL, VALUES | {"bpm": None, "bars": None}, 1) == "dusty-rhodes_Amin_42_7"


@given(st.text(max_size=400), st.text(max_size=60))
def test_no_prompt_and_no_template_words_make_an_unsafe_name(prompt: str, words: str) -> None:
    template = words.replace("{", "").replace("}", "") + "{slug}_{number:03d}"
    name = name_for(template, VALUES | {"slug": slug(prompt)}, 12)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name)


@given(st.text(max_size=400))
def test_a_long_prompt_gives_way_to_the_number(prompt: str) -> None:
    assert name_for("{slug}-{slug}-{slug}_{number:03d}", VALUES | {"slug": slug(prompt)}, 12).endswith("012")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Röyksopp – late  NIGHT", "royksopp-late-night"),
        ("../../etc/passwd", "etc-passwd"),
        ("夜", "take"),
        ("", "take"),
    ],
)
def test_a_slug_is_plain_words(text: str, expected: str) -> None:
    assert slug(text) == expected


def test_numbering_goes_on_within_what_comes_before_the_number() -> None:
    taken = ["dusty-rhodes_003", "dusty-rhodes_010_x", "Dusty-Rhodes_0011", "warm_099", "dusty-rhodes", "dusty-rhodes_"]
    assert next_number("{slug}_{number:03d}", VALUES, taken) == 12
    assert next_number("{number:03d}_{slug}", VALUES, ["004_other", "x"]) == 5
    assert next_number("lofi_{number}", VALUES, []) == 1


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{slugg}", 'did you mean "slug"'),
        ("{number:abc}", "a good one is"),
        ("{", "a good one is"),
        ("{}", "unknown field"),
        ("{slug.__class__}", "unknown field"),
        ("{slug:>9999999999}", '">9999999999" is wider than 99; a good one is'),
    ],
)
def test_a_wrong_template_is_refused_with_a_cure(template: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        check_template(template)


def test_numbers_and_keys_read_well() -> None:
    assert [number_text(value) for value in (120.0, 127.5, 0.25)] == ["120", "127p5", "0p25"]
    assert [key_text(key) for key in ("A minor", "F# major", "Bb")] == ["Amin", "Fsmaj", "Bb"]
    check_template(FULL)
