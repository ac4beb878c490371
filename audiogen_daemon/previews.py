"""Previews of takes on their way to files that a device in the DAW plays while they grow."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from audiogen_daemon import messages as m
from audiogen_daemon.audio.preview import Preview
from audiogen_daemon.audio.ring import PCM

log = logging.getLogger(__name__)

INTERVAL = 0.1
"""Seconds between two messages about how far a preview is."""


class Previews:
    """All methods belong to the thread that writes to the disk; `tell` is called from it."""

    def __init__(self, folder: Path, tell: Callable[[m.Message], None]) -> None:
        self._folder = folder
        self._tell = tell
        self._open: dict[int, Preview] = {}
        self._told_at = 0.0

    def begin(self, job: m.JobStarted) -> None:
        """Make the silent file of a take, and say where it is."""
        try:
            preview = Preview(self._folder, job.take, job.sample_rate, job.samples)
        except OSError as error:
            log.warning("no preview of take %d: %s", job.take, error)
            return
        self._open[job.take] = preview
        self._tell(m.PreviewStarted(job.take, str(preview.path), job.samples / job.sample_rate))

    def feed(self, take: int, pcm: PCM) -> None:
        """Fill in the take's next samples."""
        preview = self._open.get(take)
        if preview is None:
            return
        try:
            preview.write(pcm)
        except OSError as error:
            log.warning("the preview of take %d ends early: %s", take, error)
            self.end(take)
            return
        if time.monotonic() - self._told_at >= INTERVAL:
            self._told_at = time.monotonic()
            self._tell(m.PreviewWritten(take, preview.written / preview.rate))

    def end(self, take: int) -> None:
        """The take is whole, or will not become so; the file stays for those who still play it."""
        preview = self._open.pop(take, None)
        if preview is not None:
            preview.close()
            self._tell(m.PreviewWritten(take, preview.written / preview.rate))

    def end_all(self) -> None:
        """None of the takes that are being made will become whole: their engine is gone."""
        for take in list(self._open):
            self.end(take)
