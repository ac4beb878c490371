"""The parts of the training recipe that need torch."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

import audiogen_daemon

pytest.importorskip("torch")
pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def clips():
    import torch

    from training.clip import draw_spec
    from training.compose import compose
    from training.render import Renderer, event_table

    torch.set_num_threads(1)
    rng = random.Random(0)
    specs = [replace(draw_spec(rng, name), tuned=name == "keys") for name in ("drums", "keys")]
    table = event_table([compose(spec, rng) for spec in specs], specs)
    return specs, table, Renderer(torch.device("cpu"))


def test_a_clip_is_its_count_in_and_then_music_that_never_clips(clips):
    import torch

    from training.count_in import CountIn

    specs, table, renderer = clips
    sound = renderer(table, specs, seed=1)

    assert sound.shape == (2, 600 * 640)
    assert sound.abs().max() < 0.9
    for row, spec in zip(sound, specs, strict=True):
        opening = spec.count_in_frames * 640
        torch.testing.assert_close(
            row[:opening], torch.from_numpy(CountIn().click(spec.beat_frames, spec.count_in_key))
        )
        assert row[opening:].pow(2).mean().sqrt() == pytest.approx(0.16, rel=0.15)


def test_clips_begin_with_the_codes_of_their_count_ins_each_encoded_once():
    import torch

    from training.clip import draw_spec
    from training.codec import taken
    from training.tokens import Primes, encode_clips

    codec, asked = taken(Path(audiogen_daemon.__file__).parent / "starter"), []
    primes = Primes(codec, torch.device("cpu"))
    encode = codec.encode
    codec.encode = lambda samples: asked.append(len(samples)) or encode(samples)
    spec = draw_spec(random.Random(0), "keys")
    specs = [spec, replace(spec, tuned=True), replace(spec, tuned=True)]
    codes = encode_clips(codec, torch.zeros(3, 600 * 640), specs, primes)
    again = primes([(spec.eighth, spec.key), (spec.eighth, None)])

    assert asked == [3, 2]
    length = spec.count_in_frames - 3
    assert torch.equal(codes[1, :, :length], codes[2, :, :length])
    assert not torch.equal(codes[0, :, :length], codes[1, :, :length])
    assert torch.equal(codes[1, :, :length], again[0].short())
    assert torch.equal(codes[0, :, :length], again[1].short())


def test_the_same_seed_renders_the_same_samples(clips):
    import torch

    specs, table, renderer = clips
    torch.testing.assert_close(renderer(table, specs, seed=2), renderer(table, specs, seed=2))


def test_no_voice_sounds_above_its_guard():
    import torch

    from training.voices import harmonic

    row = torch.tensor([[3000.0, 1, 0.01, 1, 1, 0.1, 30, 0, 1, 0, 0.5, 0, 0, 0, 0, 0]])
    spectrum = torch.fft.rfft(harmonic(row, 32_000)[0] * torch.hann_window(32_000)).abs()

    assert spectrum[14_600:].max() < 1e-3 * spectrum.max()


def test_quantised_latents_are_the_sum_of_their_rows_and_kmeans_fits_clusters():
    import torch

    from training.rvq import ResidualQuantizer

    torch.manual_seed(0)
    centres = torch.randn(8, 16) * 3
    rows = centres[torch.randint(8, (4000,))] + 0.05 * torch.randn(4000, 16)
    quantizer = ResidualQuantizer(books=2, size=16, width=16)
    quantizer.start(rows)
    latents = rows[:60].T[None]

    assert (quantizer.decode(quantizer.encode(latents)) - latents).abs().mean() < 0.08


def test_cropped_rows_begin_in_the_music_and_weigh_nothing_past_its_end():
    import torch

    from training.lm import Corpus, draw_rows
    from training.lm_model import START

    frames = torch.arange(600).repeat(3, 4, 1).short()
    corpus = Corpus(frames, torch.ones(3, 2, 32).short(), torch.full((3,), 50))
    codes, _, weights = draw_rows(corpus, torch.arange(3), crop_share=1.0)

    assert (codes[:, :, 0] >= 50).all()
    assert ((codes[:, 0] == START) == (weights == 0)).all()


def test_delayed_codes_come_back():
    import torch

    from training.lm_model import START, delay, undelay

    codes = torch.randint(0, 1024, (2, 4, 9))
    grid = delay(codes)

    assert grid.shape == (2, 4, 13)
    assert (grid[:, :, 0] == START).all()
    assert (undelay(grid, 9) == codes).all()
