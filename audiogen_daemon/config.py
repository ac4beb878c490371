"""Every setting of the daemon with its default and unit, once: default.toml, then file, environment, --set."""

import dataclasses
import difflib
import ipaddress
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_type_hints

import platformdirs

from audiogen_daemon.errors import CommandError
from audiogen_daemon.messages import Peer
from audiogen_daemon.models.bits import Bits, parse_bits
from audiogen_daemon.settings import PARAMETERS, show
from audiogen_daemon.transport import Quantum

APP = "audiogen"


class ConfigError(CommandError):
    """The configuration says something that cannot be; names the source, the key and the cure."""


@dataclass(frozen=True)
class Daemon:
    """state, log: folders. drain_timeout: seconds."""

    state: str
    log: str
    drain_timeout: float


@dataclass(frozen=True)
class Osc:
    """listen, notify: host:port. allow: networks. subscribe_timeout: seconds."""

    listen: str
    notify: tuple[str, ...]
    lan: bool
    allow: tuple[str, ...]
    max_subscribers: int
    subscribe_timeout: float


@dataclass(frozen=True)
class Engine:
    """hang_timeout, load_timeout: seconds. quantize: bits per weight of the language model's products."""

    model: str
    dtype: str
    quantize: Bits
    hang_timeout: float
    load_timeout: float
    quick_deaths: int
    tone_pace: float
    memory_gb: float
    pinned: tuple[str, ...]


@dataclass(frozen=True)
class Models:
    """folder: of downloaded checkpoints."""

    folder: str


@dataclass(frozen=True)
class TakeDefaults:
    """What a session starts with; seconds: length."""

    prompt: str
    seconds: float
    finish_with: str
    queue_limit: int
    keep_partial: bool
    presets: tuple[str, ...]


@dataclass(frozen=True)
class Monitor:
    """gain_db: dB. preroll_margin: seconds. block: samples."""

    enabled: bool
    device: str
    gain_db: float
    policy: str
    preview: bool
    preroll_margin: float
    block: int


@dataclass(frozen=True)
class Record:
    """device: the input, by a part of its name. offset: seconds by which sound comes in later than its driver says."""

    device: str
    offset: float


@dataclass(frozen=True)
class Transport:
    """Whose clock is followed. offset: seconds by which the DAW's sound comes after the position that it tells."""

    source: str
    offset: float
    launch: str


@dataclass(frozen=True)
class Stems:
    """rate: Hz. format: pcm24, float32, flac or aiff."""

    folder: str
    rate: int
    format: str
    template: str
    peak_guard: bool


@dataclass(frozen=True)
class Config:
    """The whole configuration; folders are absolute paths."""

    daemon: Daemon
    osc: Osc
    engine: Engine
    models: Models
    take: TakeDefaults
    monitor: Monitor
    record: Record
    transport: Transport
    stems: Stems

    @property
    def listen(self) -> Peer:
        """Where the daemon listens."""
        peer = parse_peer(self.osc.listen, "osc.listen")
        return Peer("0.0.0.0", peer.port) if self.osc.lan else peer

    @property
    def notify(self) -> tuple[Peer, ...]:
        """Who hears everything."""
        return tuple(parse_peer(text, "osc.notify") for text in self.osc.notify)


CHOICES: dict[str, tuple[Any, ...]] = {
    "engine.dtype": ("auto", "float32", "float16", "bfloat16"),
    "monitor.policy": ("auto", "immediate", "complete"),
    "transport.source": ("osc", "link"),
    "transport.launch": get_args(Quantum),
    "stems.format": ("pcm24", "float32", "flac", "aiff"),
}
RANGES: dict[str, tuple[float, float]] = {
    "daemon.drain_timeout": (0, 14),
    "osc.max_subscribers": (0, 64),
    "osc.subscribe_timeout": (1, 1e6),
    "engine.hang_timeout": (0.1, 3600),
    "engine.load_timeout": (1, 3600),
    "engine.quick_deaths": (1, 100),
    "engine.tone_pace": (0, 10),
    "engine.memory_gb": (0, 1024),
    "take.seconds": (0.1, 600),
    "take.queue_limit": (1, 10000),
    "monitor.gain_db": (-120, 12),
    "monitor.preroll_margin": (0, 60),
    "monitor.block": (64, 8192),
    "record.offset": (-1, 1),
    "transport.offset": (-1, 1),
    "stems.rate": (8000, 192000),
}


def default_path() -> Path:
    """Return where the user's configuration file is looked for."""
    return Path(platformdirs.user_config_dir(APP, appauthor=False)) / "audiogen.toml"


