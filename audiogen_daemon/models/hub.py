"""Downloads from the Hugging Face hub, for `registry.fetch` alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from audiogen_daemon.models.integrity import check_integrity
from audiogen_daemon.models.reading import CheckpointError

DOCUMENTS = ("config.json", "generation_config.json", "tokenizer.json")
OPTIONAL = ("preprocessor_config.json", "tokenizer_config.json", "special_tokens_map.json", "README.md")
INDEX = "model.safetensors.index.json"


def files_to_fetch(sizes: dict[str, int], repository: str) -> list[str]:
    """The files of a repository that a model is loaded from, documents first.

    Args:
        sizes: bytes by file name.

    Raises:
        CheckpointError: a document is missing, or the weights are in another format.
    """
    missing = [name for name in DOCUMENTS if name not in sizes]
    if missing:
        raise CheckpointError(f"{repository} has no {', '.join(missing)}; it cannot be played")
    if "model.safetensors" in sizes:
        weights = ["model.safetensors"]
    else:
        weights = sorted(name for name in sizes if name.startswith("model-") and name.endswith(".safetensors"))
        if INDEX not in sizes or not weights:
            others = ", ".join(sorted(name for name in sizes if name.endswith((".bin", ".ckpt", ".pt"))))
            raise CheckpointError(f"{repository} has no safetensors weights (it has {others or 'none'})")
        weights.insert(0, INDEX)
    return [*DOCUMENTS, *(name for name in OPTIONAL if name in sizes), *weights]


class FetchError(OSError):
    """A download that did not come through; what arrived is kept and the next attempt goes on from there."""


def download(repository: str, revision: str, folder: Path, progress: Callable[[int, int], None]) -> str:
    """Fetch what `files_to_fetch` names, at one commit; returns that commit.

    config.json is put in place last: until then the folder is not an installed model.

    Raises:
        FetchError: the network, the hub or the disk failed. CheckpointError: the repository cannot be used.
    """
    from huggingface_hub.errors import HfHubHTTPError

    failures: tuple[type[Exception], ...] = (OSError, *HfHubHTTPError.__bases__)  # bases: of the hub's HTTP library
    try:
        return _download(repository, revision, folder, progress)
    except failures as error:
        raise FetchError(f"{repository} could not be fetched: {error}; check the network and try again") from error


def _download(repository: str, revision: str, folder: Path, progress: Callable[[int, int], None]) -> str:
    from huggingface_hub import HfApi, hf_hub_download

    info = HfApi().model_info(repository, revision=revision, files_metadata=True)
    files = info.siblings or []
    sizes = {file.rfilename: file.size or 0 for file in files}
    names = files_to_fetch(sizes, repository)
    total, before = sum(sizes[name] for name in names), 0
    commit = str(info.sha)
    for name in [*names[1:], names[0]]:
        bar = _bar(lambda done, before=before: progress(before + done, total))  # type: ignore[misc]
        hf_hub_download(repository, name, revision=commit, local_dir=folder, tqdm_class=bar)
        before += sizes[name]
        progress(before, total)
    sums = [f"{file.lfs.sha256}  {file.rfilename}\n" for file in files if file.lfs and file.rfilename in names]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    check_integrity(folder, largest=total)
    return commit


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
