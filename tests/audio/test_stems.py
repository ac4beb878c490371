"""Stems are exact, whole, never in each other's place, and enough to make the take again."""

import dataclasses
import errno
import json
import os
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from audiogen_daemon.audio import atomic, held, stems
from audiogen_daemon.audio.describe import read_record
from audiogen_daemon.audio.edges import faded
from audiogen_daemon.audio.record import StemRecord
from audiogen_daemon.audio.resample import resample
from audiogen_daemon.audio.stems import StemError, StemFormat, recover, save, true_peak_db


def a_record(**changes: object) -> StemRecord:
    record = StemRecord(
        uid="6f1c-7",
        take=7,
        prompt="dusty rhodes loop",
        model="musicgen-small",
        seed=42,
        created="2026-03-01T09:30:00+01:00",
        settings={"temperature": 0.9, "seconds": 1.0},
    )
    return dataclasses.replace(record, **changes)  # type: ignore[arg-type]


def noise(samples: int, channels: int = 1) -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal((samples, channels)).astype(np.float32)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("encoding", "tolerance"), [("pcm24", 2.5e-7), ("float32", 0.0), ("flac", 2.5e-7), ("aiff", 2.5e-7)]
)
def test_the_audio_comes_back_as_it_was(tmp_path: Path, encoding: stems.Encoding, tolerance: float) -> None:
    pcm = noise(44101, 2)
    saved = save(a_record(), pcm, 44100, tmp_path, StemFormat(rate=44100, encoding=encoding))
    back, rate = soundfile.read(saved.path, dtype="float32", always_2d=True)
    assert rate == 44100
    assert back.shape == pcm.shape
    assert np.abs(back - faded(pcm, rate)).max() <= tolerance


def test_a_take_is_resampled_to_the_length_that_is_asked_for(tmp_path: Path) -> None:
    pcm = noise(32000)
    own = save(a_record(), pcm, 32000, tmp_path, StemFormat(rate=44100, encoding="float32"))
    assert own.samples == 44100
    assert np.array_equal(soundfile.read(own.path, dtype="float32")[0], faded(resample(pcm, 32000, 44100), 44100)[:, 0])
    exact = save(a_record(), pcm, 32000, tmp_path, StemFormat(rate=44100), samples=44103)
    assert soundfile.info(exact.path).frames == 44103


def test_the_same_take_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (save(a_record(), noise(1000), 48000, tmp_path, StemFormat()) for _ in range(2))
    assert first.path != second.path
    assert first.path.read_bytes() == second.path.read_bytes()


def test_numbers_go_on_after_the_highest_and_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "lofi_007.wav").write_bytes(b"mine")
    (tmp_path / "lofi_009.json").write_bytes(b"{}")
    form = StemFormat(template="lofi_{number:03d}")
    assert save(a_record(), noise(10), 48000, tmp_path, form).path.name == "lofi_010.wav"
    assert (tmp_path / "lofi_007.wav").read_bytes() == b"mine"


def test_a_template_without_a_number_still_never_collides(tmp_path: Path) -> None:
    saved = [save(a_record(), noise(10), 48000, tmp_path, StemFormat(template="{slug}")).path.name for _ in range(3)]
    assert saved == ["dusty-rhodes-loop.wav", "dusty-rhodes-loop-2.wav", "dusty-rhodes-loop-3.wav"]


@pytest.mark.parametrize("template", ["{slug}_{number:03d}", "{number:03d}_{slug}", "{slug}"])
def test_a_final_is_named_after_its_draft_and_numbers_go_on_as_before(tmp_path: Path, template: str) -> None:
    form = StemFormat(template=template)
    draft = save(a_record(final="f"), noise(10), 48000, tmp_path, form).path
    later = save(a_record(uid="later"), noise(10), 48000, tmp_path, form).path
    final = a_record(uid="f", draft_of="6f1c-7", model="musicgen-medium")
    assert save(final, noise(10), 48000, tmp_path, form).path.stem == f"{draft.stem}_musicgen-medium"
    assert save(final, noise(10), 48000, tmp_path, form).path.stem == f"{draft.stem}_musicgen-medium-2"
    next_one = save(a_record(uid="next"), noise(10), 48000, tmp_path, form).path.stem
    assert next_one == later.stem.replace("2", "3")


