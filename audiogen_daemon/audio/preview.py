"""A take as a WAV file that grows while it is made, so that a device inside the DAW can play it behind the writer."""

from pathlib import Path

import numpy as np

from audiogen_daemon.audio.ring import PCM
from audiogen_daemon.audio.wav import write_wav

KEPT = 8
"""Previews that stay in the folder: a player may still read the one before."""


class Preview:
    """The file of one take: its whole length is there from the start, as silence, and is filled in place.

    It is stereo, 32-bit float, at the take's own rate; a player that overtakes the writer hears silence.
    """

    def __init__(self, folder: Path, take: int, rate: int, samples: int) -> None:
        """Write the silent file and remove the oldest ones of the folder.

        Raises:
            OSError: the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for old in sorted(folder.glob("preview-*.wav"), key=lambda path: path.stat().st_mtime)[: -KEPT + 1]:
            old.unlink(missing_ok=True)
        self.path = folder / f"preview-{take}.wav"
        self.rate = rate
        self.written = 0
        self._samples = samples
        with self.path.open("wb") as file:
            write_wav(file, np.zeros((samples, 2), np.float32), rate, "float32")
        self._file = self.path.open("r+b")
        self._start = self.path.stat().st_size - samples * 8

    def write(self, pcm: PCM) -> None:
        """Fill in the next samples; what is beyond the take's length is left out."""
        room = pcm[: self._samples - self.written]
        stereo = np.repeat(room, 2, axis=1) if room.shape[1] == 1 else room[:, :2]
        self._file.seek(self._start + self.written * 8)
        self._file.write(np.ascontiguousarray(stereo, dtype="<f4").tobytes())
        self._file.flush()
        self.written += len(room)

    def close(self) -> None:
        """The take is whole, or will not become so."""
        self._file.close()
