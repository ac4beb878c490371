"""Between the session's words and the recorder: each recording is a process of its own, which ends with it."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from audiogen_daemon import messages as m
from audiogen_daemon.audio import recording as rec
from audiogen_daemon.child import Child, spawn
from audiogen_daemon.config import Record as RecordConfig
from audiogen_daemon.transport import Grid

log = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds without a word after which a recorder counts as hung: a slow disk, or a Mac that asks for permission."""


class InputRecorder:
    """Starts recorders, one at a time, and passes on what they say; `tell` is called from a thread of each.

    `start`, `stop` and `set_grid` belong to one thread.
    """

    def __init__(self, config: RecordConfig, folder: Path, tell: Callable[[m.Message], None]) -> None:
        self._config = config
        self._folder = folder
        self._tell = tell
        self._sending = threading.Lock()
        self._pipe: Connection | None = None
        self._thread: threading.Thread | None = None

    def start(self, effect: m.StartRecording) -> None:
        """Have the input recorded; events tell how it goes, the last is done, cancelled or failed."""
        try:
            child, pipe = spawn("audiogen_daemon.audio.recorder")
        except OSError as error:
            self._tell(m.RecordingFailed(f"no process can be started ({error}); close other programs"))
            return
        self._pipe = pipe
        device, offset = self._config.device or None, self._config.offset
        self._send(rec.Order(device, self._folder, effect.bars, effect.seconds, effect.grid, offset))
        self._thread = threading.Thread(target=self._follow, args=(child, pipe), name="recorder", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the recording and keep what there is."""
        self._send(rec.End())

    def set_grid(self, grid: Grid | None) -> None:
        """Say where the DAW's bars fall, for a recording that waits for one."""
        self._send(rec.NewGrid(grid))

    def close(self, timeout: float = 3.0) -> None:
        """Keep what there is, and wait for it."""
        self.stop()
        if self._thread is not None:
            self._thread.join(timeout)

    def _send(self, message: rec.Order | rec.NewGrid | rec.End) -> None:
        with self._sending, suppress(OSError):  # one that has ended has said how
            if self._pipe is not None:
                self._pipe.send(message)

    def _follow(self, child: Child, pipe: Connection) -> None:
        """Pass on what one recorder says, until its last word."""
        end = f"the recording process said nothing for {PATIENCE:g} s; connect the input again and record anew"
        ended = False
        try:
            while not ended and pipe.poll(PATIENCE):
                event: rec.RecorderEvent = pipe.recv()
                ended = isinstance(event, rec.Kept | rec.Cancelled | rec.Failed)
                self._tell(_as_message(event))
        except (EOFError, OSError):
            end = "the recording process ended; record again"
        if not ended:
            child.kill()
            self._tell(m.RecordingFailed(end))
        with self._sending:
            pipe.close()
        code = child.wait()
        if code:
            log.error("the recorder left with code %d", code)


def _as_message(event: rec.RecorderEvent) -> m.Event:
    match event:
        case rec.Waiting(seconds):
            return m.RecordingWaiting(seconds)
        case rec.Started(name, seconds):
            return m.RecordingStarted(name, seconds)
        case rec.Recorded(seconds, level):
            return m.RecordingProgress(seconds, level)
        case rec.Kept(path, seconds, remark):
            return m.RecordingDone(path.name, seconds, str(path), remark)
        case rec.Cancelled():
            return m.RecordingCancelled()
        case rec.Failed(reason):
            return m.RecordingFailed(reason)