def test_a_final_follows_the_draft_to_its_new_name_and_does_without_it(tmp_path: Path) -> None:
    draft = save(a_record(final="f"), noise(10), 48000, tmp_path, StemFormat())
    final = a_record(uid="f", draft_of="6f1c-7", model="musicgen-medium")
    renamed = draft.sidecar.rename(tmp_path / "the hook.json")
    assert save(final, noise(10), 48000, tmp_path, StemFormat()).path.name == "the-hook_musicgen-medium.wav"
    renamed.unlink()
    draft.path.unlink()
    assert save(final, noise(10), 48000, tmp_path, StemFormat()).path.name == "dusty-rhodes-loop_001.wav"


def test_many_savers_at_once_get_names_of_their_own(tmp_path: Path) -> None:
    saved: list[Path] = []

    def work(index: int) -> None:
        record = a_record(uid=f"take-{index}")
        saved.append(save(record, noise(100), 48000, tmp_path, StemFormat()).path)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(saved)) == 8
    for path in saved:
        record, embedded = json.loads(path.with_suffix(".json").read_text()), read_record(path)
        assert record["file"] == path.name
        assert embedded is not None
        assert embedded.uid == record["uid"]


def test_the_sidecar_lands_before_the_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = []
    publish = atomic.publish
    monkeypatch.setattr(atomic, "publish", lambda part, path: (order.append(path.suffix), publish(part, path)))
    save(a_record(), noise(10), 48000, tmp_path, StemFormat())
    assert order == [".json", ".wav"]
    assert names(tmp_path) == ["dusty-rhodes-loop_001.json", "dusty-rhodes-loop_001.wav"]


def test_a_disk_without_links_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    for number in (1, 2):
        assert save(a_record(), noise(10), 48000, tmp_path, StemFormat()).path.name.endswith(f"00{number}.wav")
    assert len(names(tmp_path)) == 4


@pytest.mark.parametrize(
    ("number", "code", "cure"),
    [
        (errno.ENOSPC, "disk_full", "free some space"),
        (errno.EACCES, "no_rights", "stems.folder"),
        (errno.EPERM, "no_rights", "stems.folder"),
        (errno.EROFS, "no_rights", "stems.folder"),
        (errno.ENOENT, "no_folder", "bring it back"),
        (errno.EIO, "io", "check the disk"),
    ],
)
@pytest.mark.parametrize("step", ["fsync", "link"])
def test_a_failed_write_leaves_nothing_and_names_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str, cure: str, step: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, step, fail)
    if step == "link":
        monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(StemError, match=cure) as error:
        save(a_record(), noise(1000), 48000, tmp_path, StemFormat())
    assert error.value.code == code
    assert names(tmp_path) == []


