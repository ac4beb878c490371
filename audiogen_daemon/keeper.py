"""The keeper of takes: collects their audio, puts stems into the drop folder, and remembers what has landed."""

import contextlib
import dataclasses
import logging
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from audiogen_daemon import messages as m
from audiogen_daemon.audio import atomic, dropfolder, held, stems
from audiogen_daemon.audio.finish import Findings, Goal, finish
from audiogen_daemon.audio.naming import check_template
from audiogen_daemon.audio.record import StemRecord
from audiogen_daemon.audio.resample import resample
from audiogen_daemon.audio.ring import PCM
from audiogen_daemon.audio.wav import write_wav
from audiogen_daemon.config import Config, ConfigError
from audiogen_daemon.errors import CommandError
from audiogen_daemon.finding import find_sound, find_stem
from audiogen_daemon.journal import Journal
from audiogen_daemon.settings import Settings
from audiogen_daemon.watching import watchers

log = logging.getLogger(__name__)

JAM_SECONDS = 300.0
"""How much of a jam is remembered for /jam/keep."""

CEILING_DB = -1.0
"""True peak that the peak guard allows, dBTP."""

MADE_AGAIN = "it is made again from its seed at the daemon's next start"
KEPT_AGAIN = "see that one of them can be written, and send /jam/keep again"
"""What follows where a take, or the end of a jam, could be kept nowhere."""


@dataclasses.dataclass
class _Recording:
    rate: int
    channels: int
    parts: list[PCM]

    def push(self, pcm: PCM) -> bool:
        """Take the next samples; True when they are the first."""
        self.parts.append(pcm)
        return len(self.parts) == 1

    @property
    def begun(self) -> bool:
        return bool(self.parts)

    def joined(self, most: int | None = None) -> PCM:
        """Return all samples, or the last so many."""
        pcm = np.concatenate([np.zeros((0, self.channels), np.float32), *self.parts])
        return pcm if most is None else pcm[max(0, len(pcm) - most) :]


class _JamRecording:
    """The end of a jam; its memory is taken when it begins, and never grows."""

    def __init__(self, rate: int, channels: int) -> None:
        self.rate, self.channels = rate, channels
        self._held = np.empty((round(JAM_SECONDS * rate), channels), np.float32)
        self._held.fill(0.0)
        self._count = 0

    def push(self, pcm: PCM) -> bool:
        """Take the next samples; True when they are the first."""
        first, size = self._count == 0, len(self._held)
        self._held[np.arange(self._count, self._count + len(pcm)) % size] = pcm
        self._count += len(pcm)
        return first

    @property
    def begun(self) -> bool:
        return self._count > 0

    def joined(self, most: int | None = None) -> PCM:
        """Return all samples that are held, or the last so many."""
        size = len(self._held)
        count = min(self._count, size, size if most is None else most)
        return self._held[np.arange(self._count - count, self._count) % size]


