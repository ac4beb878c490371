"""Takes of so many bars come out with exactly round(bars · beats · 60 / tempo · rate) samples."""

import dataclasses
import random
import sqlite3

import numpy as np
import pytest
import soundfile

from audiogen_daemon.audio import stems
from audiogen_daemon.config import load
from audiogen_daemon.journal import Journal
from audiogen_daemon.keeper import JAM_SECONDS, StemKeeper, finished, record_of
from audiogen_daemon.messages import JobStarted, SaveStem, StemHeld, StemSaved, StemUnsaved, Take
from audiogen_daemon.settings import Settings

MODEL_RATE = 32000


def settings_of(dice: random.Random) -> Settings:
    """Any tempo, bars and signature whose bars last no longer than a few seconds."""
    while True:
        settings = Settings(
            bars=dice.choice([0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 8.0, dice.uniform(0.25, 8)]),
            tempo=dice.choice([float(dice.randint(30, 300)), round(dice.uniform(30, 300), 2), dice.uniform(30, 300)]),
            signature=(dice.randint(1, 13), dice.choice([2, 4, 8, 16])),
            loop=dice.randint(0, 1),
            seed=0,
        )
        if 0.1 <= settings.length <= 4:
            return settings


def made(settings: Settings, dice: random.Random) -> np.ndarray:
    """What an engine makes: the length and what lies beyond it, now and then cut short."""
    samples = round((settings.length + settings.overrun * dice.choice([0, 0.5, 1, 1])) * MODEL_RATE)
    noise = np.random.default_rng(dice.randrange(2**32))
    return (0.1 * noise.standard_normal((samples, 1))).astype(np.float32)


def test_five_hundred_takes_have_the_exact_length(tmp_path):
    dice = random.Random(20260101)
    for number in range(500):
        settings = settings_of(dice)
        rate = dice.choice([22050, 44100, 48000, 88200, 96000])
        beats = settings.signature[0] * 4 / settings.signature[1]
        exact = round(settings.bars * beats * 60 / settings.tempo * rate)
        pcm, finished_rate, findings = finished(settings, made(settings, dice), MODEL_RATE, rate)
        assert (len(pcm), finished_rate) == (exact, rate), settings
        assert findings
        record = record_of(SaveStem(Take(1, "u", settings, "2026-01-01T00:00:00+00:00"), False, 1.0))
        form = stems.StemFormat(rate=rate)
        assert len(stems.render(record, pcm, rate, form, round(settings.length * rate))[0]) == exact
        if number % 50 == 0:
            saved = stems.save(record, pcm, rate, tmp_path, form, exact)
            assert soundfile.info(saved.path).frames == exact


@pytest.mark.parametrize("rate", [32000, 44100])
def test_a_take_without_bars_and_loop_is_left_as_it_was_made(rate):
    pcm = np.random.default_rng(0).standard_normal((1000, 2)).astype(np.float32)
    out, same_rate, findings = finished(Settings(seconds=1.0, tempo=120.0), pcm, 32000, rate)
    assert out is pcm
    assert (same_rate, findings) == (32000, ())


@pytest.mark.parametrize("seconds", [1.0, JAM_SECONDS - 0.5, JAM_SECONDS + 0.3, 2.5 * JAM_SECONDS])
def test_of_a_jam_the_end_is_held_whatever_its_length(tmp_path, seconds):
    config = load(None, [f"stems.folder={tmp_path}", f"daemon.state={tmp_path}"])
    keeper = StemKeeper(config, Journal(tmp_path / "journal.sqlite3"))
    keeper.begin(JobStarted(1, 1000, 2, 0))
    samples = np.arange(round(seconds * 1000), dtype=np.float32)[:, None] * [1, -1]
    parts = np.array_split(samples, 7 if seconds < 2 else 400)
    assert [keeper.feed(1, part.astype(np.float32)) for part in parts] == [True] + [False] * (len(parts) - 1)
    pcm, rate = keeper.audio(1)
    assert rate == 1000
    np.testing.assert_array_equal(pcm, samples[-round(JAM_SECONDS * 1000) :])


def test_a_jam_has_audio_from_its_first_sample_on(tmp_path):
    config = load(None, [f"stems.folder={tmp_path}", f"daemon.state={tmp_path}"])
    keeper = StemKeeper(config, Journal(tmp_path / "journal.sqlite3"))
    assert not keeper.has_audio(1)
    keeper.begin(JobStarted(1, 1000, 1, 0))
    assert not keeper.has_audio(1)
    keeper.feed(1, np.ones((1, 1), np.float32))
    assert keeper.has_audio(1)


def test_of_a_jam_no_more_than_its_last_seconds_are_copied(tmp_path):
    config = load(None, [f"stems.folder={tmp_path}", f"daemon.state={tmp_path}"])
    keeper = StemKeeper(config, Journal(tmp_path / "journal.sqlite3"))
    keeper.begin(JobStarted(1, 10, 1, 0))
    samples = np.arange(round(JAM_SECONDS * 10) + 25, dtype=np.float32)[:, None]
    for part, wanted in ((samples[:30], samples[20:30]), (samples[30:], samples[-10:])):
        keeper.feed(1, part)
        np.testing.assert_array_equal(keeper.audio(1, 1.0)[0], wanted)
    assert len(keeper.audio(1, 2 * JAM_SECONDS)[0]) == JAM_SECONDS * 10