def test_a_full_disk_in_the_middle_of_a_file_leaves_nothing(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(StemError):
            save(a_record(), noise(48000), 48000, tmp_path, StemFormat())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert names(tmp_path) == []


def test_a_missing_folder_is_named_and_not_made_up(tmp_path: Path) -> None:
    with pytest.raises(StemError, match="is not there; create it") as error:
        save(a_record(), noise(10), 48000, tmp_path / "gone", StemFormat())
    assert error.value.code == "no_folder"
    assert not (tmp_path / "gone").exists()


def test_a_held_take_is_kept_without_loss_and_saved_when_the_folder_is_back(tmp_path: Path) -> None:
    state, folder, form = tmp_path / "state", tmp_path / "stems", StemFormat(encoding="float32")
    pcm = noise(16000)
    held.hold(a_record(), pcm, 32000, state, samples=24001)
    held.hold(a_record(uid="second"), pcm, 32000, state)
    assert held.retry_held(state, folder, form) == []
    assert [waiting.record.uid for waiting in held.held(state)] == ["6f1c-7", "second"]

    folder.mkdir()
    landed = held.retry_held(state, folder, form)
    assert [(record, saved.samples) for record, saved in landed] == [
        (a_record(), 24001),
        (a_record(uid="second"), 24000),
    ]
    straight = save(a_record(), pcm, 32000, tmp_path, form, samples=24001)
    assert landed[0][1].path.read_bytes() == straight.path.read_bytes()
    assert names(state / "held") == []
    assert held.retry_held(state, folder, form) == []


def test_a_held_take_that_is_damaged_is_put_aside_and_keeps_no_other_from_landing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    held.hold(a_record(), noise(1000), 32000, state).path.write_bytes(b"RIFF and nothing more")
    held.hold(a_record(uid="second"), noise(1000), 32000, state)

    [(record, _)] = held.retry_held(state, tmp_path, StemFormat())

    assert record.uid == "second"
    assert held.held(state) == []
    assert (state / "held" / "6f1c-7.damaged").read_bytes() == b"RIFF and nothing more"


def test_after_a_crash_a_take_is_found_or_its_lonely_sidecar_is_removed(tmp_path: Path) -> None:
    saved = save(a_record(), noise(10), 48000, tmp_path, StemFormat())
    other = save(a_record(uid="other"), noise(10), 48000, tmp_path, StemFormat())
    assert recover(tmp_path, "6f1c-7") == saved.path
    assert recover(tmp_path, "unknown") is None
    saved.path.unlink()
    assert recover(tmp_path, "6f1c-7") is None
    assert names(tmp_path) == [other.sidecar.name, other.path.name]


def test_parts_of_dead_processes_are_swept(tmp_path: Path) -> None:
    dead = tmp_path / ".x.wav.999999999.part"
    alive = tmp_path / f".x.wav.{os.getppid()}.part"
    for path in (dead, alive, tmp_path / ".other.part", tmp_path / "x.wav"):
        path.write_bytes(b"")
    assert atomic.sweep_parts(tmp_path) == [dead]
    assert alive.exists()
    assert atomic.sweep_parts(tmp_path / "missing") == []


def test_the_true_peak_sees_between_the_samples() -> None:
    quarter = np.sin(np.pi / 2 * np.arange(4800) + np.pi / 4).astype(np.float32)[:, None]
    assert 20 * np.log10(np.abs(quarter).max()) == pytest.approx(-3.01, abs=0.01)
    assert true_peak_db(quarter, 48000) == pytest.approx(0.0, abs=0.5)
    assert true_peak_db(np.zeros((100, 1), np.float32), 48000) == -200.0


def test_the_ceiling_is_a_plain_gain_and_is_told(tmp_path: Path) -> None:
    loud = 1.5 * np.sin(0.05 * np.arange(48000)).astype(np.float32)[:, None]
    form = StemFormat(encoding="float32", ceiling_db=-1.0)
    saved = save(a_record(), loud, 48000, tmp_path, form)
    back = soundfile.read(saved.path, dtype="float32", always_2d=True)[0]
    assert true_peak_db(back, 48000) <= -1.0 + 0.01
    assert np.allclose(back, faded(loud, 48000) * 10 ** (saved.gain_db / 20), atol=1e-6)
    assert json.loads(saved.sidecar.read_text())["audio"]["gain_db"] == saved.gain_db
    quiet = save(a_record(), 0.1 * loud, 48000, tmp_path, form)
    assert quiet.gain_db == 0


@settings(max_examples=50)
@given(st.text(max_size=300), st.integers(0, 2**32 - 1), st.one_of(st.none(), st.text(max_size=10)))
def test_any_words_survive_the_way_through_a_record(prompt: str, seed: int, key: str | None) -> None:
    record = a_record(prompt=prompt, seed=seed, key=key)
    assert StemRecord.from_json(record.to_json()) == record


@pytest.mark.parametrize("text", ["", "{", "[]", '{"audiogen": 1}', '{"prompt": "x"}', "null", "[" * 100_000])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="record"):
        StemRecord.from_json(text)


def test_a_uid_that_could_be_a_path_is_refused() -> None:
    with pytest.raises(ValueError, match="letters, digits and dashes"):
        a_record(uid="../x")
