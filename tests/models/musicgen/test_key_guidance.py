"""A prompt's key is found in any spelling, and followed more closely without touching the rest."""

import pytest

from audiogen_daemon.evaluation.prompts import load_prompts
from audiogen_daemon.models.musicgen.key_guidance import towards_key, without_key
from audiogen_daemon.models.pipeline import Request, Sampling


def request(prompt: str, **changes) -> Request:
    return Request(prompt, 1.0, 0, Sampling(), **changes)


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


def test_a_named_key_weighs_more_and_the_weights_still_add_up_to_one():
    followed = towards_key(request("lush pad in C major"), 2.5)
    assert followed.morph == (("lush pad in C major", 3.5), ("lush pad", -2.5))
    assert sum(weight for _, weight in followed.morph) == 1.0


@pytest.mark.parametrize(
    ("asked", "strength"),
    [
        (request("lush pad in C major"), 0.0),
        (request("drums, 90 bpm"), 2.5),
        (request("C major"), 2.5),
        (request("pad in C major", morph=(("a", 0.5), ("b", 0.5))), 2.5),
    ],
)
def test_without_a_key_or_with_a_mix_nothing_changes(asked, strength):
    assert towards_key(asked, strength) is asked
