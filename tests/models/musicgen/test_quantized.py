"""Quantized language models: which weights change, how exactly they are read, and what they hold."""

import dataclasses
import gc
from dataclasses import replace

import mlx.core as mx
import numpy as np
import pytest

from audiogen_daemon.models import registry
from audiogen_daemon.models.backend import CPU
from audiogen_daemon.models.bits import OFF, PRESETS
from audiogen_daemon.models.layers.linear import Dense, Linear, Quantized
from audiogen_daemon.models.musicgen.cache import ExactSlots, start_caches
from audiogen_daemon.models.musicgen.config import read_config
from audiogen_daemon.models.musicgen.lm import Decoder, Layer
from audiogen_daemon.models.musicgen.pipeline import load, memory
from audiogen_daemon.models.musicgen.text import LayerText, text_keys
from audiogen_daemon.models.pipeline import Request, Sampling
from audiogen_daemon.models.weights import Tensors, open_folder
from tests.models.reference.tiny_musicgen import FOLLOWING, MONO, changed, write_checkpoint

WIDE = changed(changed(MONO, "decoder.hidden_size", 64), "decoder.ffn_dim", 256)
"""Rows that divide into groups of 64."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_checkpoint(tmp_path_factory.mktemp("models") / "wide", WIDE)


def decoder(folder, bits=OFF) -> Decoder:
    opened = open_folder(folder)
    return Decoder(Tensors(opened), read_config(opened).decoder, mx.float32, bits)


def widths(layer: Layer) -> tuple[set[int], set[int]]:
    """Bits of the attention's products and of the feed-forward's."""
    assert layer.cross is not None
    attention = (layer.qkv, layer.self_out, layer.cross.query, layer.cross.kv, layer.cross.out)
    return {bits(product) for product in attention}, {bits(product) for product in (layer.fc1, layer.fc2)}


def bits(product: Linear) -> int:
    return product.bits if isinstance(product, Quantized) else 0


def dequantized(product: Linear) -> Linear:
    return Dense(product.matrix().T)


def opened_up(quantized: Decoder) -> Decoder:
    """The same weights as they are read, dense."""
    layers = []
    for layer in quantized.layers:
        assert layer.cross is not None
        cross = replace(
            layer.cross, **{name: dequantized(getattr(layer.cross, name)) for name in ("query", "kv", "out")}
        )
        products = {name: dequantized(getattr(layer, name)) for name in ("qkv", "self_out", "fc1", "fc2")}
        layers.append(replace(layer, cross=cross, **products))
    quantized.layers = tuple(layers)
    quantized.head = dequantized(quantized.head)
    return quantized


def logits(model: Decoder) -> np.ndarray:
    """Of 20 columns after a text."""
    config = model.config
    columns = mx.random.randint(0, config.vocabulary, (1, 20, config.codebooks), key=mx.random.key(1))
    text = mx.random.normal((1, 5, config.hidden), key=mx.random.key(2))
    heard: list[LayerText] = [
        text_keys(layer.cross, text, config.heads, 0, None) for layer in model.layers if layer.cross is not None
    ]
    caches = start_caches(config.layers, 1, config.heads, config.head_dim, 21, mx.float32)
    out, _ = model(columns, caches, ExactSlots(0), heard)
    return np.array(out)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_decides_the_bits_of_attention_heads_and_feed_forward(folder, name):
    preset = PRESETS[name]
    model = decoder(folder, preset)

    assert {tuple(map(frozenset, widths(layer))) for layer in model.layers} == {
        (frozenset({preset.attention}), frozenset({preset.feed_forward}))
    }
    assert bits(model.head) == preset.attention
    assert model.embedding.dtype == mx.float32


@pytest.mark.parametrize("name", ["quality", "balanced", "speed"])
def test_quantized_products_compute_what_their_weights_say(folder, name):
    preset = PRESETS[name]

    np.testing.assert_allclose(
        logits(decoder(folder, preset)), logits(opened_up(decoder(folder, preset))), atol=1e-4, rtol=1e-4
    )


def test_fewer_bits_stray_further_from_the_float32_logits(folder):
    whole = logits(decoder(folder))
    strays = [np.abs(logits(decoder(folder, PRESETS[name])) - whole).mean() for name in PRESETS]

    assert strays[0] == 0.0
    assert strays == sorted(strays)
    assert strays[1] < 0.02 * whole.std()


@pytest.mark.parametrize("fold", [False, True])
@pytest.mark.parametrize("name", ["quality", "balanced", "speed"])
def test_a_preset_plays_on_every_backend_in_every_dtype(folder, name, fold):
    request = Request("warm loop", 0.2, 0, Sampling())
    backend = dataclasses.replace(CPU, fold_text=fold, steps_per_graph=0 if fold else 2, dtype="float32")
    for dtype in ("float32", "float16"):
        pipeline = load(folder, dtype, PRESETS[name], backend)
        pcm = np.concatenate([item.pcm for item in pipeline.generate(request) if hasattr(item, "pcm")])
        assert pcm.shape == (6_400, 1)
        assert np.isfinite(pcm).all()


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("name", PRESETS)
def test_what_a_model_will_hold_is_told_before_it_is_loaded(folder, name, dtype):
    told = memory(folder, dtype, PRESETS[name])
    gc.collect()
    before = mx.get_active_memory()

    pipeline = load(folder, dtype, PRESETS[name])
    sound = np.zeros((pipeline.sample_rate, 1), np.float32)
    next(iter(pipeline.generate(Request("x", 0.1, 0, Sampling(), continues=sound))))  # the codec's encoder is read
    gc.collect()

    assert told == pytest.approx(mx.get_active_memory() - before, rel=0.1)


@pytest.mark.parametrize("kind", FOLLOWING)
def test_no_model_holds_more_than_it_was_told_to(tmp_path, kind):
    write_checkpoint(tmp_path / kind, FOLLOWING[kind])
    told = registry.memory(kind, tmp_path, "float32")
    gc.collect()
    before = mx.get_active_memory()

    pipeline = registry.load(kind, tmp_path, "float32")
    gc.collect()

    assert pipeline.sample_rate == 32_000
    assert 0.5 * told < mx.get_active_memory() - before <= told
