"""A preview is there whole from the start, and is filled in behind the model."""

import os

import numpy as np
import soundfile

from audiogen_daemon.audio.preview import KEPT, Preview


def noise(samples: int, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(1).uniform(-1, 1, (samples, channels)).astype(np.float32)


def test_the_file_has_its_whole_length_at_once_and_fills_from_the_left(tmp_path):
    preview, pcm = Preview(tmp_path, 7, 32000, 1000), noise(1000)
    preview.write(pcm[:300])
    heard, rate = soundfile.read(preview.path, dtype="float32")
    assert (heard.shape, rate, preview.written) == ((1000, 2), 32000, 300)
    assert np.array_equal(heard[:300, 0], pcm[:300, 0])
    assert np.array_equal(heard[:300, 1], pcm[:300, 0])
    assert not heard[300:].any()
    preview.write(pcm[300:])
    preview.close()
    assert np.array_equal(soundfile.read(preview.path, dtype="float32")[0][:, 0], pcm[:, 0])


def test_stereo_stays_stereo_and_what_is_too_much_is_left_out(tmp_path):
    preview, pcm = Preview(tmp_path, 1, 32000, 100), noise(150, 2)
    preview.write(pcm)
    preview.close()
    heard, _ = soundfile.read(preview.path, dtype="float32")
    assert np.array_equal(heard, pcm[:100])


def test_old_previews_go_and_other_files_stay(tmp_path):
    (tmp_path / "mine.wav").write_bytes(b"x")
    for take in range(KEPT + 4):
        preview = Preview(tmp_path, take, 32000, 10)
        preview.close()
        os.utime(preview.path, (take, take))
    names = {path.name for path in tmp_path.iterdir()}
    assert len(names) == KEPT + 1
    assert {"mine.wav", f"preview-{KEPT + 3}.wav"} <= names
