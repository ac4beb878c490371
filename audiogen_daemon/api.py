"""Music in one call, without a daemon: `from audiogen_daemon import generate`."""

import dataclasses
import functools
import random
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from audiogen_daemon import config as configuration
from audiogen_daemon.audio.finish import Findings
from audiogen_daemon.audio.ring import PCM
from audiogen_daemon.engine.blas import load_blas
from audiogen_daemon.engine.memory import limits_here
from audiogen_daemon.engine.warm import check_size
from audiogen_daemon.errors import CommandError, JobError
from audiogen_daemon.keeper import CEILING_DB, finished, record_of
from audiogen_daemon.messages import SaveStem, Take
from audiogen_daemon.models.bits import Bits
from audiogen_daemon.models.pipeline import Pipeline, Request
from audiogen_daemon.settings import Settings, change, needs_tempo


@dataclass(frozen=True)
class GenerationResult:
    """A finished take. audio: (samples, channels) float32. speed: seconds of audio per second of wall time.

    findings: with bars or loop, (name, value) of what was measured and done to bring it to its tempo; see `finish`.
    """

    audio: PCM
    sample_rate: int
    settings: Settings
    speed: float
    sampling: tuple[tuple[str, float], ...] = ()
    findings: Findings = ()

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.audio) / self.sample_rate

    def save(self, path: str | Path, rate: int = 44100) -> Path:
        """Write the take as a 24-bit WAV with its sidecar and return where it is; no file is overwritten.

        What peaks above -1 dBFS is turned down to that.

        Raises:
            CommandError: its name ends in something other than .wav. JobError: the file cannot be written.
        """
        from audiogen_daemon.audio import stems

        path = Path(path).absolute()
        form = stems.StemFormat(template=template_for(path), rate=rate, ceiling_db=CEILING_DB)
        return self.save_stem(path.parent, form)

    def save_stem(self, folder: Path, form: Any, take: Take | None = None) -> Path:
        """Write the take into a folder in a `stems.StemFormat`, named by its template; take: None is one of its own."""
        from audiogen_daemon.audio import stems

        take = take or new_take(1, self.settings)
        record = record_of(SaveStem(take, False, self.speed, self.sampling, self.findings))
        folder.mkdir(parents=True, exist_ok=True)
        samples = round(self.settings.length * form.rate)
        try:
            return stems.save(record, self.audio, self.sample_rate, folder, form, samples).path
        except stems.StemError as error:
            raise JobError("stem", str(error)) from error


def generate(
    prompt: str,
    progress_callback: Callable[[float], None] | None = None,
    config: configuration.Config | None = None,
    **settings: Any,
) -> GenerationResult:
    """Make one take and return it.

    Args:
        prompt: what it should sound like.
        progress_callback: called with 0 to 1.
        config: where models lie and how they are loaded; None is the user's.
        settings: as in `/set/NAME`: model, seconds, bars, tempo, key, seed, temperature, guidance …

    Raises:
        CommandError: a setting is wrong. JobError: the take could not be made.
    """
    chosen = settings_for(prompt, config or configuration.load(), settings)
    return make(chosen, config or configuration.load(), progress_callback)


def stream(prompt: str, config: configuration.Config | None = None, **settings: Any) -> Iterator[PCM]:
    """Yield a take's audio (samples, channels) while it is being made; arguments and errors as `generate`."""
    config = config or configuration.load()
    chosen = settings_for(prompt, config, settings)
    pipeline, request = prepare(chosen, config)
    left = round(chosen.length * pipeline.sample_rate)
    for item in _items(pipeline, request):
        if hasattr(item, "pcm") and left > 0:
            yield item.pcm[:left]
            left -= len(item.pcm)


def settings_for(prompt: str, config: configuration.Config, values: dict[str, Any]) -> Settings:
    """Return the settings of a take: the configuration's, changed by `values`, with a seed drawn where none is."""
    settings = Settings(model=config.engine.model, prompt=config.take.prompt, seconds=config.take.seconds)
    for name, value in {"prompt": prompt, **values}.items():
        try:
            settings = change(settings, name, value)
        except CommandError as error:
            raise CommandError(f"{name}: {error}") from error
    if settings.finish_with:
        raise CommandError("finish_with: one call makes one take; make it again with model=… and the same seed")
    return complete(settings)


