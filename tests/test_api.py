"""The Python API: music in one call, a stream, and a client of a running daemon."""

import json
import subprocess
import sys

import numpy as np
import pytest
import soundfile

import audiogen_daemon
from audiogen_daemon import Client, GenerationResult, generate, stream
from audiogen_daemon import config as configuration
from audiogen_daemon.audio.stems import true_peak_db
from audiogen_daemon.cli import COMMANDS, main
from audiogen_daemon.errors import CommandError, EngineError, JobError
from audiogen_daemon.settings import Settings
from tests.live_daemon import free_port, live_daemon


def test_one_call_makes_a_take_that_can_be_saved(tmp_path):
    heard = []
    result = generate("dusty", heard.append, model="tone", seconds=0.5, seed=3)
    assert result.audio.shape == (16000, 1)
    assert (result.sample_rate, result.duration, heard[-1]) == (32000, 0.5, 1.0)
    path = result.save(tmp_path / "a take.wav")
    assert (soundfile.info(path).frames, soundfile.info(path).samplerate) == (22050, 44100)
    assert json.loads(path.with_suffix(".json").read_text())["settings"]["seed"] == 3
    assert result.save(tmp_path / "a take.wav") != path


@pytest.mark.parametrize("name", ["take.mp3", "take.flac", "loop v1.2"])
def test_a_take_is_not_saved_under_a_name_that_says_something_else(tmp_path, name):
    with pytest.raises(CommandError, match=rf"{name} would be a .*; name it {name.rpartition('.')[0]}\.wav$"):
        short_take().save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["take", "take.wav", "take.WAV"])
def test_a_take_is_saved_as_wav_under_a_name_without_an_ending_too(tmp_path, name):
    assert short_take().save(tmp_path / name) == tmp_path / "take.wav"


@pytest.mark.parametrize(("name", "saved"), [("a{b}", "a-b"), ("a{seed}", "a-seed"), ("a{", "a")])
def test_a_name_with_braces_is_no_template_and_made_safe_as_all_names_are(tmp_path, name, saved):
    assert short_take().save(tmp_path / f"{name}.wav") == tmp_path / f"{saved}.wav"


def test_a_take_that_is_too_loud_is_saved_at_the_daemons_ceiling(tmp_path):
    loud = (2 * np.sin(0.05 * np.arange(3200)) * np.hanning(3200)).astype(np.float32)[:, None]
    path = GenerationResult(loud, 32000, Settings(seconds=0.1, seed=1), 1.0).save(tmp_path / "loud.wav", rate=32000)
    saved, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert true_peak_db(saved, rate) == pytest.approx(-1.0, abs=0.05)


def short_take():
    return GenerationResult(np.zeros((3200, 1), np.float32), 32000, Settings(seconds=0.1, seed=1), 1.0)


def test_a_model_larger_than_the_memory_that_is_set_is_refused_as_the_daemon_does():
    config = configuration.load(None, ["engine.memory_gb=0.01"])
    words = r"starter needs about \d+\.\d MB and engine.memory_gb allows 10.0 MB; raise it, set engine.quantize to"
    for call in (generate, lambda *words, **values: list(stream(*words, **values))):
        with pytest.raises(JobError, match=words) as caught:
            call("dusty", config=config, model="starter", seconds=0.2)
        assert caught.value.code == "memory"


def test_a_stream_is_the_take_in_pieces():
    parts = list(stream("dusty", model="tone", seconds=0.5, seed=3))
    assert len(parts) > 1
    assert np.array_equal(np.concatenate(parts), generate("dusty", model="tone", seconds=0.5, seed=3).audio)


def test_a_loop_of_bars_is_finished_and_streamed_in_its_length(tmp_path):
    values = {"model": "tone", "bars": 1, "tempo": 118, "loop": 1, "seed": 3}
    result = generate("dusty", **values)
    assert result.audio.shape == (round(4 * 60 / 118 * result.sample_rate), 1)
    path = result.save(tmp_path / "loop.wav", rate=48000)
    assert soundfile.info(path).frames == round(4 * 60 / 118 * 48000)
    assert json.loads(path.with_suffix(".json").read_text())["measured"]["seam"] == dict(result.findings)["seam"] > 0
    assert sum(len(part) for part in stream("dusty", **values)) == round(4 * 60 / 118 * 32000)


