import json
import os

import numpy as np
import pytest

from audiogen_daemon.audio import stems
from audiogen_daemon.audio.record import StemRecord
from audiogen_daemon.commands.generate import _from_file
from audiogen_daemon.errors import CommandError
from audiogen_daemon.finding import find_sound, find_stem
from audiogen_daemon.keeper import record_of
from audiogen_daemon.messages import SaveStem, Take
from audiogen_daemon.settings import Settings

NAMES = ["plain", "two words", 'it\'s "quoted"', "Größe ñ", "🎹 loop 🔥", "a" * 200]
SETTINGS = Settings(
    prompt="dusty rhodes", bars=2, tempo=93.5, signature=(7, 8), key="A minor", seed=7, top_k=50, loop=1
)


@pytest.fixture
def folder(tmp_path):
    drop = tmp_path / "drop folder"
    drop.mkdir()
    return drop


def stem(folder, name="stem", settings=SETTINGS, continues="", encoding="pcm24"):
    take = Take(3, "uid-3", settings, "2026-01-01T00:00:00+00:00", continues)
    form = stems.StemFormat(encoding=encoding)
    sound = np.zeros((1000, 1), np.float32)
    saved = stems.save(record_of(SaveStem(take, False, 1.0)), sound, 44100, folder, form)
    return saved.path.rename(folder / f"{name}{saved.path.suffix}")


@pytest.mark.parametrize("name", NAMES)
def test_a_stem_of_any_name_gives_its_take(folder, name):
    path = stem(folder, name)
    for text in (path.name, str(path), f"./{path.name}"):
        found, take = find_stem(folder, text)
        assert found == path.resolve()
        assert take.settings == SETTINGS


def test_stems_in_folders_inside_and_other_formats_are_found(folder):
    (folder / "again").mkdir()
    path = stem(folder, "x", encoding="flac").rename(folder / "again" / "x.flac")
    assert find_stem(folder, "again/x.flac") == (path.resolve(), find_stem(folder, str(path))[1])


def test_nothing_outside_the_folder_is_opened_by_any_way(folder, tmp_path):
    outside = stem(tmp_path, "outside")
    (folder / "link.wav").symlink_to(outside)
    (folder / "up").symlink_to(tmp_path)
    for text in (
        str(outside),
        "../outside.wav",
        "link.wav",
        "up/outside.wav",
        "/etc/passwd",
        "again/../../outside.wav",
    ):
        with pytest.raises(CommandError, match="is outside the drop folder"):
            find_stem(folder, text)


def test_a_sound_to_go_on_from_need_not_be_ours_and_may_lie_in_the_in_folder(folder, tmp_path):
    (folder / "in").mkdir()
    ours = stem(folder, "ours")
    for place in ("foreign.wav", "in/guitar.mp3"):
        (folder / place).write_bytes(b"RIFF....WAVE")

    assert find_sound(folder, "ours.wav") == (ours.resolve(), find_stem(folder, "ours.wav")[1])
    assert find_sound(folder, "foreign.wav") == ((folder / "foreign.wav").resolve(), None)
    for text in ("guitar.mp3", "in/guitar.mp3", str(folder / "in" / "guitar.mp3")):
        assert find_sound(folder, text) == ((folder / "in" / "guitar.mp3").resolve(), None)
    (folder / "in" / "up.wav").symlink_to(stem(tmp_path, "outside"))
    for text in ("up.wav", "in/up.wav", "../outside.wav", "in/../../outside.wav", "/etc/passwd"):
        with pytest.raises(CommandError, match="outside the drop folder"):
            find_sound(folder, text)
    for text in ("gone.wav", "in", "a\0b.wav", "x" * 5000):
        with pytest.raises(CommandError, match=r"is neither in the in folder .*/in nor in the drop folder|is no path"):
            find_sound(folder, text)
    with pytest.raises(CommandError, match=r"did you mean guitar\.mp3"):
        find_sound(folder, "guitar.wav")


def test_what_is_no_stem_says_so(folder):
    stem(folder, "rhodes_001")
    (folder / "other.wav").write_bytes(b"RIFF....WAVE")
    (folder / "x.json").write_text("{}")
    os.mkfifo(folder / "pipe.wav")
    for text, words in (
        ("rhodes_002.wav", "did you mean rhodes_001.wav?"),
        ("other.wav", "no stem of ours"),
        ("x.json", "no sound file"),
        ("pipe.wav", "is not in the drop folder"),
        (".", "is not in the drop folder"),
        ("a\0b.wav", "is no path"),
        ("x" * 5000, "x"),
    ):
        with pytest.raises(CommandError, match=words):
            find_stem(folder, text)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("tempo", 1e9, "outside 30 to 300"),
        ("seconds", "NaN", "outside"),
        ("model", "../../etc", "no model name"),
        ("signature", [0, 4], "no time signature"),
        ("prompt", {"a": 1}, "no stem that can be made again"),
        ("morph", [["x", 5]], "weights"),
        ("morph", [1], "no list of pairs"),
        ("continues", "/etc/passwd", "outside the drop folder"),
        ("continues", "gone.wav", "is not in the drop folder"),
    ],
)
def test_what_a_foreign_file_claims_is_checked(folder, name, value, words):
    path = stem(folder)
    sidecar = next(folder.glob("*.json"))
    members = json.loads(sidecar.read_text())
    members["settings"][name] = value
    path.unlink()
    # A file without chunks of its own: the sidecar beside it speaks.
    (folder / "bare.wav").write_bytes(b"RIFF\x04\0\0\0WAVE")
    (folder / "bare.json").write_text(json.dumps(members))
    with pytest.raises(CommandError, match=words):
        find_stem(folder, "bare.wav")


def test_a_take_that_went_on_from_a_stem_still_does(folder):
    first = stem(folder, "first")
    second = stem(folder, "second", continues=str(first))
    assert find_stem(folder, second.name)[1].continues == str(first.resolve())


def test_again_on_the_command_line_goes_on_from_what_the_take_went_on_from(folder):
    first = stem(folder, "first")
    second = stem(folder, "second", continues=str(first))
    [sidecar] = (path for path in folder.glob("*.json") if str(first) in path.read_text())
    for path in (second, sidecar):
        assert _from_file(path, folder)[1] == str(first.resolve())


@pytest.mark.parametrize(
    ("member", "value"), [("settings", 5), ("seed", "x"), ("take", []), ("prompt", None), ("created", 5), ("tempo", "")]
)
def test_a_record_of_wrong_kinds_is_no_record(folder, member, value):
    stem(folder)
    members = json.loads(next(folder.glob("*.json")).read_text())
    with pytest.raises(ValueError, match=f"its {member} cannot be"):
        StemRecord.from_json(json.dumps({**members, member: value}))


def test_a_take_that_went_on_from_a_sound_of_the_in_folder_does_so_again(folder):
    (folder / "in").mkdir()
    (folder / "in" / "guitar.mp3").write_bytes(b"ID3")
    path = stem(folder, continues=str(folder / "in" / "guitar.mp3"))
    assert find_stem(folder, path.name)[1].continues == str((folder / "in" / "guitar.mp3").resolve())


def test_what_goes_on_from_a_stem_does_not_need_what_that_went_on_from(folder):
    path = stem(folder, continues=str(folder / "gone.wav"))
    found, take = find_sound(folder, path.name)
    assert found == path.resolve()
    assert take.settings == SETTINGS
