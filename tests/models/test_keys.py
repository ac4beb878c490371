"""A prompt's key is found in any spelling."""

import pytest

from audiogen_daemon.engine.requests import in_words
from audiogen_daemon.evaluation.prompts import load_prompts
from audiogen_daemon.models.keys import Key, stated_key, without_key
from audiogen_daemon.settings import Settings


@pytest.mark.parametrize(
    ("prompt", "rest"),
    [
        ("lush pad in C major", "lush pad"),
        ("walking bass, 120 bpm, F# minor", "walking bass, 120 bpm"),
        ("db dorian rhodes chords", "rhodes chords"),
        ("arp in the key of c sharp minor, dark", "arp , dark"),
        ("bells key of Bbm", "bells"),
        ("digital bells in a aeolian", "digital bells"),
        ("moog bass in F-sharp ionian", "moog bass"),
        ("juno pad b flat natural minor 88 bpm", "juno pad 88 bpm"),
        ("warm d dorian mode organ", "warm organ"),
        ("acid line, 130 bpm, in E phrygian", "acid line, 130 bpm"),
        ("four on the floor drums", "four on the floor drums"),
        ("a major key change", "key change"),
        ("big bass drop", "big bass drop"),
    ],
)
def test_the_words_of_a_key_are_found(prompt, rest):
    assert without_key(prompt) == rest


def test_a_key_is_found_in_every_prompt_of_the_evaluation_that_names_one():
    assert [p.text for p in load_prompts() if p.pitched and without_key(p.text) == p.text] == []


@pytest.mark.parametrize(
    ("prompt", "key"),
    [
        ("dusty rhodes in F# minor", Key(6, "minor")),
        ("bells key of Bbm", Key(10, "minor")),
        ("C♯ maj", Key(1, "major")),
        ("moog bass in F-sharp ionian", Key(6, "major")),
        ("juno pad b flat natural minor 88 bpm", Key(10, "minor")),
        ("play a b minor pad", Key(11, "minor")),
        ("Cb major", Key(11, "major")),
        ("warm d dorian mode organ", Key(2, "dorian")),
        ("acid line in E phrygian", Key(4, "phrygian")),
        ("lead in c minor, then in d major", Key(0, "minor")),
        ("pad in f#", None),
        ("big bass drop", None),
        ("", None),
    ],
)
def test_the_first_key_of_a_prompt_is_its_pitch_class_and_mode(prompt, key):
    assert stated_key(prompt) == key


def test_the_keys_of_the_evaluations_prompts_are_read_as_they_were_meant():
    for prompt in load_prompts():
        assert stated_key(prompt.text) == ((prompt.root, prompt.mode) if prompt.pitched else None), prompt.text


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("warm pad", "warm pad, in F# minor"),
        ("warm pad in d dorian", "warm pad in d dorian"),
        ("warm pad, Bb natural minor", "warm pad, Bb natural minor"),
    ],
)
def test_the_set_key_is_said_where_the_prompt_names_none(prompt, said):
    assert in_words(Settings(prompt=prompt, key="F# minor")) == said