@pytest.mark.parametrize(("bars", "tempo", "off"), [(2, 61, 1), (1, 62, -1), (4, 120, 0)])
def test_a_loop_saved_at_another_rate_still_runs_into_its_start(tmp_path, bars, tempo, off):
    length = bars * 240 / tempo
    count = round(length * 44100)
    assert round(length * 48000) - round(count * 48000 / 44100) == off
    cycles = round(length * 50)
    sound = np.cos(2 * np.pi * cycles * np.arange(count) / count).astype(np.float32)[:, None]
    loop = GenerationResult(0.5 * sound, 44100, Settings(bars=bars, tempo=tempo, loop=1, seed=1), 1.0)

    saved, rate = soundfile.read(loop.save(tmp_path / "loop.wav", rate=48000))

    assert (len(saved), rate) == (round(length * 48000), 48000)
    round_it = np.concatenate([saved, saved[:2]])
    assert np.abs(np.diff(round_it)).max() < 1.01 * 0.5 * 2 * np.pi * cycles / count * 44100 / 48000


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"seconds": -1}, "seconds: -1 is outside"),
        ({"tempo": 120, "bars": -1}, "bars: -1 is outside"),
        ({"bars": 4}, "4 bars need a tempo"),
        ({"colour": "red"}, 'unknown setting "colour"'),
        ({"variations": 2}, "ask for one take per seed"),
        ({"model": "musicgen-small"}, "audiogen-daemon fetch musicgen-small"),
        ({"finish_with": "starter"}, "one call makes one take"),
    ],
)
def test_wrong_settings_are_named(values, words):
    with pytest.raises(CommandError) as caught:
        generate("x", **{"model": "tone", **values})
    assert words in str(caught.value)


def test_what_a_model_cannot_make_is_a_job_that_failed(tmp_path):
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in" / "tune.wav", np.full((48000, 1), 0.5), 48000)
    config = configuration.load(None, [f"stems.folder={tmp_path}"])
    for call in (generate, lambda *words, **values: list(stream(*words, **values))):
        with pytest.raises(JobError, match="tone follows none"):
            call("x", config=config, model="tone", melody="tune.wav")


def test_the_client_knows_its_own_take_and_its_own_error_among_those_of_others(tmp_path):
    with live_daemon(tmp_path) as daemon, Client(port=daemon.port) as client, Client(port=daemon.port) as other:
        client.ask("/subscribe", answer="/subscribed")
        other.send("/generate", "theirs", "seconds", 0.2, "client", "other")
        other.send("/generate", "theirs", "seconds", -1, "client", "other")
        daemon.wait("/error", lambda v: v[2:] == ["other"])
        path = client.generate("ours", seconds=0.3)
        assert json.loads(path.with_suffix(".json").read_text())["prompt"] == "ours"


def test_an_unknown_name_is_no_attribute():
    with pytest.raises(AttributeError, match="no attribute 'compose'"):
        audiogen_daemon.compose  # noqa: B018


def test_the_client_has_a_take_made_by_a_running_daemon(tmp_path):
    with live_daemon(tmp_path) as daemon, Client(port=daemon.port) as client:
        heard = []
        path = client.generate("dusty", heard.append, seconds=0.5, seed=1)
        assert soundfile.info(path).frames == 22050
        assert heard[-1] == 1.0
        assert client.ask("/ping", 5, answer="/pong") == [5]
        with pytest.raises(CommandError, match="outside"):
            client.generate("x", seconds=1e9)


def test_of_several_variations_the_client_returns_the_first(tmp_path):
    with live_daemon(tmp_path) as daemon, Client(port=daemon.port) as client:
        path = client.generate("dusty", seconds=0.3, seed=4, variations=2)
        assert json.loads(path.with_suffix(".json").read_text())["seed"] == 4


def test_the_client_says_when_nobody_answers():
    with Client(port=free_port()) as client, pytest.raises(EngineError, match="audiogen-daemon run"):
        client.ask("/ping", answer="/pong", timeout=0.2)


