"""Render clips to listen to and to look at: WAV files with their captions, and spectrograms of every instrument.

`python -m training.synth FOLDER` is for inspection; the other stages render their own clips as they need them.
"""

from __future__ import annotations

import argparse
import json
import random
import wave
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.captions import caption
from training.clip import INSTRUMENTS, SAMPLE_RATE, Spec, draw_spec
from training.compose import compose
from training.render import Renderer, event_table
from training.state import best_device


def write_wav(path: Path, samples: npt.NDArray[np.float32]) -> None:
    """Write mono 16-bit PCM at 32 kHz."""
    data = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(data)


def draw_spectrograms(path: Path, clips: npt.NDArray[np.float32], titles: list[str], columns: int = 3) -> None:
    """Draw log spectrograms of (clips, samples) audio on one page."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = -(-len(clips) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(6 * columns, 2.4 * rows), squeeze=False)
    for axis, samples, title in zip(axes.flat, clips, titles, strict=False):
        axis.specgram(samples + 1e-7, NFFT=1024, noverlap=768, Fs=SAMPLE_RATE, vmin=-140, vmax=-30, cmap="magma")
        axis.set_ylim(0, 12_000)
        axis.set_title(title[:90], fontsize=7)
    figure.tight_layout()
    figure.savefig(path, dpi=70)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--each", type=int, default=1, help="clips of every instrument")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(options.seed)
    specs: list[Spec] = [draw_spec(rng, name) for name in INSTRUMENTS for _ in range(options.each)]
    table = event_table([compose(spec, rng) for spec in specs], specs)
    clips = Renderer(best_device())(table, specs, options.seed).cpu().numpy()
    captions = [caption(spec, rng, complete=True) for spec in specs]
    for index, (samples, spec, text) in enumerate(zip(clips, specs, captions, strict=True)):
        stem = options.folder / f"{index:03d}-{spec.instrument.replace(' ', '-')}"
        write_wav(stem.with_suffix(".wav"), samples)
        stem.with_suffix(".json").write_text(json.dumps({"caption": text, **asdict(spec)}, indent=2) + "\n")
    draw_spectrograms(options.folder / "spectrograms.png", clips, captions)


if __name__ == "__main__":
    main()
