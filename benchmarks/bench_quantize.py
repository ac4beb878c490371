"""How often quantized starter weights give the same token as float32 ones: top-1 agreement along greedy takes.

The float32 model plays each prompt of a new session greedily; the others are given what it drew, so that every token is
a fair question. Weights are multiplied as they are read back, dense. Run from the repository's root:

    python -m benchmarks.bench_quantize [--steps 200] [--guidance 1 2]
"""

import argparse
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from typing import Any

from audiogen_daemon.models.bits import OFF, PRESETS, Bits
from benchmarks.machine import print_machine


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--guidance", nargs="+", type=float, default=[1.0, 2.0])
    options = parser.parse_args()
    from audiogen_daemon.engine.blas import load_blas

    load_blas()
    print_machine("mlx")
    texts = encode(presets())
    for guidance in options.guidance:
        columns = play_greedily(load_decoder(OFF), texts, guidance, options.steps)
        print(f"guidance {guidance:g}: {len(texts)} prompts, {options.steps} steps")
        for name, bits in PRESETS.items():
            agreed = agreement(columns, top(load_decoder(bits), texts, guidance, columns))
            by_prompt = agreed.mean(axis=(1, 2))
            print(
                f"  {name:<9} {100 * agreed.mean():6.2f} %   by prompt {' '.join(f'{100 * a:.1f}' for a in by_prompt)}"
            )


def presets() -> list[str]:
    """The prompts that every session begins with."""
    defaults = tomllib.loads(resources.files("audiogen_daemon").joinpath("default.toml").read_text("utf-8"))
    return list(defaults["take"]["presets"])


def load_decoder(bits: Bits) -> Any:
    """The starter's decoder in float32, quantized and read back."""
    import mlx.core as mx

    from audiogen_daemon.models.layers.linear import Dense
    from audiogen_daemon.models.musicgen.config import read_config
    from audiogen_daemon.models.musicgen.lm import Decoder
    from audiogen_daemon.models.registry import STARTER
    from audiogen_daemon.models.weights import Tensors, open_folder

    folder = open_folder(STARTER)
    decoder = Decoder(Tensors(folder), read_config(folder).decoder, mx.float32, bits)

    def dense(product: Any) -> Dense:
        return Dense(mx.contiguous(product.matrix()).T)

    def opened(part: Any, *names: str) -> Any:
        return replace(part, **{name: dense(getattr(part, name)) for name in names})

    decoder.layers = tuple(
        opened(replace(layer, cross=opened(layer.cross, "query", "kv", "out")), "qkv", "self_out", "fc1", "fc2")
        for layer in decoder.layers
    )
    decoder.head = dense(decoder.head)
    return decoder


def encode(prompts: Sequence[str]) -> list[Any]:
    """Each prompt as the starter's decoder hears it, (1, pieces, C)."""
    import mlx.core as mx

    from audiogen_daemon.models.musicgen.conditioning import PromptEncoder
    from audiogen_daemon.models.musicgen.config import read_config
    from audiogen_daemon.models.musicgen.following import load_projection
    from audiogen_daemon.models.registry import STARTER
    from audiogen_daemon.models.t5 import PromptTokenizer, T5Encoder
    from audiogen_daemon.models.weights import Tensors, open_folder

    folder = open_folder(STARTER)
    config, tensors = read_config(folder), Tensors(folder)
    tokenizer = PromptTokenizer(STARTER / "tokenizer.json", config.text.end_token)
    projection = load_projection(tensors, "enc_to_dec_proj", mx.float32)
    encoder = PromptEncoder(tokenizer, T5Encoder(tensors, config.text, mx.float32), projection)
    return [encoder(prompt) for prompt in prompts]


def hear(decoder: Any, texts: Sequence[Any], guided: bool) -> list[Any]:
    """Every layer's keys and values of all texts in one batch; with guidance as many rows without a text follow."""
    from audiogen_daemon.models.musicgen.steps import pad_texts
    from audiogen_daemon.models.musicgen.text import text_keys

    text, lengths = pad_texts(texts, 1)
    silent = len(texts) if guided else 0
    return [text_keys(layer.cross, text, decoder.config.heads, silent, lengths) for layer in decoder.layers]


def play_greedily(decoder: Any, texts: Sequence[Any], guidance: float, steps: int) -> Any:
    """Columns (prompts, 1 + steps, K) of greedy takes, the first of special tokens, codebook k delayed by k."""
    import mlx.core as mx

    from audiogen_daemon.models.musicgen.cache import ExactSlots, start_caches
    from audiogen_daemon.models.sampling import guide

    config, rows = decoder.config, len(texts) * (1 if guidance == 1.0 else 2)
    text = hear(decoder, texts, guidance != 1.0)
    caches = start_caches(config.layers, rows, config.heads, config.head_dim, steps + 1, mx.float32)
    column = mx.full((len(texts), config.codebooks), config.special_token)
    columns = [column]
    for step in range(steps):
        rows_of_column = mx.tile(column, (rows // len(texts), 1))[:, None]
        logits, caches = decoder(rows_of_column, caches, ExactSlots(step), text)
        drawn = mx.argmax(logits if guidance == 1.0 else guide(logits, guidance), axis=-1)
        column = mx.where(mx.arange(config.codebooks) <= step, drawn, config.special_token)
        mx.eval(column, caches)
        columns.append(column)
    return mx.stack(columns, axis=1)


def top(decoder: Any, texts: Sequence[Any], guidance: float, columns: Any) -> Any:
    """The most likely tokens after each column but the last, (prompts, steps, K), all read in one pass."""
    import mlx.core as mx
    import numpy as np

    from audiogen_daemon.models.musicgen.cache import ExactSlots, start_caches
    from audiogen_daemon.models.sampling import guide

    config, known = decoder.config, columns[:, :-1]
    ways = 1 if guidance == 1.0 else 2
    text = hear(decoder, texts, ways == 2)
    caches = start_caches(
        config.layers, ways * len(texts), config.heads, config.head_dim, known.shape[1] + 1, mx.float32
    )
    states, _ = decoder.states(mx.tile(decoder.embed(known), (ways, 1, 1)), caches, ExactSlots(0), text)
    best = []
    for step in range(known.shape[1]):
        logits = decoder.logits(states[:, step])
        best.append(mx.argmax(logits if ways == 1 else guide(logits, guidance), axis=-1))
    return np.array(mx.stack(best, axis=1))


def agreement(columns: Any, got: Any) -> Any:
    """Where what was drawn is what was got, (prompts, steps, K), masked where the delay leaves nothing to draw."""
    import numpy as np

    wanted = np.array(columns)[:, 1:]
    _, steps, codebooks = wanted.shape
    undrawn = np.broadcast_to(np.arange(steps)[:, None] < np.arange(codebooks), wanted.shape)
    return np.ma.masked_array(wanted == got, undrawn)


if __name__ == "__main__":
    main()