class StemKeeper:
    """`begin`, `feed`, `discard`, `audio`, `has_audio` and `park` belong to the loop, `finish` to its own thread, the
    rest to the disk's."""

    def __init__(self, config: Config, journal: Journal) -> None:
        self._journal = journal
        self._folder = Path(config.stems.folder)
        self._state = Path(config.daemon.state)
        self._form = stem_format(config)
        self._recordings: dict[int, _Recording | _JamRecording] = {}
        self._parked_for: int | None = None
        self._watchers: list[dropfolder.DropFolder] = []

    def begin(self, job: m.JobStarted) -> None:
        """A take is being made."""
        rate, channels = job.sample_rate, job.channels
        self._recordings[job.take] = _Recording(rate, channels, []) if job.samples else _JamRecording(rate, channels)

    def feed(self, take: int, pcm: PCM) -> bool:
        """Take the next samples; True when they are the first."""
        return self._recordings[take].push(pcm)

    def discard(self, take: int) -> None:
        """Nobody wants the take's audio."""
        self._recordings.pop(take, None)

    def finish(self, take: m.Take) -> tuple[float, Findings]:
        """Bring a take that has been made to its length, tempo and loop; return its seconds and what was found."""
        recording = self._recordings[take.id]
        pcm, rate, findings = finished(take.settings, recording.joined(), recording.rate, self._form.rate)
        self._recordings[take.id] = _Recording(rate, recording.channels, [pcm])
        return len(pcm) / rate, findings

    def audio(self, take: int, seconds: float | None = None) -> tuple[PCM, int]:
        """Return what there is of a take that is not saved yet, or its end: (samples, channels) and its rate."""
        recording = self._recordings[take]
        return recording.joined(None if seconds is None else round(seconds * recording.rate)), recording.rate

    def has_audio(self, take: int) -> bool:
        """Whether there is audio of this take that is not saved yet."""
        return take in self._recordings and self._recordings[take].begun

    def recover(self) -> tuple[list[m.Take], list[m.Take]]:
        """Make the folder, clean up after a crash, and return the takes still to be made and those that are held."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            log.error("%s", stems.stem_error(self._folder, error))
        atomic.sweep_parts(self._folder)
        atomic.sweep_parts(self._folder / dropfolder.FOLLOWED)
        atomic.sweep_parts(self._state / "held")
        waiting = {one.record.uid for one in held.held(self._state)}
        missing: list[m.Take] = []
        there: list[m.Take] = []
        for take in self._journal.pending():
            path = stems.recover(self._folder, take.uid)
            if path is not None:
                self._journal.done(take.id, path)
            else:
                (there if take.uid in waiting else missing).append(take)
        return missing, there

    def save(self, effect: m.SaveStem) -> list[m.Event]:
        """Write the stem; a drop folder that refuses it only delays it."""
        take = effect.take
        recording = self._recordings.pop(take.id)
        pcm = recording.joined()
        if effect.partial:
            pcm = pcm[: round(take.settings.length * recording.rate)]
        record = record_of(effect)
        samples = None if effect.partial else round(take.settings.length * self._form.rate)
        try:
            saved = stems.save(record, pcm, recording.rate, self._folder, self._form, samples)
        except stems.StemError as error:
            return [self._hold(take, record, pcm, recording.rate, samples, error)]
        return [self._landed(take, saved)]

    def _hold(
        self, take: m.Take, record: StemRecord, pcm: PCM, rate: int, samples: int | None, why: stems.StemError
    ) -> m.StemHeld | m.StemUnsaved:
        """Keep the take in the state folder, or, where even that fails, in the journal alone."""
        try:
            held.hold(record, pcm, rate, self._state, samples)
        except stems.StemError as error:
            return m.StemUnsaved(take, f"{_problem(why)}, and {_problem(error)}", MADE_AGAIN)
        return m.StemHeld(take, str(why))

    def _landed(self, take: m.Take, saved: stems.SavedStem) -> m.StemSaved:
        """Note that a stem is there."""
        with _though_unrecorded():
            self._journal.done(take.id, saved.path)
        return m.StemSaved(take, str(saved.path))

    def save_end(self, take: m.Take, pcm: PCM, rate: int) -> list[m.Event]:
        """Save the end of a jam as a take of its own; partial where it is shorter than that should be."""
        with _though_unrecorded():
            self._journal.record([take])
        self._recordings[take.id] = _Recording(rate, pcm.shape[1], [pcm])
        [event] = self.save(m.SaveStem(take, len(pcm) < round(take.settings.length * rate), 0.0))
        if not isinstance(event, m.StemUnsaved):
            return [event]
        with _though_unrecorded():
            self._journal.ended(take.id)  # made from its seed it would be other music
        return [dataclasses.replace(event, then=KEPT_AGAIN)]

    def park(self, broken: int, following: int, seconds: float) -> Path | None:
        """Write the end of a jam that broke off to where the one that follows it finds it, and return that.

        One that had not sounded yet leaves what it was to go on from itself; None where that is nothing.

        Raises:
            OSError: it cannot be written.
        """
        path = self._state / "jam.wav"
        if self.has_audio(broken):
            pcm, rate = self.audio(broken, seconds)
            with path.open("wb") as file:
                write_wav(file, pcm, rate, "float32")
        elif self._parked_for != broken:
            return None
        self._parked_for = following
        return path

    def read(self, command: m.Continue | m.Again) -> list[m.Message]:
        """Return the command with the take that its stem came from, or why it cannot be followed."""
        try:
            if isinstance(command, m.Again):
                path, take = find_stem(self._folder, command.path)
                return [dataclasses.replace(command, path=str(path), found=take)]
            path, ours = find_sound(self._folder, command.path)
            return [dataclasses.replace(command, path=str(path), found=ours, read=True)]
        except CommandError as error:
            client = command.client if isinstance(command, m.Continue) else ""
            return [m.Invalid(str(error), client, sender=command.sender, address=command.address)]

    def deliver_held(self) -> list[m.Event]:
        """Bring stems that had to wait into the drop folder, if it takes them now."""
        delivered = held.retry_held(self._state, self._folder, self._form)
        pending = {take.uid: take for take in self._journal.pending()} if delivered else {}
        events: list[m.Event] = []
        for record, saved in delivered:
            take = pending.get(record.uid)
            if take is not None:
                events.append(self._landed(take, saved))
        return events

    def watch(self, tell: Callable[[m.Message], None]) -> None:
        """Watch the drop folder, and the inboxes in it; `tell` is called from the watchers' threads."""
        self._watchers = watchers(self._folder, tell)
        for watcher in self._watchers:
            watcher.start()

    def close(self) -> None:
        """Stop watching."""
        for watcher in self._watchers:
            watcher.close()


