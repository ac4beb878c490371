"""What docs/daws.md promises of stems holds for the real daemon's."""

import re
import tomllib
from pathlib import Path

import soundfile

from tests.live_daemon import live_daemon

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "daws.md").read_text("utf-8")


def test_the_template_shown_names_tempo_key_and_bars_and_the_stem_is_that_long(tmp_path):
    block = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)[0]
    template = tomllib.loads(block)["stems"]["template"]
    with live_daemon(tmp_path, f"stems.template={template}") as daemon:
        values = (("tempo", 120), ("bars", 1), ("key", "F# minor"), ("prompt", "warm loop"))
        daemon.ask(*((f"/set/{name}", (value,)) for name, value in values), ("/generate", ()))
        path = Path(daemon.wait("/stem/saved")[1])
        assert path.parent == daemon.stems
        assert path.name.startswith("warm-loop_120bpm_")
        assert path.name.endswith("_1bars_001.wav")
        told = soundfile.info(path)
        assert (told.frames, told.samplerate, told.subtype) == (88200, 44100, "PCM_24")
        assert not [entry for entry in daemon.stems.iterdir() if entry.name.startswith(".") and entry.suffix == ".wav"]


def test_every_file_named_is_there():
    for path in re.findall(r"`((?:m4l|docs)/[^` ]+)`", TEXT):
        assert (DOCS.parent / path).exists(), path
