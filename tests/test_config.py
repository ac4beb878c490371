"""One default for everything; files, environment and --set change it; mistakes are named."""

import pytest

from audiogen_daemon.config import ConfigError, load
from audiogen_daemon.models.bits import PRESETS


def test_later_sources_win(tmp_path):
    file = tmp_path / "audiogen.toml"
    file.write_text('[stems]\nrate = 48000\ntemplate = "a{number}"\n[monitor]\ngain_db = -6\n')
    environment = {"AUDIOGEN_STEMS_RATE": "96000", "AUDIOGEN_MONITOR_ENABLED": "false", "HOME": "/"}
    config = load(file, ["stems.rate=44100"], environment)
    assert (config.stems.rate, config.stems.template) == (44100, "a{number}")
    assert (config.monitor.enabled, config.monitor.gain_db) == (False, -6.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[monitor]\ngain = 3", 'unknown key "gain" in [monitor]; did you mean "gain_db"?'),
        ("[monitr]\ngain_db = 3", "unknown section [monitr]"),
        ("[stems]\nrate = 1", "stems.rate = 1 is outside 8000 to 192000"),
        ("[stems]\nrate = true", "is no int"),
        ('[engine]\ndtype = "float8"', "is none of auto"),
        ('[engine]\nquantize = "fast"', "allowed are off, quality, balanced, speed, and bits: 8, 4, 0"),
        ('[osc]\nlisten = "nowhere"', "is no host:port"),
        ("[osc]\nnotify = 5", "is no list of texts"),
        ('[osc]\nallow = ["my tablet"]', 'osc.allow = "my tablet" is no network, as 192.168.1.0/24'),
        ("not toml", "audiogen.toml"),
        ("osc = 3", "audiogen.toml: osc = 3 is no section; write [osc]"),
        ('[take]\nprompt = ""', "take.prompt: prompt is empty"),
        ('[take]\npresets = ["a", " "]', "take.presets: prompt is empty"),
        ('[engine]\nmodel = "../x"', 'engine.model: "../x" is no model name'),
        ('[take]\nfinish_with = "a/b"', 'take.finish_with: "a/b" is no model name'),
        ('[daemon]\nstate = "a\\u0000"', "holds a NUL"),
    ],
)
def test_mistakes_in_the_file_are_named(tmp_path, text, words):
    file = tmp_path / "audiogen.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file, environment={})
    assert words in str(caught.value)


@pytest.mark.parametrize("text", ["osc", "osc.listen", "=", "a.b=c"])
def test_a_set_that_is_no_setting_is_refused(text):
    with pytest.raises(ConfigError):
        load(sets=[text], environment={})


@pytest.mark.parametrize(
    ("line", "name"), [("8", "quality"), ("4", "speed"), ("0", "off"), ('"balanced"', "balanced"), ('"8"', "quality")]
)
def test_weights_are_quantized_by_a_preset_or_by_bits(tmp_path, line, name):
    file = tmp_path / "audiogen.toml"
    file.write_text(f"[engine]\nquantize = {line}\n")
    assert load(file, environment={}).engine.quantize == PRESETS[name]
    assert load(file, ["engine.quantize=speed"], {}).engine.quantize == PRESETS["speed"]
    assert load(file, environment={"AUDIOGEN_ENGINE_QUANTIZE": "8"}).engine.quantize == PRESETS["quality"]


def test_a_missing_file_that_was_asked_for_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="does not exist"):
        load(tmp_path / "none.toml", environment={})


def test_lan_opens_the_port_to_other_hosts():
    assert load(sets=["osc.lan=true"], environment={}).listen.host == "0.0.0.0"
    assert load(environment={}).listen.host == "127.0.0.1"