@contextlib.contextmanager
def _though_unrecorded() -> Iterator[None]:
    """Go on where the journal cannot be written: a stem that landed is known by its uid at the next start."""
    try:
        yield
    except sqlite3.Error as error:
        log.error("journal: %s", error)


def _problem(error: stems.StemError) -> str:
    """Return what went wrong, without its cure."""
    return str(error).partition("; ")[0]


def finished(settings: Settings, pcm: PCM, rate: int, stem_rate: int) -> tuple[PCM, int, Findings]:
    """Return a take as it shall be saved, its rate, and what was found; one without bars and loop stays as it is.

    It is finished at the stem's rate, so that its length is exact and its seam is not resampled afterwards.
    """
    if not settings.overrun:
        return pcm, rate, ()
    samples, tempo = round(settings.length * stem_rate), settings.tempo if settings.bars else 0.0
    numerator, denominator = settings.signature
    goal = Goal(samples, tempo, bool(settings.loop), 4.0 * numerator / denominator)
    out, findings = finish(resample(pcm, rate, stem_rate), stem_rate, goal)
    return out, stem_rate, findings


def stem_format(config: Config) -> stems.StemFormat:
    """Return how the configuration wants stems written.

    Raises:
        ConfigError: its template can give no names.
    """
    try:
        check_template(config.stems.template)
    except ValueError as error:
        raise ConfigError(f"stems.template: {error}") from error
    return stems.StemFormat(
        config.stems.template,
        config.stems.rate,
        config.stems.format,  # type: ignore[arg-type]
        CEILING_DB if config.stems.peak_guard else None,
    )


def record_of(effect: m.SaveStem) -> StemRecord:
    """Return what travels with a take's stem: enough to make it again."""
    take, settings = effect.take, effect.take.settings
    values = dataclasses.asdict(settings) | {k: v for k, v in effect.sampling if k in _SAMPLING}
    return StemRecord(
        uid=take.uid,
        take=take.id,
        prompt=settings.prompt,
        model=settings.model,
        seed=settings.seed,
        created=take.created,
        tempo=settings.tempo or None,
        bars=settings.bars or None,
        beats=settings.signature[0],
        unit=settings.signature[1],
        key=settings.key or None,
        loop=bool(settings.loop),
        partial=effect.partial,
        final=None if effect.partial else take.final or None,
        draft_of=take.draft_of or None,
        settings={**values, "continues": take.continues},
        measured={"speed": effect.speed, **dict(effect.findings)},
    )


_SAMPLING = {field.name for field in dataclasses.fields(Settings)}