def load(file: Path | None = None, sets: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> Config:
    """Return the configuration: defaults, then the file, then AUDIOGEN_SECTION_KEY, then `section.key=value` sets.

    Raises:
        ConfigError: unknown key (the nearest is named), wrong type, value outside its range, unreadable file.
    """
    values = tomllib.loads(resources.files("audiogen_daemon").joinpath("default.toml").read_text("utf-8"))
    path = file or default_path()
    if file is not None and not path.exists():
        raise ConfigError(f"{path} does not exist; leave --config out to use the defaults")
    if path.exists():
        _merge(values, _read(path), path.name)
    for name, text in sorted((os.environ if environment is None else environment).items()):
        if name.startswith("AUDIOGEN_") and name.count("_") >= 2:
            section, key = name.removeprefix("AUDIOGEN_").lower().split("_", 1)
            if section in values:
                _merge(values, {section: {key: _from_text(text, values, section, key)}}, name)
    for text in sets:
        dotted, equals, value = text.partition("=")
        section, dot, key = dotted.strip().partition(".")
        if not equals or not dot:
            raise ConfigError(f"--set {show(text)} is not section.key=value, as osc.listen=127.0.0.1:12010")
        _merge(values, {section: {key: _from_text(value, values, section, key)}}, f"--set {dotted}")
    return _build(values)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def _merge(values: dict[str, Any], changes: Mapping[str, Any], source: str) -> None:
    for section, pairs in changes.items():
        if section in values and not isinstance(pairs, Mapping):
            raise ConfigError(f"{source}: {section} = {show(pairs)} is no section; write [{section}], then its keys")
        if section not in values:
            raise ConfigError(f"{source}: unknown section [{section}]{_near(section, values)}")
        for key, value in pairs.items():
            if key not in values[section]:
                raise ConfigError(f'{source}: unknown key "{key}" in [{section}]{_near(key, values[section])}')
            values[section][key] = value


def _near(word: str, words: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f'; did you mean "{near[0]}"?' if near else f"; there are {', '.join(words)}"


def _from_text(text: str, values: Mapping[str, Any], section: str, key: str) -> Any:
    default = values.get(section, {}).get(key)
    if isinstance(default, bool):
        word = text.strip().lower()
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(word, text)
    if isinstance(default, list):
        return [part.strip() for part in text.split(",") if part.strip()]
    if isinstance(default, int | float):
        try:
            return float(text) if isinstance(default, float) or "." in text else int(text)
        except ValueError:
            return text
    return text


def _build(values: Mapping[str, Any]) -> Config:
    parts = {}
    for field in dataclasses.fields(Config):
        hints = get_type_hints(field.type)
        section = {k: _typed(f"{field.name}.{k}", v, hints[k]) for k, v in values[field.name].items()}
        parts[field.name] = field.type(**section)  # type: ignore[operator]
    config = Config(**parts)
    for text, name in ((config.osc.listen, "osc.listen"), *((t, "osc.notify") for t in config.osc.notify)):
        parse_peer(text, name)
    for text in config.osc.allow:
        _check_network(text)
    _check_takes(config)
    return _with_folders(config)


def _check_takes(config: Config) -> None:
    """Let pass what could come over the wire too."""
    given = (
        ("engine.model", "model", (config.engine.model,)),
        ("engine.pinned", "model", config.engine.pinned),
        ("take.prompt", "prompt", (config.take.prompt,)),
        ("take.presets", "prompt", config.take.presets),
        ("take.finish_with", "finish_with", (config.take.finish_with,)),
    )
    for name, parameter, texts in given:
        for text in texts:
            try:
                PARAMETERS[parameter].parse(text)
            except CommandError as error:
                raise ConfigError(f"{name}: {error}") from error


def _check_network(text: str) -> None:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise ConfigError(f"osc.allow = {show(text)} is no network, as 192.168.1.0/24, and no address") from error


def _typed(name: str, value: Any, kind: Any) -> Any:
    if kind is Bits:
        try:
            return parse_bits(value)
        except ValueError as error:
            raise ConfigError(f"{name} = {show(value)}: {error}") from error
    kinds = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    if get_args(kind) and not isinstance(kind, UnionType):
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise ConfigError(f"{name} = {show(value)} is no list of texts")
        return tuple(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kinds) or (isinstance(value, bool) and kind is not bool):
        raise ConfigError(f"{name} = {show(value)} is no {kind.__name__}")
    if name in CHOICES and value not in CHOICES[name]:
        raise ConfigError(f"{name} = {show(value)} is none of {', '.join(map(str, CHOICES[name]))}")
    if name in RANGES and not RANGES[name][0] <= value <= RANGES[name][1]:
        low, high = RANGES[name]
        raise ConfigError(f"{name} = {show(value)} is outside {low:g} to {high:g}")
    return value


def parse_peer(text: str, name: str) -> Peer:
    """Return the Peer of "host:port".

    Raises:
        ConfigError: not a host and a port of 0 to 65535.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise ConfigError(f"{name} = {show(text)} is no host:port, as 127.0.0.1:11010")
    return Peer(host.strip("[]"), int(port))


def _with_folders(config: Config) -> Config:
    dirs = platformdirs.PlatformDirs(APP, appauthor=False)
    music = Path(platformdirs.user_music_dir()) / "Audiogen"
    log = Path(config.daemon.state).expanduser() / "log" if config.daemon.state else Path(dirs.user_log_dir)
    return dataclasses.replace(
        config,
        daemon=dataclasses.replace(
            config.daemon,
            state=_folder(config.daemon.state, Path(dirs.user_state_dir)),
            log=_folder(config.daemon.log, log),
        ),
        models=dataclasses.replace(
            config.models, folder=_folder(config.models.folder, Path(dirs.user_data_dir) / "models")
        ),
        stems=dataclasses.replace(config.stems, folder=_folder(config.stems.folder, music)),
    )


def _folder(text: str, default: Path) -> str:
    if "\0" in text:
        raise ConfigError(f"the folder {show(text)} holds a NUL, which no path can")
    return str(Path(text).expanduser().absolute() if text else default)
