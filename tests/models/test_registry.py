import subprocess
import sys

import pytest

from audiogen_daemon.models import registry
from audiogen_daemon.models.hub import files_of_part, files_to_fetch, needs_conversion
from audiogen_daemon.models.reading import CheckpointError
from audiogen_daemon.models.registry import KNOWN, ModelMissingError
from audiogen_daemon.models.torchfiles import TorchMissingError
from tests.models.reference.tiny_musicgen import MONO, changed, write_checkpoint, write_documents


@pytest.fixture
def models(tmp_path):
    """A models folder with one checkpoint and one stray folder."""
    write_checkpoint(tmp_path / "tiny", MONO)
    (tmp_path / "half-fetched").mkdir()
    return tmp_path


def test_an_installed_model_is_found_by_name(models):
    assert registry.resolve("tiny", models) == models / "tiny"


def test_a_known_model_that_is_not_here_says_how_to_get_it(models):
    with pytest.raises(ModelMissingError, match=r"2\.4 GB, CC-BY-NC 4\.0\); run: audiogen-daemon fetch musicgen-small"):
        registry.resolve("musicgen-small", models)


def test_a_misspelt_model_names_the_nearest(models):
    with pytest.raises(ModelMissingError, match=r"did you mean tiny\?"):
        registry.resolve("tinny", models)
    with pytest.raises(ModelMissingError, match=r"did you mean musicgen-medium\?"):
        registry.resolve("musicgen-meduim", models)


@pytest.mark.parametrize(
    "name", ["../tiny", "/etc", "tiny/", "..", ".", "", "a/b", "tiny\x00", "tiny\n", "~", "x" * 500]
)
def test_a_name_is_never_a_path(models, name):
    inside = models / "inner"
    inside.mkdir()
    with pytest.raises(ModelMissingError):
        registry.resolve(name, inside)


def test_what_is_installed_is_listed_and_half_fetched_folders_are_not(models):
    names = [model.name for model in registry.installed(models)]

    assert "tiny" in names
    assert "tone" in names
    assert "half-fetched" not in names
    assert registry.installed(models / "nowhere")[-1].name == "tone"


def test_a_model_is_loaded_by_name_or_by_folder(models):
    assert registry.load("tiny", models).sample_rate == 32_000
    assert registry.load(models / "tiny", models).sample_rate == 32_000
    assert registry.load("tone", models).sample_rate > 0


def test_an_unknown_type_of_weights_is_refused(models):
    with pytest.raises(ValueError, match="dtype is 'int8'"):
        registry.load("tiny", models, "int8")


def test_a_family_that_is_not_supported_is_named(models):
    write_documents(models / "other", changed(MONO, "model_type", "llama"))

    with pytest.raises(CheckpointError, match="model_type is 'llama'; supported: musicgen"):
        registry.load("other", models)


def test_fetching_what_is_here_already_asks_no_network(models):
    with pytest.raises(ModelMissingError, match="starter is on this machine and not among what can be fetched"):
        registry.fetch("starter", models, lambda done, total: None)


def test_fetching_an_unknown_model_asks_no_network(models):
    with pytest.raises(ModelMissingError, match=r"did you mean musicgen-small\?"):
        registry.fetch("musicgen-smal", models, lambda done, total: None)


def test_importing_the_registry_leaves_mlx_alone():
    code = "import sys, audiogen_daemon.models.registry; sys.exit(any(m.startswith('mlx') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_models_with_a_pinned_revision_name_a_whole_commit():
    assert len(KNOWN["musicgen-small"].revision) == 40
    assert all(model.revision == "main" or len(model.revision) == 40 for model in KNOWN.values())


DOCUMENTS = dict.fromkeys(("config.json", "generation_config.json", "tokenizer.json"), 10)


def test_one_safetensors_file_is_preferred_to_everything_else():
    listed = files_to_fetch(DOCUMENTS | {"model.safetensors": 1, "pytorch_model.bin": 1, "state_dict.bin": 1}, "x/y")

    assert listed == [*DOCUMENTS, "model.safetensors"]


def test_shards_come_with_their_index():
    shards = dict.fromkeys(("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"), 5)
    listed = files_to_fetch(DOCUMENTS | shards | {"model.safetensors.index.json": 1}, "x/y")

    assert listed == [*DOCUMENTS, "model.safetensors.index.json", *shards]


def test_without_safetensors_the_files_to_convert_are_fetched():
    one = files_to_fetch(DOCUMENTS | {"pytorch_model.bin": 1, "state_dict.bin": 1}, "x/y")
    assert one == [*DOCUMENTS, "pytorch_model.bin"]
    assert needs_conversion(one)

    shards = dict.fromkeys(("pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"), 5)
    many = files_to_fetch(DOCUMENTS | shards | {"pytorch_model.bin.index.json": 1, "state_dict.bin": 1}, "x/y")
    assert many == [*DOCUMENTS, "pytorch_model.bin.index.json", *shards]

    audiocraft = {"README.md": 1, "state_dict.bin": 1, "compression_state_dict.bin": 1}
    assert files_to_fetch(audiocraft, "x/y") == ["state_dict.bin", "compression_state_dict.bin"]
    assert not needs_conversion(files_to_fetch(DOCUMENTS | {"model.safetensors": 1}, "x/y"))


