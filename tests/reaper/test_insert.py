"""The REAPER script inserts what lands, run by Lua against a stand-in of the calls that it makes (reaper.lua)."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "docs" / "reaper" / "audiogen_insert.lua"

REAPER = (Path(__file__).parent / "reaper.lua").read_text("utf-8")


@pytest.fixture
def play() -> Callable[..., dict[str, Any]]:
    """Run the script while a scenario (Lua: start, tick, land, track) plays, and return the project after it."""
    lua = shutil.which("lua5.4")
    if lua is None:
        pytest.skip("lua5.4 is not here; apt-get install lua5.4")

    def run(
        scenario: str, folder: str = "/Users/me/Music/Audiogen", answer: str = "", cursor: float = 8.0
    ) -> dict[str, Any]:
        facts = {"PATH": str(SCRIPT), "FOLDER": folder, "ANSWER": answer}
        head = "".join(f"local {name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in facts.items())
        program = f"{head}local CURSOR = {cursor}\n{REAPER.replace('--PLAY--', scenario)}"
        done = subprocess.run(
            [lua, "-"], input=program.encode(), capture_output=True, timeout=20, env={"HOME": "/Users/me"}, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    return run


def test_a_landed_stem_is_inserted_at_the_edit_cursor_of_the_selected_track(play):
    project = play("track('Loops') start() land('warm loop_001.wav', 7.5) tick(1)")
    assert project["items"] == [
        {
            "name": "warm loop_001",
            "track": "Loops",
            "path": "/Users/me/Music/Audiogen/warm loop_001.wav",
            "at": 8.0,
            "length": 7.5,
            "loop": 1,
        }
    ]
    assert project["cursor"] == 15.5
    assert project["undo"] == ["Insert audiogen stem warm loop_001"]
    assert project["refresh"] == 0


def test_what_was_there_before_is_left_alone(play):
    project = play("track('a') land('old.wav', 1) start() tick(1) land('new.wav', 2) tick(1)")
    assert [item["name"] for item in project["items"]] == ["new"]


def test_takes_of_one_request_follow_each_other(play):
    project = play("track('a') start() land('b_002.wav', 2) land('a_001.wav', 2) tick(1)")
    assert [(item["name"], item["at"]) for item in project["items"]] == [("a_001", 8.0), ("b_002", 10.0)]


def test_a_stem_is_inserted_once_however_long_the_script_runs(play):
    project = play("track('a') start() land('x.wav', 1) for n = 1, 50 do tick(1) end")
    assert len(project["items"]) == 1
    assert project["waits"]


def test_it_looks_twice_a_second_and_no_more_often(play):
    project = play("track('a') start() land('x.wav', 1) tick(0.1) tick(0.1)")
    assert project["items"] == []


def test_hidden_temporaries_and_sidecars_are_no_stems(play):
    names = (".x.wav", ".x.wav.12.part", "x.json", "x.wav.part", "wav", "Y.WAV", "z.flac", "a.b.aiff")
    landed = " ".join(f"land('{name}', 1)" for name in names)
    project = play(f"track('a') start() {landed} tick(1)")
    assert [item["name"] for item in project["items"]] == ["Y", "a.b", "z"]


def test_names_with_umlauts_quotes_and_emoji_arrive_whole(play):
    project = play("track('a') start() land('Bässe \"fett\" 🎹.wav', 1) tick(1)")
    assert project["items"][0]["name"] == 'Bässe "fett" 🎹'


def test_without_a_selected_track_it_makes_one_and_stays_on_it(play):
    project = play("start() land('x.wav', 1) tick(1) land('y.wav', 1) tick(1)")
    assert [item["track"] for item in project["items"]] == ["Audiogen", "Audiogen"]
    assert project["tracks"] == 1


def test_a_file_that_is_not_yet_readable_is_tried_again(play):
    project = play("track('a') start() land('x.wav', nil) tick(1) tick(1) lengths['x.wav'] = 3 tick(1)")
    assert [item["length"] for item in project["items"]] == [3.0]
    assert project["undo"] == ["Insert audiogen stem x"]


def test_an_empty_file_is_given_up_with_a_word_and_no_item(play):
    project = play("track('a') start() land('x.wav', 0) for n = 1, 60 do tick(1) end")
    assert project["items"] == []
    assert project["undo"] == []
    assert [note for note in project["notes"] if "cannot be read" in note] == [
        "audiogen: /Users/me/Music/Audiogen/x.wav cannot be read as audio\n"
    ]


def test_running_it_again_switches_it_off(play):
    project = play("track('a') start() tick(1) start() land('x.wav', 1) tick(1) tick(1)")
    assert project["items"] == []
    assert not project["waits"]
    assert next(note for note in project["notes"] if note.startswith("toggle")) == "toggle 1"
    assert project["notes"][-1] == "toggle 0"


def test_it_is_off_after_reaper_ended_it(play):
    project = play("track('a') start() closing()")
    assert project["notes"] == ["toggle 1", "toggle 0"]


def test_the_folder_is_asked_for_and_remembered(play):
    folder = '/Volumes/My Disk, "old"/Über 100% 🎹'
    scenario = "track('a') start() land('x.wav', 1) tick(1) start() tick(1) start()"
    project = play(scenario, folder=folder, answer=f"{folder}//")
    assert len(project["items"]) == 1
    assert project["asked"] == folder


def test_a_tilde_means_the_home_folder(play):
    assert len(play("track('a') start() land('x.wav', 1) tick(1)", answer="~/Music/Audiogen")["items"]) == 1


def test_nothing_happens_when_the_question_is_cancelled(play):
    project = play("track('a') start() land('x.wav', 1) tick(1)", answer="<cancel>")
    assert project["items"] == project["notes"] == []
    assert not project["waits"]
