"""What a stem says about itself is read back by libsndfile, by wavinfo and by us, and its audio is untouched."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from wavinfo import WavInfoReader

from audiogen_daemon.audio.describe import describe, read_record
from audiogen_daemon.audio.edges import faded
from audiogen_daemon.audio.metadata import bar_starts, beats_in, root_note
from audiogen_daemon.audio.record import StemRecord
from audiogen_daemon.audio.stems import StemFormat, save
from audiogen_daemon.audio.wav import chunk, find_chunks, is_whole, to_pcm24

RECORD = StemRecord(
    uid="6f1c-7",
    take=7,
    prompt='späte "Rhodes" & <b>Regen</b> 🎹',
    model="musicgen-small",
    seed=42,
    created="2026-03-01T09:30:00+01:00",
    tempo=120.0,
    bars=2,
    key="F# minor",
    loop=True,
    settings={"temperature": 0.9},
)
PCM = (0.1 * np.random.default_rng(0).standard_normal((4 * 44100, 2))).astype(np.float32)


@pytest.fixture
def stem(tmp_path: Path) -> Path:
    return save(RECORD, PCM, 44100, tmp_path, StemFormat(rate=44100, encoding="float32")).path


def test_the_audio_is_untouched(stem: Path) -> None:
    assert np.array_equal(soundfile.read(stem, dtype="float32")[0], faded(PCM, 44100))


def test_libsndfile_reads_tempo_loop_and_cues(stem: Path) -> None:
    text = " ".join(soundfile.info(str(stem), verbose=True).extra_info.split())
    for words in ("Beats : 8", "Meter : 4/4", "Tempo : 120", "Root note : 0x36", "bext : 6", "smpl : 60", "cue : 52"):
        assert words in text, text
    assert "should be" not in text


def test_wavinfo_reads_bext_ixml_info_cues_and_loop(stem: Path) -> None:
    info = WavInfoReader(str(stem))
    assert info.bext.description.strip() == 'spate "Rhodes" & <b>Regen</b>'
    assert info.bext.originator == "audiogen-daemon"
    assert info.bext.originator_date == "2026-03-01"
    assert info.bext.originator_time == "09:30:00"
    assert info.info.to_dict()["software"].startswith("audiogen-daemon")
    assert info.ixml.project == "audiogen"
    assert info.ixml.take == "7"
    assert info.cues.to_dict() == {1: {"frame": 0, "label": "bar 1"}, 2: {"frame": 88200, "label": "bar 2"}}
    loop = info.smpl.to_dict()["loops"][0]
    assert (loop["start_samples"], loop["end_samples"]) == (0, len(PCM) - 1)


@pytest.mark.parametrize("encoding", ["pcm24", "float32", "flac", "aiff"])
def test_a_stem_alone_is_enough_to_make_the_take_again(tmp_path: Path, encoding: str) -> None:
    saved = save(RECORD, PCM, 44100, tmp_path, StemFormat(encoding=encoding))  # type: ignore[arg-type]
    assert read_record(saved.sidecar) == RECORD
    saved.sidecar.unlink()
    assert read_record(saved.path.rename(tmp_path / f"Ü {encoding} 🎹{saved.path.suffix}")) == RECORD


def test_a_description_says_it_all(stem: Path) -> None:
    facts = describe(stem)
    assert facts["chunks"] == ["bext", "fmt", "fact", "data", "acid", "smpl", "cue", "LIST", "LIST", "iXML"]
    assert facts["acid"] == {
        "one_shot": False,
        "root": 54,
        "stretch": True,
        "beats": 8,
        "signature": "4/4",
        "tempo": 120.0,
    }
    assert facts["loop"] == {"start": 0, "end": len(PCM) - 1}
    assert facts["cues"] == [0, 88200]
    assert facts["record"] == dataclasses.asdict(RECORD)
    assert facts["seconds"] == 4.0


def test_a_foreign_file_is_described_without_a_record(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "foreign.wav", PCM[:100], 44100)
    facts = describe(tmp_path / "foreign.wav")
    assert facts["record"] is None
    assert facts["samples"] == 100


def test_a_take_without_tempo_and_key_says_nothing_of_them(tmp_path: Path) -> None:
    record = dataclasses.replace(RECORD, tempo=None, bars=None, key=None, loop=False)
    facts = describe(save(record, PCM[:999], 44100, tmp_path, StemFormat()).path)
    assert not {"acid", "smpl", "cue"} & set(facts["chunks"])
    assert facts["record"] == dataclasses.asdict(record)


@pytest.mark.parametrize("cut", [0, 3, 11, 13, 40, 700, 5000])
def test_a_cut_off_file_is_refused_and_not_whole(stem: Path, tmp_path: Path, cut: int) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(stem.read_bytes()[:cut])
    assert not is_whole(broken)
    if cut < 700:
        with pytest.raises(ValueError, match="not sound that can be read"):
            describe(broken)


def test_a_file_of_more_than_four_gigabytes_by_its_header_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, PCM[:10], 44100, format="RF64")
    assert is_whole(path)
    assert describe(path)["samples"] == 10


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"bext", b"acid", b"smpl", b"cue ", b"LIST", b"iXML"]))
def test_no_chunk_however_wrong_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes, name: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.wav"
    with io.BytesIO() as file:
        soundfile.write(file, PCM[:10], 44100, format="WAV")
        whole = file.getvalue() + chunk(name, raw)
    path.write_bytes(whole)
    assert describe(path)["samples"] == 10
    with path.open("rb") as opened:
        assert [found.name for found in find_chunks(opened)][-1] == name.decode()


@pytest.mark.parametrize(
    ("key", "note"), [("C", 48), ("A minor", 57), ("F# major", 54), ("Gb", 54), ("Cb", 59), ("H", None), (None, None)]
)
def test_a_key_gives_a_root_note(key: str | None, note: int | None) -> None:
    assert root_note(key) == note


def test_bars_follow_the_signature() -> None:
    six_eight = dataclasses.replace(RECORD, beats=6, unit=8, tempo=90.0)
    assert bar_starts(six_eight, 48000, 200_000) == [0, 96000, 192000]
    assert beats_in(six_eight, 48000, 192000) == 12
    assert bar_starts(dataclasses.replace(RECORD, tempo=1e6), 48000, 48000) == []


def test_full_scale_is_clipped_and_dither_is_one_step() -> None:
    loud = np.array([[1.5], [-1.5], [0.0]], np.float32)
    raw = to_pcm24(loud, np.random.default_rng(0))
    values = [int.from_bytes(raw[i : i + 3], "little", signed=True) for i in (0, 3, 6)]
    assert values[:2] == [2**23 - 1, -(2**23)]
    assert abs(values[2]) <= 1