def test_of_a_part_only_config_tokenizer_and_the_best_weights_are_fetched():
    t5 = DOCUMENTS | {"model.safetensors": 1, "pytorch_model.bin": 1, "rust_model.ot": 1, "spiece.model": 1}

    assert files_of_part(t5, "x/y") == ["config.json", "tokenizer.json", "model.safetensors"]
    assert files_of_part({"config.json": 1, "pytorch_model.bin": 1}, "x/y") == ["config.json", "pytorch_model.bin"]
    with pytest.raises(CheckpointError, match=r"x/y has no config\.json; nothing can be taken from it"):
        files_of_part({"model.safetensors": 1}, "x/y")


def test_a_repository_without_readable_weights_is_refused_before_downloading():
    with pytest.raises(CheckpointError, match=r"no weights that can be read \(it has model\.ckpt\)"):
        files_to_fetch(DOCUMENTS | {"model.ckpt": 1}, "x/y")


def test_a_model_to_convert_is_not_downloaded_without_torch(models, monkeypatch):
    (models / "tiny" / "model.safetensors").rename(models / "tiny" / "pytorch_model.bin")
    hub = FakeHub(models / "tiny")
    hub.install(monkeypatch)
    hub.download = None
    monkeypatch.setitem(sys.modules, "torch", None)

    with pytest.raises(TorchMissingError, match=r"needs torch; run: make setup EXTRAS=convert"):
        registry.fetch("musicgen-medium", models, lambda done, total: None)
    assert not (models / "musicgen-medium").exists()


def test_a_repository_without_tokenizer_is_refused():
    with pytest.raises(CheckpointError, match=r"has no tokenizer\.json"):
        files_to_fetch({"config.json": 1, "generation_config.json": 1, "model.safetensors": 1}, "x/y")


class FakeHub:
    """Stands in for the hub: serves a local folder, in pieces."""

    def __init__(self, folder):
        self.folder = folder

    def install(self, monkeypatch):
        import huggingface_hub

        monkeypatch.setattr(huggingface_hub, "HfApi", lambda: self)
        monkeypatch.setattr(huggingface_hub, "hf_hub_download", self.download)

    def model_info(self, repository, revision, files_metadata):
        import hashlib
        from types import SimpleNamespace as Info

        def file(path):
            lfs = Info(sha256=hashlib.sha256(path.read_bytes()).hexdigest()) if path.suffix == ".safetensors" else None
            return Info(rfilename=path.name, size=path.stat().st_size, lfs=lfs)

        return Info(sha="a" * 40, siblings=[file(path) for path in sorted(self.folder.iterdir())])

    def download(self, repository, name, revision, local_dir, tqdm_class):
        assert revision == "a" * 40
        data = (self.folder / name).read_bytes()
        bar = tqdm_class(total=len(data), desc=name)
        local_dir.mkdir(parents=True, exist_ok=True)
        with (local_dir / name).open("wb") as file:
            for start in range(0, len(data), 100_000):
                file.write(data[start : start + 100_000])
                bar.update(len(data[start : start + 100_000]))


def test_fetching_reports_progress_records_the_commit_and_leaves_a_model_that_loads(models, tmp_path, monkeypatch):
    FakeHub(models / "tiny").install(monkeypatch)
    told: list[tuple[int, int]] = []

    folder = registry.fetch("musicgen-small", models, lambda done, total: told.append((done, total)))

    assert registry.resolve("musicgen-small", models) == folder
    assert "a" * 40 in (folder / "fetched.json").read_text()
    assert told == sorted(told)
    assert len(told) > 5
    assert told[-1][0] == told[-1][1] == sum(file.stat().st_size for file in (models / "tiny").iterdir())
    assert registry.load("musicgen-small", models).channels == 1


def test_a_failing_network_is_an_error_with_a_cure(models, monkeypatch):
    from audiogen_daemon.models.hub import FetchError

    def unreachable():
        raise OSError("no route to host")

    monkeypatch.setattr("huggingface_hub.HfApi", unreachable)
    with pytest.raises(FetchError, match="no route to host; check the network and try again"):
        registry.fetch("musicgen-small", models, lambda done, total: None)
    assert "musicgen-small" not in [model.name for model in registry.installed(models)]


def test_listing_reads_sizes_from_the_files(models):
    (tiny,) = [model for model in registry.installed(models) if model.name == "tiny"]

    assert tiny.family == "musicgen"
    assert tiny.megabytes == round((models / "tiny" / "model.safetensors").stat().st_size / 1e6)
