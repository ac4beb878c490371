"""The recorder is a process that opens the input, writes what it hears into one file, and ends.

There is one process for each recording. PortAudio looks for devices when it starts, so a microphone that was connected
a moment ago is found; the device is open only while it is recorded, which macOS shows by its orange dot; and what
hangs or dies in here takes nothing else along.
"""

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import BinaryIO

import numpy as np

from audiogen_daemon.audio import atomic
from audiogen_daemon.audio.input import Input, InputError
from audiogen_daemon.audio.levels import decibels
from audiogen_daemon.audio.naming import free_names
from audiogen_daemon.audio.recording import (
    Cancelled,
    End,
    Failed,
    Kept,
    NewGrid,
    Order,
    Recorded,
    RecorderEvent,
    Started,
    Waiting,
)
from audiogen_daemon.audio.ring import PCM
from audiogen_daemon.audio.wav import GrowingWav
from audiogen_daemon.child import parent

TEMPLATE = "recording_{number:03d}"
SILENCE_DB = -90.0
"""Peak under which a recording counts as silence, dBFS."""
_LOOK = 0.02  # seconds between two looks at what came in
_TELL = 0.1  # seconds between two messages
_SETTLE = 0.5  # seconds after a bar line in which the clock gets sure of where it was
_KEPT = 1.0  # seconds that are kept while waiting, for bar lines that move
_SPARE = 2**24  # bytes that stay free on the disk
_CLIPPED = 0.9999


class _StoppedEarly(Exception):
    """It was stopped before its first sample."""


class Recorder:
    """Carries out one order; `say` hears the events, of which the last is one of done, cancelled and failed."""

    def __init__(self, order: Order, say: Callable[[RecorderEvent], None]) -> None:
        self._order = order
        self._say = say
        self._stopped = threading.Event()
        self._peak = self._loudest = 0.0
        self._told_at = 0.0
        self._dropped_before = 0
        self._lost = ""
        self.grid = order.grid
        """Where the DAW's bars fall; followed until the recording has begun."""

    def stop(self) -> None:
        """End early and keep what there is."""
        self._stopped.set()

    def run(self) -> None:
        """Record; when this returns the file is in the folder, or nothing is."""
        folder = self._order.folder
        event: RecorderEvent
        try:
            folder.mkdir(exist_ok=True)
            source = Input(self._order.device)
            try:
                event = self._record(source, folder)
            finally:
                source.close()
        except _StoppedEarly:
            event = Cancelled()
        except InputError as error:
            event = Failed(str(error))
        except OSError as error:
            event = Failed(_reason(folder, error))
        self._say(event)

    def _record(self, source: Input, folder: Path) -> RecorderEvent:
        self._check_space(source)
        seconds, begins_at = self._wait(source)
        samples = round(seconds * source.rate)
        name = f"{next(free_names(folder, TEMPLATE, {}))}.wav"
        self._dropped_before = source.dropped
        self._say(Started(name, samples / source.rate))
        if begins_at is not None:
            self._settle(source, begins_at)
        done = 0

        def write(file: BinaryIO) -> None:
            nonlocal done
            wav = GrowingWav(file, source.rate, source.channels)
            for pcm in self._hear(source, samples):
                wav.write(pcm)
            wav.finish()
            done = wav.samples
            if done == 0:
                raise InputError(self._lost) if self._lost else _StoppedEarly

        path = _publish(atomic.write_part(folder / name, write), folder)
        return Kept(path, done / source.rate, self._remark(source))

    def _check_space(self, source: Input) -> None:
        needed = round(self._order.seconds * source.rate) * source.channels * 3 + _SPARE
        free = shutil.disk_usage(self._order.folder).free
        if free < needed:
            raise InputError(
                f"the disk of {self._order.folder} has {free / 1e6:.0f} MB left and {needed / 1e6:.0f} MB are needed; "
                "free some space"
            )

    def _wait(self, source: Input) -> tuple[float, float | None]:
        """Let time go by until the recording begins; return its seconds, and when its first sample comes in.

        None: it begins with the first sample that there is.
        """
        order, ring = self._order, source.ring
        while not self._stopped.wait(_LOOK):
            grid = self.grid
            if reason := source.lost():
                raise InputError(f'the input "{source.name}" is gone: {reason}; connect it again')
            if not source.clock.running:
                continue
            if grid is None:
                return order.seconds, None if order.grid is None else time.monotonic()
            boundary = grid.next(source.clock.heard_at(ring.read) - order.offset, "bar")
            if source.clock.frame_at(boundary + order.offset) <= ring.written:
                return order.bars * grid.bar if order.bars else order.seconds, boundary + order.offset
            self._read(source, max(0, ring.available - round(_KEPT * source.rate)))
            if self._time_to_tell():
                self._say(Waiting(max(0.0, boundary - time.monotonic())))
        raise _StoppedEarly

    def _settle(self, source: Input, moment: float) -> None:
        """Drop what came in before a moment; callbacks come late, and the more there were the better it is known."""
        while source.ring.written < source.clock.frame_at(moment) + _SETTLE * source.rate:
            if self._stopped.wait(_LOOK) or source.lost():
                break
        early = source.clock.frame_at(moment) - source.ring.read
        source.ring.advance(max(0, min(early, source.ring.available)))

    def _hear(self, source: Input, samples: int) -> Iterator[PCM]:
        """Yield what comes in until there are so many samples, or it is stopped, or the device is lost."""
        done = 0
        while done < samples and not self._lost:
            stopped = self._stopped.wait(_LOOK)
            pcm = self._read(source, samples - done)
            done += len(pcm)
            self._peak = max(self._peak, float(np.abs(pcm).max(initial=0.0)))
            self._loudest = max(self._loudest, self._peak)
            yield pcm
            if stopped:
                return
            self._lost = source.lost() if done < samples else ""
            if done == samples or self._time_to_tell():
                self._say(Recorded(done / source.rate, decibels(self._peak)))
                self._peak = 0.0

    def _read(self, source: Input, most: int) -> PCM:
        out = np.empty((min(most, source.ring.available), source.channels), np.float32)
        pcm = out[: source.ring.read_into(out)]
        return np.nan_to_num(pcm, copy=False, posinf=1.0, neginf=-1.0)

    def _time_to_tell(self) -> bool:
        due = time.monotonic() - self._told_at >= _TELL
        if due:
            self._told_at = time.monotonic()
        return due

    def _remark(self, source: Input) -> str:
        """Return what may be wrong with the recording, and the cure; nothing when all is well."""
        if self._lost:
            return f"it ends early: {self._lost}; connect the input again"
        if decibels(self._loudest) < SILENCE_DB:
            return f'only silence came from "{source.name}"; {_silence_cure()}'
        if self._loudest >= _CLIPPED:
            return "it clips; turn the input down and record again"
        dropped = source.dropped - self._dropped_before
        if dropped:
            return f"sound was lost {dropped} times; close other programs and record again"
        return ""


