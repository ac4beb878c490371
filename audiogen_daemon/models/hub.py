"""Downloads from the Hugging Face hub, for `registry.fetch` alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audiogen_daemon.models.integrity import check_integrity
from audiogen_daemon.models.reading import CheckpointError

DOCUMENTS = ("config.json", "generation_config.json", "tokenizer.json")
OPTIONAL = ("preprocessor_config.json", "tokenizer_config.json", "special_tokens_map.json", "README.md")
INDEX = "model.safetensors.index.json"
TORCH_INDEX = "pytorch_model.bin.index.json"
AUDIOCRAFT = ("state_dict.bin", "compression_state_dict.bin")


def files_to_fetch(sizes: dict[str, int], repository: str) -> list[str]:
    """The files of a repository that a model is loaded or converted from, documents first.

    Args:
        sizes: bytes by file name.

    Raises:
        CheckpointError: a document is missing, or the weights are in another format.
    """
    if AUDIOCRAFT[0] in sizes and not any(name in sizes for name in DOCUMENTS):
        return [name for name in AUDIOCRAFT if name in sizes]
    missing = [name for name in DOCUMENTS if name not in sizes]
    if missing:
        raise CheckpointError(f"{repository} has no {', '.join(missing)}; it cannot be played")
    return [*DOCUMENTS, *(name for name in OPTIONAL if name in sizes), *_weights(sizes, repository)]


def files_of_part(sizes: dict[str, int], repository: str) -> list[str]:
    """The files of a repository that something is taken from which a model lacks; like `files_to_fetch`."""
    if "config.json" not in sizes:
        raise CheckpointError(f"{repository} has no config.json; nothing can be taken from it")
    return ["config.json", *(name for name in ("tokenizer.json",) if name in sizes), *_weights(sizes, repository)]


def needs_conversion(names: list[str]) -> bool:
    """Whether these files hold no safetensors."""
    return not any(name.endswith(".safetensors") for name in names)


def _weights(sizes: dict[str, int], repository: str) -> list[str]:
    """The best of the formats there are, an index before its shards."""
    for single, index, begin, end in (
        ("model.safetensors", INDEX, "model-", ".safetensors"),
        ("pytorch_model.bin", TORCH_INDEX, "pytorch_model-", ".bin"),
    ):
        if single in sizes:
            return [single]
        shards = sorted(name for name in sizes if name.startswith(begin) and name.endswith(end))
        if index in sizes and shards:
            return [index, *shards]
    others = ", ".join(sorted(name for name in sizes if name.endswith((".bin", ".ckpt", ".pt", ".safetensors"))))
    raise CheckpointError(f"{repository} has no weights that can be read (it has {others or 'none'})")


class FetchError(OSError):
    """A download that did not come through; what arrived is kept and the next attempt goes on from there."""


@dataclass(frozen=True)
class Listing:
    """What is to be fetched of a repository. sizes: bytes by file name; sums: SHA-256 of the large ones."""

    repository: str
    commit: str
    sizes: dict[str, int]
    sums: dict[str, str]


def list_files(repository: str, revision: str, choose: Callable[[dict[str, int], str], list[str]]) -> Listing:
    """Ask the hub what a repository holds at a revision, and choose from it.

    Raises:
        FetchError: the network or the hub failed. CheckpointError: the repository cannot be used.
    """
    from huggingface_hub import HfApi

    with _failures(repository):
        info = HfApi().model_info(repository, revision=revision, files_metadata=True)
    files = {file.rfilename: file for file in info.siblings or []}
    names = choose({name: file.size or 0 for name, file in files.items()}, repository)
    sums = {name: lfs.sha256 for name in names if (lfs := files[name].lfs)}
    return Listing(repository, str(info.sha), {name: files[name].size or 0 for name in names}, sums)


def download(listing: Listing, folder: Path, progress: Callable[[int, int], None]) -> None:
    """Fetch what is listed.

    config.json is put in place last: until then the folder is not an installed model.

    Raises:
        FetchError: the network, the hub or the disk failed. CheckpointError: a file is not what was published.
    """
    from huggingface_hub import hf_hub_download

    names, total, before = list(listing.sizes), sum(listing.sizes.values()), 0
    for name in [*names[1:], names[0]]:
        bar = _bar(lambda done, before=before: progress(before + done, total))  # type: ignore[misc]
        with _failures(listing.repository):
            hf_hub_download(listing.repository, name, revision=listing.commit, local_dir=folder, tqdm_class=bar)
        before += listing.sizes[name]
        progress(before, total)
    lines = [f"{digest}  {name}\n" for name, digest in listing.sums.items()]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
    check_integrity(folder, largest=total)


@contextmanager
def _failures(repository: str) -> Iterator[None]:
    from huggingface_hub.errors import HfHubHTTPError

    failures: tuple[type[Exception], ...] = (OSError, *HfHubHTTPError.__bases__)  # bases: of the hub's HTTP library
    try:
        yield
    except failures as error:
        raise FetchError(f"{repository} could not be fetched: {error}; check the network and try again") from error


def _bar(told: Callable[[int], None]) -> Any:
    """A class for the hub's progress bars that shows nothing and tells how many bytes of a file have come."""
    from huggingface_hub.utils import tqdm  # type: ignore[attr-defined]

    class Bar(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "disable": True})  # type: ignore[no-untyped-call]
            self.so_far = int(kwargs.get("initial") or 0)

        def update(self, n: float | None = 1) -> bool | None:
            self.so_far += int(n or 0)
            told(self.so_far)
            return None

    return Bar