def run(*words):
    command = [sys.executable, "-m", "audiogen_daemon", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_generate_finishes_a_take_with_another_model_and_info_names_both(tmp_path):
    words = ("generate", "dusty", "--model", "tone", "--seconds", 0.3, "--seed", 1, "-o", tmp_path / "hook.wav")
    made = json.loads(run(*words, "--finish-with", "starter", "--json").stdout)
    assert [made["path"], made["final"]["path"]] == [str(tmp_path / n) for n in ("hook.wav", "hook_starter.wav")]
    assert "take.final: hook_starter\n" in run("info", tmp_path / "hook.wav").stdout
    assert "take.draft_of: hook\n" in run("info", tmp_path / "hook_starter.wav").stdout
    again = json.loads(
        run("generate", "--again", tmp_path / "hook.json", "-o", tmp_path / "again.wav", "--json").stdout
    )
    assert "final" not in again


def test_info_tells_settings_as_generate_takes_them(tmp_path):
    asked = {"model": "tone", "bars": "0.25", "tempo": "118.5", "signature": "7/8", "loop": "1", "seed": "4294967295"}
    words = [word for name, value in asked.items() for word in (f"--{name}", value)]
    assert run("generate", "dusty", *words, "-o", tmp_path / "a.wav").returncode == 0

    told = dict(line.split(": ", 1) for line in run("info", tmp_path / "a.wav").stdout.splitlines())

    settings = {name.rpartition(".")[2]: text for name, text in told.items() if name.startswith("take.settings.")}
    assert asked.items() <= settings.items()
    assert not {"key", "melody", "morph", "beta"} & set(settings)
    assert (told["take.loop"], told["acid.signature"]) == ("1", "7/8")
    assert not any("{" in text for text in told.values())


@pytest.mark.parametrize(("model", "words"), [("tone", "makes the take itself"), ("musicgen-medium", "fetch musicgen")])
def test_a_final_that_cannot_be_made_is_refused_before_the_draft_is_made(tmp_path, model, words):
    refused = run("generate", "dusty", "--model", "tone", "--finish-with", model, "-o", tmp_path / "hook.wav")
    assert (refused.returncode, words in refused.stderr, list(tmp_path.iterdir())) == (2, True, [])


def test_what_memory_cannot_hold_is_refused_on_the_command_line_before_a_draft_is_made(tmp_path):
    small = ("--seconds", 0.2, "--set", "engine.memory_gb=0.01", "-o", tmp_path / "hook.wav")
    alone = run("generate", "dusty", "--model", "starter", *small)
    final = run("generate", "dusty", "--model", "tone", "--finish-with", "starter", *small)
    assert [alone.returncode, final.returncode, list(tmp_path.iterdir())] == [1, 2, []]
    for refused in (alone, final):
        assert "engine.memory_gb allows 10.0 MB; raise it" in refused.stderr


def test_a_file_of_another_kind_is_refused_before_the_take_is_made_and_one_that_is_set_is_written(tmp_path):
    words = ("generate", "dusty", "--model", "tone", "--seconds", 0.2)
    refused = run(*words, "-o", tmp_path / "x.mp3")
    assert (refused.returncode, list(tmp_path.iterdir())) == (2, [])
    assert "name it x.wav, or choose the kind: --set stems.format=pcm24|float32|flac|aiff" in refused.stderr
    assert run(*words, "-o", tmp_path / "x.flac", "--set", "stems.format=flac").returncode == 0
    assert (tmp_path / "x.flac").is_file()


def test_a_batch_makes_each_line_once_and_goes_on_where_it_stopped(tmp_path):
    prompts = tmp_path / "prompts.txt"
    prompts.write_text('# a comment\ndusty\n\n{"prompt": "warm", "seconds": 0.3, "seed": 5}\n')
    common = ("--set", "engine.model=tone", "--set", "take.seconds=0.2", "--out", tmp_path / "out")
    first = run("batch", prompts, *common)
    assert first.returncode == 0, first.stderr
    assert len(first.stdout.splitlines()) == 2
    prompts.write_text(prompts.read_text() + "more\n")
    second = run("batch", prompts, *common)
    assert len(second.stdout.splitlines()) == 1
    assert "nothing is left" not in first.stderr + second.stderr
    assert len(list((tmp_path / "out").glob("*.wav"))) == 3
    third = run("batch", prompts, *common)
    assert (third.returncode, third.stdout) == (0, "")
    assert f"nothing is left to make: all 3 of {prompts} are in {tmp_path / 'out'}" in third.stderr


def test_a_batch_that_is_killed_goes_on_and_makes_no_line_twice(tmp_path):
    prompts, out = tmp_path / "prompts.txt", tmp_path / "out"
    prompts.write_text("".join(f"dusty loop {number}\n" for number in range(4)))
    words = ("batch", prompts, "--set", "take.seconds=0.5", "--out", out)
    command = [sys.executable, "-m", "audiogen_daemon", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as batch:
        assert batch.stdout.readline().endswith(".wav\n")
        batch.kill()
    (out / f".{'0' * 32}.wav.{batch.pid}.part").write_bytes(b"half a stem")

    done = run(*words)

    assert done.returncode == 0, done.stderr
    made = sorted(json.loads(file.read_text())["prompt"] for file in out.glob("*.json"))
    assert made == [f"dusty loop {number}" for number in range(4)]
    assert len(list(out.glob("*.wav"))) == 4
    assert not list(out.glob(".*.part"))


def test_a_stem_that_landed_before_it_was_noted_and_a_line_that_moved_are_not_made_again(tmp_path):
    prompts, out = tmp_path / "prompts.txt", tmp_path / "out"
    prompts.write_text("dusty\nwarm\nwarm\n")
    words = ("batch", prompts, "--set", "engine.model=tone", "--set", "take.seconds=0.2", "--out", out)
    assert len(run(*words).stdout.splitlines()) == 3
    noted = (out / "batch-done.jsonl").read_text().splitlines(keepends=True)
    (out / "batch-done.jsonl").write_text("".join(noted[:2]))
    prompts.write_text("# moved\nnew\nwarm\ndusty\nwarm\n")

    assert len(run(*words).stdout.splitlines()) == 1
    assert len(list(out.glob("*.wav"))) == 4


@pytest.mark.parametrize(
    ("text", "words"), [("", "holds no prompts"), ("{bad", "line 1 is no JSON"), ('{"seconds": 1}', 'no "prompt"')]
)
def test_a_wrong_batch_is_refused_before_anything_is_made(tmp_path, text, words):
    prompts = tmp_path / "prompts.txt"
    prompts.write_text(text)
    refused = run("batch", prompts, "--out", tmp_path / "out")
    assert refused.returncode == 2
    assert words in refused.stderr


def test_all_wrong_lines_of_a_batch_are_named_at_once(tmp_path, capsys):
    prompts = tmp_path / "prompts.txt"
    wrong = '{"prompt": "warm", "seconds": -1}\n'
    prompts.write_text("dusty\n" + wrong + "dusty\n{bad\n")
    assert main(["batch", str(prompts), "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "audiogen-daemon: line 2: seconds: -1 is outside 0.1 to 600 s"
    assert [line.partition(":")[0] for line in told[1:]] == ["  line 4 is no JSON"]

    prompts.write_text(wrong * 25)
    assert main(["batch", str(prompts), "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err.splitlines()
    assert (len(told), told[-1]) == (21, "  and 5 more")


def test_a_file_that_is_not_there_is_named_with_a_cure(tmp_path, capsys):
    gone = str(tmp_path / "gone")
    for words in (["info", gone], ["batch", gone, "--out", str(tmp_path)], ["generate", "--again", gone]):
        assert main(words) == 2
        told = capsys.readouterr().err
        assert told.count(gone) == 1, told
        assert "No such file or directory; " in told
        assert "Errno" not in told


def test_models_are_scored_over_the_prompt_set():
    scored = run("evaluate", "tone", "--prompts", 2, "--seconds", 2, "--json")
    assert scored.returncode == 0, scored.stderr
    report = json.loads(scored.stdout)
    assert report["score"]["prompts"] == 2
    assert 0 <= report["score"]["instrument"] <= 1


def test_no_models_name_is_cut_where_the_terminal_is_narrow(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["models"]) == 0
    assert "musicgen-stereo-melody-large " in capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert f"audiogen-daemon {command}" in capsys.readouterr().out


def test_a_process_explains_itself_and_a_wrong_command_is_wrong_usage():
    assert run("run", "--help").returncode == 0
    assert run("dance").returncode == 2
    assert run("models", "--set", "nothing").returncode == 2