def test_a_take_that_the_drop_folder_refused_is_held_also_for_the_next_daemon(tmp_path):
    config = load(None, [f"stems.folder={tmp_path / 'stems'}", f"daemon.state={tmp_path}"])
    refused, unmade = (
        Take(number, f"u{number}", Settings(seed=0, seconds=0.1), "2026-01-01T00:00:00+00:00") for number in (1, 2)
    )
    journal = Journal(tmp_path / "journal.sqlite3")
    journal.record([refused, unmade])
    keeper = StemKeeper(config, journal)
    keeper.begin(JobStarted(1, 1000, 1, 100))
    keeper.feed(1, np.ones((100, 1), np.float32))
    [held] = keeper.save(SaveStem(refused, False, 1.0))
    assert (type(held), held.take) == (StemHeld, refused)
    later = StemKeeper(config, journal)
    assert later.recover() == ([unmade], [refused])
    assert [type(event) for event in later.deliver_held()] == [StemSaved]
    assert later.recover() == ([unmade], [])


@pytest.mark.parametrize("sets", [[], ["stems.peak_guard=false"]], ids=["guarded", "as it was made"])
def test_a_stem_is_turned_down_to_its_ceiling_by_a_plain_gain(tmp_path, sets):
    config = load(None, [f"stems.folder={tmp_path}", f"daemon.state={tmp_path}", "stems.format=float32", *sets])
    keeper = StemKeeper(config, Journal(tmp_path / "journal.sqlite3"))
    loud = (1.7 * np.sin(0.3 * np.arange(4000)) * np.hanning(4000)).astype(np.float32)[:, None]
    keeper.begin(JobStarted(1, config.stems.rate, 1, len(loud)))
    keeper.feed(1, loud)
    take = Take(1, "u1", Settings(seed=0, seconds=len(loud) / config.stems.rate), "2026-01-01T00:00:00+00:00")
    [event] = keeper.save(SaveStem(take, False, 1.0))
    saved = soundfile.read(event.path, dtype="float32", always_2d=True)[0]
    gain = np.abs(saved).max() / np.abs(loud).max()
    assert stems.true_peak_db(saved, config.stems.rate) == pytest.approx(20 * np.log10(1.7) if sets else -1.0, abs=0.05)
    np.testing.assert_allclose(saved, gain * stems.faded(loud, config.stems.rate), atol=1e-6)


REFUSED = Take(1, "u1", Settings(seed=0, seconds=0.1), "2026-01-01T00:00:00+00:00")


def keeper_of_a_take(tmp_path):
    """A keeper with the audio of a take that the journal knows, and the journal."""
    config = load(None, [f"stems.folder={tmp_path / 'stems'}", f"daemon.state={tmp_path}"])
    journal = Journal(tmp_path / "journal.sqlite3")
    journal.record([REFUSED])
    keeper = StemKeeper(config, journal)
    keeper.begin(JobStarted(1, 1000, 1, 100))
    keeper.feed(1, np.ones((100, 1), np.float32))
    return keeper, journal


def test_a_take_that_cannot_even_be_held_is_said_to_be_made_again_and_is(tmp_path):
    keeper, journal = keeper_of_a_take(tmp_path)
    (tmp_path / "held").write_text("no folder")
    [unsaved] = keeper.save(SaveStem(REFUSED, False, 1.0))
    assert isinstance(unsaved, StemUnsaved)
    for words in (str(tmp_path / "stems"), str(tmp_path / "held")):
        assert words in unsaved.reason
    assert "is saved" not in unsaved.reason
    assert unsaved.then == "it is made again from its seed at the daemon's next start"
    (tmp_path / "held").unlink()
    assert StemKeeper(
        load(None, [f"stems.folder={tmp_path / 'stems'}", f"daemon.state={tmp_path}"]), journal
    ).recover() == (
        [REFUSED],
        [],
    )


def test_a_stem_that_landed_is_told_though_the_journal_fails(tmp_path, monkeypatch):
    def fails(*_):
        raise sqlite3.OperationalError("disk I/O error")

    keeper, journal = keeper_of_a_take(tmp_path)
    (tmp_path / "stems").mkdir()
    monkeypatch.setattr(journal, "done", fails)
    monkeypatch.setattr(journal, "record", fails)
    [saved] = keeper.save(SaveStem(REFUSED, False, 1.0))
    [kept] = keeper.save_end(dataclasses.replace(REFUSED, id=2, uid="u2"), np.ones((100, 1), np.float32), 1000)
    assert (type(saved), type(kept)) == (StemSaved, StemSaved)
    assert len(list((tmp_path / "stems").glob("*.wav"))) == 2


def test_held_takes_that_land_are_told_though_the_journal_fails(tmp_path, monkeypatch):
    def fails(*_):
        raise sqlite3.OperationalError("disk I/O error")

    keeper, journal = keeper_of_a_take(tmp_path)
    assert [type(event) for event in keeper.save(SaveStem(REFUSED, False, 1.0))] == [StemHeld]
    (tmp_path / "stems").mkdir()
    monkeypatch.setattr(journal, "done", fails)
    assert [type(event) for event in keeper.deliver_held()] == [StemSaved]


def test_the_end_of_a_jam_that_nothing_can_keep_is_not_made_as_other_music_later(tmp_path):
    keeper, journal = keeper_of_a_take(tmp_path)
    (tmp_path / "held").write_text("no folder")
    [unsaved] = keeper.save_end(dataclasses.replace(REFUSED, id=2, uid="u2"), np.ones((100, 1), np.float32), 1000)
    assert isinstance(unsaved, StemUnsaved)
    assert unsaved.then == "see that one of them can be written, and send /jam/keep again"
    assert journal.pending() == [REFUSED]
