"""What a pipeline is asked for says all that the settings say."""

import dataclasses

from audiogen_daemon.engine.requests import request_for
from audiogen_daemon.messages import Take
from audiogen_daemon.models.tone import Tone
from audiogen_daemon.settings import Settings

SETTINGS = Settings(
    prompt="warm pad", seed=1, tempo=92.5, key="F# minor", morph=(("dark pad", 0.7), ("bells in C major, 80 bpm", 0.3))
)


def asked(settings, folder):
    return request_for([Take(1, "uid", settings, "")], Tone(), folder)


def test_prompts_are_completed_with_tempo_and_key_also_those_that_are_mixed(tmp_path):
    request = asked(SETTINGS, tmp_path)
    assert request.prompt == "warm pad, 92 bpm, in F# minor"
    assert request.morph == (("dark pad, 92 bpm, in F# minor", 0.7), ("bells in C major, 80 bpm", 0.3))


def test_without_words_prompts_are_left_as_they_are(tmp_path):
    request = asked(dataclasses.replace(SETTINGS, words=0), tmp_path)
    assert (request.prompt, request.morph) == (SETTINGS.prompt, SETTINGS.morph)
