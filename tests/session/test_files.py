"""The rules about stems and sounds: what is gone on from, followed, announced, renamed and removed."""

import dataclasses

import pytest

from audiogen_daemon import messages as m
from audiogen_daemon.session import Session
from audiogen_daemon.settings import Settings
from tests.session.test_session import ASKER, errors, play, ready, told


def test_finished_takes_can_be_played_continued_and_made_again():
    session, effects = play(ready(), m.Generate("x", (("seed", 5),)), m.JobDone(1, 1.0, 1.0))
    take = next(e.take for e in effects if isinstance(e, m.Finish))
    session, _ = play(session, m.StemSaved(take, "/stems/x.wav"))
    assert play(session, m.MonitorPlay())[1] == [m.PlayStem(1, "/stems/x.wav")]
    again = play(session, m.Again())[1][0].take
    assert again.settings.prompt == "x"
    assert again.settings.seed != 5
    more = play(session, m.Continue(1, 6.0))[1][0].take
    assert (more.continues, more.settings.seconds) == ("/stems/x.wav", 6.0)


def with_take(session: Session, prompt: str, path: str) -> Session:
    """The session after a take of that prompt was made."""
    session, effects = play(session, m.Generate(prompt), m.JobDone(session.next_take, 1.0, 1.0))
    take = next(e.take for e in effects if isinstance(e, m.Finish))
    return play(session, m.StemSaved(take, path))[0]


def test_a_continuation_keeps_the_prompt_of_its_take_until_another_is_given():
    def prompt_of(session, *command, **fields):
        return play(session, m.Continue(*command, **fields))[1][0].take.settings.prompt

    session = with_take(ready(), "techno drums", "/stems/a.wav")
    assert prompt_of(session) == "techno drums"
    assert prompt_of(session, changes=(("prompt", "darker"), ("seed", 3))) == "darker"
    newer, _ = play(session, m.SetValue("prompt", "string quartet"))
    assert prompt_of(newer, 1) == "string quartet"
    found = newer.made[1][0]
    assert prompt_of(newer, path="/stems/a.wav", found=found, read=True) == "string quartet"
    later = with_take(newer, "bass", "/stems/b.wav")
    assert prompt_of(later, 2) == "bass"
    assert prompt_of(later, 1) == "string quartet"


def test_a_sound_that_is_not_ours_is_gone_on_from_with_the_sessions_settings():
    asked = m.Continue(seconds=4.0, path="guitar.wav", client="pd")
    session, effects = play(ready(), asked)
    assert effects == [m.ReadStem(asked)]
    _, effects = play(session, dataclasses.replace(asked, path="/stems/in/guitar.wav", read=True, sender=ASKER))
    take = effects[0].take
    assert (take.continues, take.settings.prompt, take.settings.seconds) == ("/stems/in/guitar.wav", "warm rhodes", 4.0)
    assert told(effects) == [("/take/queued", 1, 0, "pd")]


@pytest.mark.parametrize("number", [1, 1.0, "1"])
def test_a_melody_or_a_style_may_be_a_takes_number(number):
    session = with_take(ready(), "x", "/stems/x_001.wav")
    session, effects = play(session, m.SetValue("melody", number, sender=ASKER))
    assert told(effects) == [("/state/melody", "x_001.wav")]
    take = play(session, m.Generate("y", (("style", number),)))[1][0].take
    assert (take.settings.melody, take.settings.style) == ("x_001.wav", "x_001.wav")
    assert play(session, m.SetValue("melody", 0))[0].settings.melody == ""
    assert "take 7 has no stem; the last is 1" in errors(play(session, m.SetValue("melody", 7))[1])[0]
    assert errors(play(session, m.SetValue("melody", 1.5))[1])[0].startswith("melody 1.5 is no take's number")
    for wild, words in ((float("nan"), "no file name"), (float("-inf"), "no file name"), (-1e300, "has no stem")):
        assert words in errors(play(session, m.SetValue("melody", wild))[1])[0]


def test_an_error_names_the_client_whose_request_it_answers():
    for wrong in (m.Generate("x", (("seconds", -1),), "pd"), m.Continue(9, client="pd"), m.Invalid("no", "pd")):
        [answer] = play(ready(), wrong)[1]
        assert answer.arguments[2:] == ("pd",)
    [answer] = play(ready(), m.Generate("x", (("seconds", -1),)))[1]
    assert len(answer.arguments) == 2


def test_sounds_in_the_in_folder_are_announced_and_what_is_none_is_named():
    _, effects = play(
        ready(),
        m.InputLanded("a.wav", 3.5),
        m.InputRemoved("a.wav"),
        m.FileUnusable("/input/landed", "b.wav is damaged"),
    )
    assert told(effects) == [
        ("/input/landed", "a.wav", 3.5),
        ("/input/removed", "a.wav"),
        ("/error", "/input/landed", "b.wav is damaged"),
    ]


def test_a_name_given_again_belongs_to_the_later_take():
    first, second = m.Take(1, "u", Settings(), ""), m.Take(2, "v", Settings(), "")
    session, _ = play(ready(), m.StemSaved(first, "/s/a.wav"), m.StemSaved(second, "/s/a.wav"))
    assert dict(session.made) == {2: (second, "/s/a.wav")}


def test_renamed_and_removed_stems_are_followed():
    take = m.Take(1, "u", Settings(), "")
    session, effects = play(ready(), m.StemSaved(take, "/s/a.wav"), m.FileRenamed("/s/a.wav", "/s/b.wav"))
    assert session.made[1][1] == "/s/b.wav"
    assert m.Renamed("/s/a.wav", "/s/b.wav") in effects
    session, _ = play(session, m.FileRemoved("/s/b.wav"))
    assert 1 not in session.made
