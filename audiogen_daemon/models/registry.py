"""Models by name: which there are, where they lie, how they are fetched and loaded.

Importing this module imports no MLX; `load` does. `fetch` is the only place in the package that uses the network.
"""

import difflib
import importlib
import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from audiogen_daemon.models.bits import OFF, Bits
from audiogen_daemon.models.pipeline import Pipeline
from audiogen_daemon.models.reading import CheckpointError

if TYPE_CHECKING:
    from audiogen_daemon.models.hub import Listing

STARTER = Path(__file__).resolve().parent.parent / "starter"
"""The checkpoint that comes with the package."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

ORIGINALS = ".originals"
"""In the models folder: what was fetched and is yet to be converted."""

FETCHED = "fetched.json"
"""Beside the files of a fetched model: its repository and the commit they are of."""


class Family(Protocol):
    """What the module of a family has."""

    def load(self, path: Path, dtype: str, bits: Bits) -> Pipeline:
        """A checkpoint folder as a pipeline ready to play."""
        ...

    def memory(self, path: Path, dtype: str, bits: Bits) -> int:
        """Bytes that the same call of `load` will hold, told from the headers of the files, to about a twentieth."""
        ...


FAMILIES: Mapping[str, str] = {
    "musicgen": "audiogen_daemon.models.musicgen.pipeline",
    "musicgen_melody": "audiogen_daemon.models.musicgen.pipeline",
    "musicgen_style": "audiogen_daemon.models.musicgen.pipeline",
}
"""By `model_type` of config.json: a module that is a `Family`, imported when first used."""

WEIGHTLESS: Mapping[str, str] = {
    "tone": "audiogen_daemon.models.tone:load",
}
"""Models that need no folder: module and name of a function without arguments that returns a pipeline."""


@dataclass(frozen=True)
class Model:
    """One checkpoint on the hub.

    revision: a commit, or "main" where no commit is known to us; the commit that was found is recorded when fetched.
    megabytes: of its weights, about. playable: whether this version can play it.
    parts: repositories of what the checkpoint itself lacks.
    """

    name: str
    repository: str
    revision: str
    family: str
    megabytes: int
    licence: str
    playable: bool = True
    parts: tuple[str, ...] = ()


def _musicgen(
    size: str, megabytes: int, revision: str = "main", family: str = "musicgen", parts: tuple[str, ...] = ()
) -> Model:
    playable = family in FAMILIES
    repository = f"facebook/musicgen-{size}"
    return Model(f"musicgen-{size}", repository, revision, family, megabytes, "CC-BY-NC 4.0", playable, parts)


STYLE_PARTS = ("google-t5/t5-base", "facebook/encodec_32khz", "m-a-p/MERT-v1-95M")
"""What musicgen-style lacks: T5 (Apache-2.0), the codec and MERT (both CC-BY-NC 4.0)."""


KNOWN: Mapping[str, Model] = {
    model.name: model
    for model in (
        _musicgen("small", 2364, "4c8334b02c6ec4e8664a91979669a501ec497792"),
        _musicgen("medium", 8037),
        _musicgen("large", 13722),
        _musicgen("stereo-small", 2432),
        _musicgen("stereo-medium", 8137),
        _musicgen("stereo-large", 13856),
        _musicgen("melody", 6230, family="musicgen_melody"),
        _musicgen("melody-large", 10500, family="musicgen_melody"),
        _musicgen("stereo-melody", 6330, family="musicgen_melody"),
        _musicgen("stereo-melody-large", 10630, family="musicgen_melody"),
        _musicgen("style", 4500, family="musicgen_style", parts=STYLE_PARTS),
    )
}


@dataclass(frozen=True)
class Installed:
    """A model on this machine. folder: None for one without weights."""

    name: str
    family: str
    folder: Path | None
    megabytes: int


class ModelMissingError(LookupError):
    """A model that is not on this machine: says what to run, or which name was meant."""


def installed(models_folder: Path) -> list[Installed]:
    """Every model that can be loaded here: the starter, what was fetched or copied in, and those without weights."""
    found = []
    folders = sorted(path for path in models_folder.iterdir() if path.is_dir()) if models_folder.is_dir() else []
    for name, folder in [("starter", STARTER), *((path.name, path) for path in folders)]:
        if NAME.fullmatch(name) and (folder / "config.json").exists():
            weights = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
            found.append(Installed(name, _model_type(folder), folder, round(weights / 1e6)))
    return found + [Installed(name, name, None, 0) for name in WEIGHTLESS]


def resolve(name: str, models_folder: Path) -> Path:
    """The folder of an installed checkpoint.

    Raises:
        ModelMissingError: unknown, or known and not fetched yet.
    """
    folder = STARTER if name == "starter" else models_folder / name
    if NAME.fullmatch(name) and (folder / "config.json").exists():
        return folder
    known = KNOWN.get(name)
    if known is not None:
        raise ModelMissingError(
            f"{name} is not on this machine ({known.megabytes / 1000:.1f} GB, {known.licence});"
            f" run: audiogen-daemon fetch {name}"
        )
    raise ModelMissingError(_unknown(name, [model.name for model in installed(models_folder)]))


def load(model: str | Path, models_folder: Path, dtype: str = "auto", bits: Bits = OFF) -> Pipeline:
    """A pipeline ready to play.

    Args:
        model: a name, looked up in models_folder, or a checkpoint folder.
        dtype: of the weights: float32, float16, bfloat16, or auto for what suits this machine.
        bits: per weight of the language model's products.

    Raises:
        ModelMissingError: the name is not installed. CheckpointError: the folder cannot be used. ValueError: a setting.
    """
    if dtype not in ("auto", "float32", "float16", "bfloat16"):
        raise ValueError(f"dtype is {dtype!r}, allowed are auto, float32, float16 and bfloat16")
    if model in WEIGHTLESS:
        module, _, name = WEIGHTLESS[str(model)].partition(":")
        pipeline: Pipeline = getattr(importlib.import_module(module), name)()
        return pipeline
    path = resolve(model, models_folder) if isinstance(model, str) else model
    from audiogen_daemon.models.backend import keep_freed_memory, release_spare_memory  # imports MLX

    keep_freed_memory()
    pipeline = _family(path).load(path, dtype, bits)
    release_spare_memory()
    return pipeline


def memory(name: str, models_folder: Path, dtype: str = "auto", bits: Bits = OFF) -> int:
    """Bytes that a model will hold when it is loaded so, about; nothing but headers is read.

    Raises:
        ModelMissingError: the name is not installed. CheckpointError: the folder cannot be used.
    """
    if name in WEIGHTLESS:
        return 0
    path = resolve(name, models_folder)
    return _family(path).memory(path, dtype, bits)


def fetch(name: str, models_folder: Path, progress: Callable[[int, int], None]) -> Path:
    """Download a model into models_folder; an interrupted download is taken up again.

    A repository without safetensors is converted when it has come; that needs torch, which is looked for first.

    Args:
        progress: called with bytes so far and bytes in all, for each piece that arrives, of one repository at a time.

    Returns:
        The model's folder, complete.

    Raises:
        ModelMissingError: no such model on the list. TorchMissingError: it must be converted, and there is no torch.
        CheckpointError: the repository holds no weights that can be read, or not what it should.
    """
    if name not in KNOWN:
        if name in {model.name for model in installed(models_folder)}:
            raise ModelMissingError(f"{name} is on this machine and not among what can be fetched; /set/model {name}")
        raise ModelMissingError(_unknown(name, list(KNOWN)))
    from audiogen_daemon.models import hub, torchfiles

    model = KNOWN[name]
    folder = models_folder / name
    listing = hub.list_files(model.repository, model.revision, hub.files_to_fetch)
    if hub.needs_conversion(list(listing.sizes)):
        torchfiles.torch()
        listings = [listing, *(hub.list_files(part, "main", hub.files_of_part) for part in model.parts)]
        _fetch_and_convert(listings, folder, models_folder / ORIGINALS / name, progress)
    else:
        hub.download(listing, folder, progress)
    record = {"repository": model.repository, "commit": listing.commit, "licence": model.licence}
    (folder / FETCHED).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return folder


def _fetch_and_convert(
    listings: "Sequence[Listing]", folder: Path, originals: Path, progress: Callable[[int, int], None]
) -> None:
    """Download into originals, convert the first with the help of the others, and let the originals go."""
    from audiogen_daemon.models import hub
    from audiogen_daemon.models.conversion import convert

    places = [originals / listing.repository.replace("/", "--") for listing in listings]
    for listing, place in zip(listings, places, strict=True):
        hub.download(listing, place, progress)
    convert(places[0], folder, places[1:], lambda text: None)
    shutil.rmtree(originals)


def _unknown(name: str, names: list[str]) -> str:
    near = difflib.get_close_matches(name, [*names, *KNOWN], n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted({*names, *KNOWN}))}"
    return f"no model is called {name[:100]!r}; {hint}"


def _model_type(folder: Path) -> str:
    try:
        return str(json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"])
    except (OSError, ValueError, KeyError, TypeError):
        return "unknown"


def _family(folder: Path) -> Family:
    name = _model_type(folder)
    if name not in FAMILIES:
        supported = ", ".join(sorted(FAMILIES))
        raise CheckpointError(f"{folder / 'config.json'}: model_type is {name!r}; supported: {supported}")
    family: Family = importlib.import_module(FAMILIES[name])
    return family