def _publish(part: Path, folder: Path) -> Path:
    """Give a finished recording the next free name."""
    try:
        for name in free_names(folder, TEMPLATE, {}):
            path = folder / f"{name}.wav"
            with suppress(FileExistsError):
                atomic.publish(part, path)
                atomic.sync_folder(folder)
                return path
    finally:
        part.unlink(missing_ok=True)
    raise InputError(f"{folder} holds too many recordings; move some away")


def _reason(folder: Path, error: OSError) -> str:
    from audiogen_daemon.audio.stems import stem_error  # takes long to import, and a musician waits for the start

    stem = stem_error(folder, error)
    if stem.code == "disk_full":
        return f"the disk of {folder} is full; free some space and record again"
    return str(stem)


def _silence_cure() -> str:
    cure = "check the cable and the input's level, or set record.device"
    if sys.platform == "darwin":
        # A login service is not asked where its Python says nothing of microphones; a terminal is.
        return (
            "allow the microphone in System Settings > Privacy & Security; where that lists no Python: "
            f"audiogen-daemon stop, then audiogen-daemon run in Terminal. Else {cure}"
        )
    return cure


def _listen(pipe: Connection, recorder: Recorder) -> None:
    """Follow what the daemon says; when it is gone, keep what there is."""
    try:
        while True:
            message: NewGrid | End = pipe.recv()
            if isinstance(message, NewGrid):
                recorder.grid = message.grid
            else:
                recorder.stop()
    except (EOFError, OSError):
        recorder.stop()


def main() -> None:
    """Carry out the one order that comes through the pipe."""
    pipe = parent(__doc__)

    def say(event: RecorderEvent) -> None:
        with suppress(OSError):
            pipe.send(event)

    try:
        recorder = Recorder(pipe.recv(), say)
    except EOFError:
        return
    threading.Thread(target=_listen, args=(pipe, recorder), name="pipe", daemon=True).start()
    recorder.run()


if __name__ == "__main__":
    main()
