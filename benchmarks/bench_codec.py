"""EnCodec beside transformers: one-shot and streamed decode, time per chunk, encode.

Random weights at the shape of MusicGen's codec and of a small one. All of a shape's rows are measured in the same run,
in turn, and the quickest of several rounds counts. Run from the repository's root, with torch and transformers:

    python -m benchmarks.bench_codec [--shape musicgen|small] [--seconds 10] [--rounds 4] [--threads 2]
"""

import argparse
import os
import time
from collections.abc import Callable

from benchmarks.machine import print_machine

SHAPES = {
    "musicgen": {"num_filters": 64, "hidden_size": 128, "num_lstm_layers": 2, "codebook_size": 2048},
    "small": {"num_filters": 16, "hidden_size": 64, "num_lstm_layers": 1, "codebook_size": 1024},
}
COMMON = {
    "sampling_rate": 32_000,
    "upsampling_ratios": [8, 5, 4, 4],
    "target_bandwidths": [2.2],
    "use_causal_conv": False,
    "use_conv_shortcut": False,
}
CHUNKS = (1, 5, 10, 25)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=sorted(SHAPES), action="append")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    from audiogen_daemon.engine.blas import load_blas

    print(f"BLAS: {load_blas()}; {options.threads} threads")
    print_machine("mlx", "torch", "transformers")
    for shape in options.shape or sorted(SHAPES):
        measure(shape, options.seconds, options.rounds, options.threads)


def measure(shape: str, seconds: float, rounds: int, threads: int) -> None:
    """Print one shape's table."""
    import mlx.core as mx
    import numpy as np
    import torch

    from audiogen_daemon.models.backend import keep_freed_memory
    from audiogen_daemon.models.encodec import EncodecConfig, load_encodec
    from tests.models.reference.make_encodec import (
        reference_codec,
        reference_decode,
        reference_encode,
        reference_tensors,
    )

    torch.set_num_threads(threads)
    keep_freed_memory()
    reference = reference_codec(COMMON | SHAPES[shape], seed=0)
    config = EncodecConfig.from_dict(reference.config.to_dict())
    codec = load_encodec({name: mx.array(value) for name, value in reference_tensors(reference).items()}, config)
    frames = round(seconds * config.frame_rate)
    draw = np.random.default_rng(0)
    codes = draw.integers(0, config.codebook_size, (1, frames, config.num_quantizers)).astype(np.int32)
    pcm = draw.normal(0, 0.2, (1, frames * config.hop, config.audio_channels)).astype(np.float32)
    sound = mx.array(pcm)

    def streamed(chunk: int) -> list[np.ndarray]:
        state, parts = codec.decoder.start(), []
        for first in range(0, frames, chunk):
            part, state = codec.decoder.step(mx.array(codes[:, first : first + chunk]), state)
            mx.eval(part, state)
            parts.append(np.array(part))
        parts.append(np.array(codec.decoder.finish(state)))
        return parts

    rows: dict[str, Callable[[], object]] = {
        "transformers decode": lambda: reference_decode(reference, codes),
        "decode in one piece": lambda: np.array(codec.decode(mx.array(codes))),
        **{f"decode by {chunk} frames": (lambda chunk=chunk: streamed(chunk)) for chunk in CHUNKS},
        "transformers encode": lambda: reference_encode(reference, pcm),
        "encode": lambda: np.array(codec.encode(sound)),
    }
    best = dict.fromkeys(rows, float("inf"))
    for _ in range(rounds):
        for name, run in rows.items():
            begun = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - begun)

    difference = max(
        float(np.abs(np.concatenate(streamed(25), axis=1) - whole).max())
        for whole in (np.array(codec.decode(mx.array(codes))), reference_decode(reference, codes))
    )
    print(
        f"\n{shape}: {seconds:g} s, {frames} frames, quickest of {rounds}; streamed differs by {difference:.1e} at most"
    )
    for name, duration in best.items():
        chunk = int(name.split()[2]) if "frames" in name else 0
        each = f"  {1000 * duration * chunk / frames:7.1f} ms per chunk" if chunk else ""
        print(f"  {name:24} {duration:7.3f} s  speed {seconds / duration:6.1f}{each}")
    ours, whole = best["decode by 25 frames"], best["decode in one piece"]
    print(f"  one piece / transformers     {whole / best['transformers decode']:.2f}   (at most 1.5)")
    print(f"  25 frames / transformers     {ours / best['transformers decode']:.2f}")
    print(f"  25 frames / one piece        {ours / whole:.2f}   (at most 1.25)")
    print(f"  encode / transformers        {best['encode'] / best['transformers encode']:.2f}")


if __name__ == "__main__":
    main()