def template_for(path: Path, encoding: str = "pcm24") -> str:
    """Return the template that gives a path's name and nothing else; one without an ending gets that of the encoding.

    Raises:
        CommandError: it ends as sound of another kind, or with something that is no ending.
    """
    from audiogen_daemon.audio.stems import ENDINGS

    ending = ENDINGS[encoding]
    if path.suffix.lower() not in ("", ending):
        raise CommandError(f"{path.name} would be a {ending} file by another name; name it {path.stem}{ending}")
    return path.stem.replace("{", "{{").replace("}", "}}")


def new_take(number: int, settings: Settings, uid: str = "") -> Take:
    """Return a take of its own; uid: by which it is known, else one that no other has."""
    return Take(number, uid or uuid.uuid4().hex, settings, datetime.now().astimezone().isoformat(timespec="seconds"))


def complete(settings: Settings) -> Settings:
    """Return the settings with a seed drawn, and checked as a whole."""
    if settings.bars and not settings.tempo:
        raise CommandError(f"{needs_tempo(settings.bars)}; give one, such as 120")
    if settings.variations > 1:
        raise CommandError(
            f"variations {settings.variations} are made at once by a daemon; here, ask for one take per seed"
        )
    if settings.seed < 0:
        settings = dataclasses.replace(settings, seed=random.SystemRandom().randrange(2**32))
    return settings


def make(
    settings: Settings,
    config: configuration.Config,
    progress: Callable[[float], None] | None = None,
    continues: str = "",
) -> GenerationResult:
    """Make the take of complete settings; continues: the sound that it goes on from."""
    pipeline, request = prepare(settings, config, continues)
    parts, began = [np.zeros((0, pipeline.channels), np.float32)], time.monotonic()
    for item in _items(pipeline, request):
        if hasattr(item, "pcm"):
            parts.append(item.pcm)
        elif progress is not None:
            progress(item.step / max(item.steps, 1))
    audio = np.concatenate(parts)
    speed = len(audio) / pipeline.sample_rate / max(time.monotonic() - began, 1e-9)
    sampling = tuple(dataclasses.asdict(request.sampling).items())
    audio, rate, findings = finished(settings, audio, pipeline.sample_rate, config.stems.rate)
    return GenerationResult(audio, rate, settings, speed, sampling, findings)


def check_memory(model: str, config: configuration.Config) -> None:
    """Let an installed model pass that `engine.memory_gb` has room for.

    Raises:
        JobError: what it needs, what there is, what to do. LookupError, ValueError, OSError: it cannot be loaded.
    """
    from audiogen_daemon.models import registry

    engine = config.engine
    needed = registry.memory(model, Path(config.models.folder), engine.dtype, engine.quantize)
    check_size(model, needed, limits_here(engine.memory_gb).budget)


def _items(pipeline: Pipeline, request: Request) -> Iterator[Any]:
    try:
        yield from pipeline.generate(request)
    except ValueError as error:
        raise JobError("request", str(error)) from error


def prepare(settings: Settings, config: configuration.Config, continues: str = "") -> tuple[Pipeline, Request]:
    """Return the model, loaded once per process, and the request of a take.

    Raises:
        CommandError: no such model, or the request cannot be made from the settings. JobError: see `check_memory`.
    """
    load_blas()
    from audiogen_daemon.engine.requests import request_for

    try:
        check_memory(settings.model, config)
        pipeline = _loaded(settings.model, config.models.folder, config.engine.dtype, config.engine.quantize)
        return pipeline, request_for([Take(1, "", settings, "", continues)], pipeline, Path(config.stems.folder))
    except (LookupError, ValueError, OSError) as error:
        raise CommandError(str(error)) from error


@functools.lru_cache(maxsize=1)
def _loaded(model: str, folder: str, dtype: str, bits: Bits) -> Pipeline:
    from audiogen_daemon.models import registry

    return registry.load(model, Path(folder), dtype, bits)
