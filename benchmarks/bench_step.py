"""Milliseconds per step at MusicGen's true shapes with random weights, beside transformers and the bandwidth floor.

A step is one token column: both rows of classifier-free guidance, sampling with top-k 250, the token read by the host.
All rows of one run take turns in the same process; the median and the quickest tenth count. The past is made up, not
computed, so that late steps can be timed at once. Run from the root:

    python -m benchmarks.bench_step [--shape small] [--at 50 400 1400] [--steps 20] [--threads 2] [--peer]
    python -m benchmarks.bench_step --shape small large --dtype float16 --bits off quality speed --block 1 4 8   (GPU)
"""

import argparse
import os
import re
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from audiogen_daemon.models.bits import OFF, Bits, parse_bits
from benchmarks.machine import print_machine

SHAPES = {
    "starter": {"hidden": 256, "layers": 6, "heads": 8, "ffn": 1024, "vocabulary": 1024},
    "small": {"hidden": 1024, "layers": 24, "heads": 16, "ffn": 4096, "vocabulary": 2048},
    "medium": {"hidden": 1536, "layers": 48, "heads": 24, "ffn": 6144, "vocabulary": 2048},
    "large": {"hidden": 2048, "layers": 48, "heads": 32, "ffn": 8192, "vocabulary": 2048},
}
PIECES = 12  # of the prompt, the closing one counted
VIEWS = re.compile(
    r"Reshape|Transpose|Slice\b|Split|Squeeze|ExpandDims|Broadcast|AsStrided|Unflatten|Flatten|Full|View"
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", nargs="+", choices=SHAPES, default=["small"])
    parser.add_argument(
        "--at", nargs="+", type=int, default=[50, 400, 1400], help="columns before the first timed step"
    )
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--bits", nargs="+", type=parse_bits, default=[OFF], help="presets, or widths: 8, 4, 0")
    parser.add_argument("--block", nargs="*", type=int, default=[], help="also compiled blocks of so many steps")
    parser.add_argument(
        "--peer",
        action=argparse.BooleanOptionalAction,
        default=find_spec("transformers") is not None,
        help="transformers beside us, in the same process",
    )
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    from audiogen_daemon.engine.blas import load_blas

    print_machine("mlx", *(["torch", "transformers"] if options.peer else []))
    print(f"BLAS: {load_blas()}; {options.threads} threads")
    import mlx.core as mx

    bandwidth = read_bandwidth()
    print(f"{mx.default_device()}; read bandwidth {bandwidth:.1f} GB/s (sum over 1 GB)")
    for shape in options.shape:
        for bits in options.bits:
            measure(shape, bits, bandwidth, options)
    print(f"peak resident memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")
    if mx.default_device().type == mx.gpu:
        print(f"peak GPU memory: {mx.get_peak_memory() / 1e9:.2f} GB")


def measure(shape: str, bits: Bits, bandwidth: float, options: argparse.Namespace) -> None:
    """Print one shape's rows."""
    from audiogen_daemon.models.musicgen import blocks, steps
    from audiogen_daemon.models.musicgen.blocks import BlockPlayer
    from audiogen_daemon.models.musicgen.steps import StepPlayer

    steps.read = blocks.read = made_up_past  # type: ignore[assignment]
    decoder, loaded = build(shape, options.dtype, bits)
    print(f"\n{shape}, {options.dtype}, quantize {bits}: {loaded / 1e9:.2f} GB of weights")
    ways: dict[str, Callable[[int], Iterator[Any]]] = {
        "step by step": takes(StepPlayer(decoder, fold=False), decoder, options.steps),
        "step by step, text folded": takes(StepPlayer(decoder, fold=True), decoder, options.steps),
    }
    for size in options.block:
        ways[f"blocks of {size}"] = takes(BlockPlayer(decoder, size), decoder, options.steps + 2 * size)
    if options.peer:
        ways["transformers"] = peer(shape, options.steps, options.dtype)
    for at in options.at:
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(options.rounds):
            for name, take in ways.items():
                times[name] += timed(take(at))
        for name, seconds in times.items():
            ms = sorted(1000 * second for second in seconds)
            read = stepped_bytes(decoder, at) / bandwidth / 1e6
            print(
                f"  at {at:>4}  {name:<28} {statistics.median(ms):8.2f} ms   p10 {ms[len(ms) // 10]:8.2f}"
                f"   floor {read:6.2f}   x{ms[len(ms) // 10] / read:.2f}"
            )
    print(f"  operations per step that do work: {operations(decoder, False)}; text folded: {operations(decoder, True)}")


def build(shape: str, dtype: str, bits: Bits) -> tuple[Any, int]:
    """A decoder of random weights and the bytes it holds."""
    import mlx.core as mx

    from audiogen_daemon.models.backend import DTYPES, detect, keep_freed_memory
    from audiogen_daemon.models.musicgen.config import DecoderConfig
    from audiogen_daemon.models.musicgen.lm import Decoder, decoder_shapes

    config = DecoderConfig(**SHAPES[shape], codebooks=4, channels=1, max_positions=2048)
    shapes = decoder_shapes(config)

    class Random:
        """Stands in for a checkpoint's tensors."""

        def take(self, name: str, wanted: mx.Dtype) -> mx.array:
            return (mx.random.normal(shapes[name]) * 0.02).astype(wanted)

    keep_freed_memory()
    mx.reset_peak_memory()
    before = mx.get_active_memory()
    decoder = Decoder(Random(), config, DTYPES[dtype], bits, detect().weight_columns, detect().centred)  # type: ignore[arg-type]
    mx.clear_cache()
    return decoder, mx.get_active_memory() - before


def made_up_past(decoder: Any, conditions: Any, columns: Any, text: Any) -> tuple[Any, Any]:
    """In place of reading the known columns: logits and caches as after them, of random numbers."""
    import mlx.core as mx

    from audiogen_daemon.models.musicgen.cache import start_caches

    config, (known, takes, _) = decoder.config, columns.shape
    rows = conditions.rows * takes
    caches = start_caches(config.layers, rows, config.heads, config.head_dim, known + 1, decoder.dtype)
    caches = tuple(cache + 0.01 for cache in caches)
    logits = mx.random.normal((rows, config.codebooks, config.vocabulary))
    mx.eval(logits, caches)
    return logits, caches


def takes(player: Any, decoder: Any, steps: int) -> Callable[[int], Iterator[Any]]:
    """A function from columns before the first timed one to a running take."""
    import mlx.core as mx
    import numpy as np

    from audiogen_daemon.models.musicgen.conditions import Conditions
    from audiogen_daemon.models.musicgen.delay import codebook_delays, delay
    from audiogen_daemon.models.musicgen.score import Score
    from audiogen_daemon.models.pipeline import Sampling

    config = decoder.config
    delays = codebook_delays(config.codebooks, config.channels)
    text = mx.random.normal((1, PIECES, config.hidden)).astype(decoder.dtype)

    def take(at: int) -> Iterator[Any]:
        known = np.random.default_rng(at).integers(0, config.vocabulary, (at, config.codebooks)).astype(np.int32)
        grid = delay(known, at + steps, delays, config.special_token)
        return player(Score(grid, (1,), Conditions((text,), Sampling(top_k=250, guidance=3.0))))

    return take


def peer(shape: str, steps: int, dtype_name: str) -> Callable[[int], Iterator[Any]]:
    """transformers' own decoder with its own cache, guidance and sampling, as its generate() runs them."""
    import torch
    from transformers import DynamicCache, EncoderDecoderCache, MusicgenDecoderConfig, MusicgenForCausalLM

    size = SHAPES[shape]
    torch.manual_seed(0)
    config = MusicgenDecoderConfig(
        hidden_size=size["hidden"],
        num_hidden_layers=size["layers"],
        num_attention_heads=size["heads"],
        ffn_dim=size["ffn"],
        vocab_size=size["vocabulary"],
    )
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = getattr(torch, dtype_name)
    model = MusicgenForCausalLM(config).to(device, dtype).eval()
    text = torch.cat([torch.randn(1, PIECES, size["hidden"]), torch.zeros(1, PIECES, size["hidden"])]).to(device, dtype)
    mask = torch.cat([torch.ones(1, PIECES), torch.zeros(1, PIECES)]).long().to(device)
    heads, head_dim = size["heads"], size["hidden"] // size["heads"]

    @torch.inference_mode()
    def take(at: int) -> Iterator[Any]:
        codes = torch.randint(0, size["vocabulary"], (8, 1), device=device)
        past = EncoderDecoderCache(DynamicCache(config=config), DynamicCache(config=config))
        for layer in range(size["layers"]):
            made_up = torch.randn(2, 2, heads, at, head_dim, device=device, dtype=dtype) * 0.01
            past.self_attention_cache.update(made_up[0], made_up[1], layer)
        for _ in range(steps + 1):
            out = model(
                input_ids=codes,
                encoder_hidden_states=text,
                encoder_attention_mask=mask,
                past_key_values=past,
                use_cache=True,
            )
            past = out.past_key_values
            conditional, unconditional = out.logits[:, -1].reshape(2, 4, -1)
            logits = unconditional + 3.0 * (conditional - unconditional)
            kept = torch.topk(logits, 250).values[:, -1:]
            drawn = torch.multinomial(torch.softmax(logits.masked_fill(logits < kept, -torch.inf), -1), 1)
            codes = drawn.repeat(2, 1)
            yield drawn.cpu().numpy()

    return take


def timed(take: Iterator[Any]) -> list[float]:
    """Seconds per column of a take; what comes before its first item (the pass over known columns) is not counted."""
    next(take)
    seconds = []
    last = time.perf_counter()
    for item in take:
        now = time.perf_counter()
        columns = 1 if getattr(item, "ndim", 0) < 3 else len(item)
        seconds += [(now - last) / columns] * columns
        last = now
    return seconds


def stepped_bytes(decoder: Any, at: int) -> int:
    """Bytes one step has to read: every weight but the embeddings and the text's keys and values, and the past."""
    config = decoder.config
    return decoder.nbytes + 2 * 2 * config.layers * config.hidden * at * decoder.dtype.size


def operations(decoder: Any, fold: bool) -> int:
    """Primitives of one step's graph that launch work; reshapes, slices and other views are left out."""
    import mlx.core as mx

    from audiogen_daemon.models.musicgen.cache import ExactSlots, start_caches
    from audiogen_daemon.models.musicgen.conditions import Conditions
    from audiogen_daemon.models.musicgen.steps import listen
    from audiogen_daemon.models.pipeline import Sampling
    from audiogen_daemon.models.sampling import draw, guide

    config = decoder.config
    text = mx.zeros((1, PIECES, config.hidden), decoder.dtype)
    heard = listen(decoder, Conditions((text,), Sampling()), 1, fold)
    caches = start_caches(config.layers, 2, config.heads, config.head_dim, 8, decoder.dtype)
    columns, seeds = mx.zeros((2, 1, config.codebooks), mx.int32), mx.array([1], mx.uint32)
    mx.eval(columns, seeds, caches, [list(vars(layer).values()) for layer in heard])
    logits, _ = decoder(columns, caches, ExactSlots(3), heard)
    drawn = draw(guide(logits, 3.0) / 1.0, 250, 0.0, seeds, 3)
    file = Path("/tmp") / f"step-{os.getpid()}.dot"
    mx.export_to_dot(str(file), drawn)
    names = re.findall(r'label ="(\w+)"', file.read_text())
    file.unlink()
    return sum(1 for name in names if not VIEWS.search(name))


def read_bandwidth() -> float:
    """GB/s of reading 1 GB of float32 once, the best of five, on MLX's device."""
    import mlx.core as mx
    import numpy as np

    if mx.default_device().type == mx.gpu:
        values = mx.ones((250_000_000,))
        total: Callable[[], Any] = lambda: mx.eval(values.sum())  # noqa: E731
        mx.eval(values)
    else:
        # A product with a vector is BLAS's own reading speed, with all of its threads.
        matrix = np.ones((250_000, 1000), np.float32)
        wide, vector = mx.array(matrix), mx.ones((1000,))
        total = lambda: mx.eval(wide @ vector)  # noqa: E731
    times = []
    for _ in range(5):
        start = time.perf_counter()
        total()
        times.append(time.perf_counter() - start)
    return 1.0 / min(times)


if __name__ == "__main__":
    main()
