"""Sound files to follow: any rate, depth and channels arrive as the tune that they are, or as a clear error."""

import numpy as np
import pytest
import soundfile

from audiogen_daemon.engine.hearing import find_input, is_file, read_melody, read_style, seconds_of
from audiogen_daemon.models.musicgen.chroma import HOP, chroma
from tests.models.reference.tunes import heard_notes, tune

TUNE = ("A", "F", "G", "D", "E")
RATE = 32_000


def heard(path) -> list[str]:
    pcm = read_melody(path, RATE)
    frames = len(pcm) / HOP
    return heard_notes(chroma(pcm.mean(axis=1), RATE)[: round(frames)], frames / len(TUNE))


@pytest.mark.parametrize("rate", [8_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2, 6, 8])
def test_a_tune_is_heard_at_any_rate_and_on_any_number_of_channels(tmp_path, rate, channels):
    samples = tune(TUNE, rate=rate)
    soundfile.write(tmp_path / "tune.wav", np.repeat(samples[:, None], channels, axis=1), rate)

    pcm = read_melody(tmp_path / "tune.wav", RATE)

    assert pcm.shape == (round(7.5 * RATE), channels if channels <= 2 else 1)
    assert pcm.dtype == np.float32
    assert heard(tmp_path / "tune.wav") == list(TUNE)


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("tune.wav", "PCM_U8"),
        ("tune.wav", "PCM_16"),
        ("tune.wav", "PCM_24"),
        ("tune.wav", "PCM_32"),
        ("tune.wav", "FLOAT"),
        ("tune.wav", "DOUBLE"),
        ("tune.aiff", "PCM_24"),
        ("tune.flac", "PCM_16"),
        ("tune.ogg", "VORBIS"),
        ("tune.mp3", "MPEG_LAYER_III"),
    ],
)
def test_a_tune_is_heard_at_any_depth_and_in_any_format(tmp_path, name, subtype):
    samples = tune(TUNE, rate=44_100)
    soundfile.write(tmp_path / name, np.stack([samples, samples * 0.5], axis=1), 44_100, subtype=subtype)

    assert heard(tmp_path / name) == list(TUNE)


@pytest.mark.parametrize("silent_side", [0, 1])
def test_a_tune_on_one_side_is_heard(tmp_path, silent_side):
    sides = np.repeat(tune(TUNE)[:, None], 2, axis=1)
    sides[:, silent_side] = 0
    soundfile.write(tmp_path / "tune.wav", sides, RATE)

    assert heard(tmp_path / "tune.wav") == list(TUNE)


def test_of_a_long_file_the_beginning_is_a_melody_and_the_middle_a_style(tmp_path):
    ramp = np.linspace(0.1, 0.9, 100 * 8_000, dtype=np.float32)[:, None]
    soundfile.write(tmp_path / "long.wav", ramp, 8_000, subtype="FLOAT")

    melody, style = read_melody(tmp_path / "long.wav", RATE), read_style(tmp_path / "long.wav", RATE)

    assert melody.shape == (30 * RATE, 1)
    assert style.shape == (round(4.5 * RATE), 1)
    assert abs(melody[RATE, 0] - 0.108) < 1e-3
    assert abs(style[len(style) // 2, 0] - 0.5) < 1e-3


def test_a_short_file_is_read_whole_as_a_style(tmp_path):
    soundfile.write(tmp_path / "short.wav", tune(("C",)), RATE)

    assert read_style(tmp_path / "short.wav", RATE).shape == (48_000, 1)


@pytest.mark.parametrize("read", [read_melody, read_style])
@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: None, "in.wav is not there; put the sound file back"),
        (lambda path: path.mkdir(), "in.wav is not there"),
        (lambda path: path.write_bytes(b""), "in.wav cannot be read .*; WAV, AIFF, FLAC"),
        (lambda path: path.write_bytes(b"RIFF\x00\x00\x00\x00WAVEjunk" * 9), "in.wav cannot be read"),
        (lambda path: path.write_text("a melody"), "in.wav cannot be read"),
        (lambda path: soundfile.write(path, np.zeros((0, 2)), RATE), "in.wav lasts 0 s, allowed is up to 600 s"),
        (
            lambda path: soundfile.write(path, np.full((4_000, 1), np.nan), RATE, subtype="FLOAT"),
            "in.wav holds NaN or infinite samples",
        ),
        (lambda path: hours(path, 3), "in.wav lasts 10800 s, allowed is up to 600 s; cut out the part"),
    ],
)
def test_a_file_that_cannot_be_followed_is_named_with_its_cure(tmp_path, read, write, message):
    write(tmp_path / "in.wav")

    with pytest.raises(ValueError, match=message):
        read(tmp_path / "in.wav", RATE)


def test_a_file_that_the_system_refuses_is_named_with_its_cure(tmp_path, monkeypatch):
    def refuse(path, mode):
        raise PermissionError(13, "Permission denied", str(path))

    soundfile.write(tmp_path / "in.wav", tune(("C",)), RATE)
    monkeypatch.setattr("pathlib.Path.open", refuse)

    with pytest.raises(ValueError, match=r"in.wav cannot be read \(Permission denied\); see that its drive is there"):
        read_melody(tmp_path / "in.wav", RATE)


def hours(path, count: int) -> None:
    """A WAV file of so many hours that takes no room: 8 bit at 8 kHz, all a hole."""
    size = count * 3600 * 8_000
    soundfile.write(path, np.zeros(0), 8_000, subtype="PCM_U8")
    header = bytearray(path.read_bytes())
    header[4:8] = (size + len(header) - 8).to_bytes(4, "little")
    at = header.index(b"data") + 4
    header[at : at + 4] = size.to_bytes(4, "little")
    with path.open("wb") as file:
        file.write(header)
        file.truncate(len(header) + size)


@pytest.mark.parametrize(
    "find", [lambda folder: find_input(folder, "in.wav"), lambda folder: seconds_of(folder / "in.wav")]
)
def test_a_drive_without_rights_is_not_taken_for_an_empty_one(tmp_path, monkeypatch, find):
    def refuse(path, **_):
        raise PermissionError(13, "Permission denied", str(path))

    soundfile.write(tmp_path / "in.wav", tune(("C",)), RATE)
    monkeypatch.setattr("pathlib.Path.is_file", lambda path: False)  # as Python 3.14 answers there
    monkeypatch.setattr("pathlib.Path.stat", refuse)

    with pytest.raises(ValueError, match=r"in.wav cannot be read \(Permission denied\); see that its drive is there"):
        find(tmp_path)


def test_a_file_is_not_there_where_what_should_be_its_folder_is_a_file(tmp_path):
    (tmp_path / "in").write_text("no folder")
    soundfile.write(tmp_path / "tune.wav", tune(("C",)), RATE)
    assert find_input(tmp_path, "tune.wav") == tmp_path / "tune.wav"
    assert not is_file(tmp_path / "gone.wav")
    assert not is_file(tmp_path)
