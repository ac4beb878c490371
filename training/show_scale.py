"""Show how soon the recipe's music tells its scale from the others: `python -m training.show_scale --clips 144`.

Renders true audio of the held-out prompts, drums left out, and prints for how many of them the asked scale wins over
its other transpositions when so much is heard. Takes 2 to 4 s a clip on a CPU.
"""

from __future__ import annotations

import argparse

import numpy as np

from audiogen_daemon.evaluation.key import best_scales, chroma
from training.clip import INSTRUMENTS, SAMPLE_RATE
from training.evaluate import PROMPT_SEED, TRUTH_SEED, held_out_specs, music, render
from training.state import best_device

HEARD = (2.5, 4.0, 8.0, 12.0)
"""Seconds; the last is the whole clip."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=144)
    options = parser.parse_args()
    specs = [spec for spec in held_out_specs(options.clips, PROMPT_SEED) if spec.instrument != "drums"]
    won: dict[str, list[list[bool]]] = {name: [] for name in (*INSTRUMENTS[1:], "all")}
    for samples, spec in zip(music(render(specs, TRUTH_SEED, best_device()), specs), specs, strict=True):
        heard = [chroma(samples[: int(seconds * SAMPLE_RATE)].astype(np.float64)) for seconds in HEARD]
        row = [best_scales(found)[spec.mode] == spec.root for found in heard]
        won[spec.instrument].append(row)
        won["all"].append(row)
    print(f"{'':<14}" + "".join(f"{seconds:>7g} s" for seconds in HEARD))
    for name, rows in won.items():
        if rows:
            print(f"{name:<14}" + "".join(f"{share:>9.2f}" for share in np.mean(rows, axis=0)))


if __name__ == "__main__":
    main()
