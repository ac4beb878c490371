"""Loops as musicians get them: is the seam heard, and do the bars last as long as they should?

Makes takes of so many bars with a model, finishes them as the daemon does, and measures the finished loops:

* seam step: the step from the last sample to the first, against the 99th percentile of the loop's own steps;
* seam energy: of the 10 ms around the seam, between the 1st and the 99th percentile of all such windows;
* seam click: the energy of the steps in the 3 ms around the seam, against the 99th percentile of all such windows;
* tempo: heard again in the finished loop, against the target, for takes whose beat was sure.

A cut at the same place, without a seam, is measured beside it. Run from the repository's root:

    python -m benchmarks.bench_loops [--model starter] [--loops 100] [--folder DIR to keep the takes in]
"""

import argparse
import dataclasses
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from audiogen_daemon import config as configuration
from audiogen_daemon.api import prepare
from audiogen_daemon.audio import beats
from audiogen_daemon.audio.resample import resample
from audiogen_daemon.audio.ring import PCM
from audiogen_daemon.keeper import finished
from audiogen_daemon.settings import Settings
from benchmarks.machine import print_machine

RATE = 44_100
RHYTHMIC = (
    "boom bap hip hop drum loop",
    "four on the floor techno drum loop",
    "house drum loop with claps",
    "breakbeat drum loop",
)
OTHERS = ("walking upright bass", "acid bassline", "rhodes electric piano chords", "plucked melody", "lush ambient pad")


@dataclasses.dataclass(frozen=True)
class Row:
    """One finished loop. off: tempo heard again over the target, less one; None when its beat was not sure."""

    rhythmic: bool
    step: bool
    energy: bool
    click: bool
    bare_step: bool
    bare_energy: bool
    bare_click: bool
    stretched: float
    sure: bool
    off: float | None


def main() -> None:
    """Make, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--loops", type=int, default=100)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    print_machine("numpy", "soxr", "mlx")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        rows = [measure(*made(options.model, number, folder)) for number in range(options.loops)]
    print(f"{options.model}, {len(rows)} loops")
    table("all", rows)
    table("drums", [row for row in rows if row.rhythmic])
    table("others", [row for row in rows if not row.rhythmic])


def settings_of(model: str, number: int) -> Settings:
    """Return the settings of loop `number`: every second one is drums."""
    dice = random.Random(number)
    prompt = dice.choice(OTHERS if number % 2 else RHYTHMIC)
    tempo = float(dice.randint(70, 150))
    bars = 1.0 if tempo < 110 else 2.0
    return Settings(model=model, prompt=prompt, tempo=tempo, bars=bars, loop=1, seed=number)


def made(model: str, number: int, folder: Path) -> tuple[Settings, PCM, int]:
    """Return the settings, the audio as the engine makes it, overrun included, and its rate."""
    settings = settings_of(model, number)
    path = folder / f"{model}-{number}.npz"
    if not path.exists():
        pipeline, request = prepare(settings, configuration.load())
        pcm = np.concatenate([item.pcm for item in pipeline.generate(request) if hasattr(item, "pcm")])
        np.savez(path, pcm=pcm, rate=pipeline.sample_rate)
    with np.load(path) as kept:
        return settings, kept["pcm"], int(kept["rate"])


def measure(settings: Settings, pcm: PCM, rate: int) -> Row:
    """Finish one take and measure the loop."""
    loop, _, pairs = finished(settings, pcm, rate, RATE)
    findings: dict[str, Any] = dict(pairs)
    bare = resample(pcm, rate, RATE)[: len(loop)]
    # A loop is rotated so that its first beat is at the start: its seam then lies elsewhere.
    seam = -round(findings.get("shift", 0.0) * RATE) % len(loop)
    whole = np.roll(loop, -seam, axis=0)
    beat = beats.track(np.concatenate([loop, loop]), RATE, settings.tempo)
    sure = findings["confidence"] >= beats.SURE
    heard = sure and beat is not None and beat.confidence >= beats.SURE
    return Row(
        rhythmic=settings.prompt in RHYTHMIC,
        step=step_within(whole),
        energy=energy_within(whole),
        click=click_within(whole),
        bare_step=step_within(bare),
        bare_energy=energy_within(bare),
        bare_click=click_within(bare),
        stretched=findings.get("stretched", 1.0),
        sure=sure,
        off=beat.tempo / settings.tempo - 1 if heard and beat is not None else None,
    )


def step_within(loop: PCM) -> bool:
    """Whether the step over the seam is within the 99th percentile of the loop's steps."""
    steps = np.abs(np.diff(loop, axis=0)).max(axis=1)
    return float(np.abs(loop[0] - loop[-1]).max()) <= float(np.quantile(steps, 0.99))


def energy_within(loop: PCM) -> bool:
    """Whether the 10 ms around the seam are neither louder nor quieter than the loop's own are."""
    own, seam = windows(loop, round(0.01 * RATE))
    return bool(np.quantile(own, 0.01) <= seam <= np.quantile(own, 0.99))


def click_within(loop: PCM) -> bool:
    """Whether the steps in the 3 ms around the seam have no more energy than the loop's own."""
    own, seam = windows(np.diff(loop, axis=0, append=loop[:1]), round(0.003 * RATE))
    return bool(seam <= np.quantile(own, 0.99))


def windows(loop: PCM, size: int) -> tuple[np.ndarray, float]:
    """Return the mean squares of all windows inside the loop, and of the one around its seam."""
    squares = np.mean(np.square(loop, dtype=np.float64), axis=1)
    own = np.lib.stride_tricks.sliding_window_view(squares, size)[::16].mean(axis=1)
    return own, float(np.roll(squares, size // 2)[:size].mean())


def table(name: str, rows: list[Row]) -> None:
    """Print the shares of one kind of takes."""
    if not rows:
        return

    def share(field: str) -> str:
        return f"{100 * np.mean([getattr(row, field) for row in rows]):.0f} %"

    print(f"  {name} ({len(rows)})")
    for field, text in (("step", "step"), ("energy", "energy"), ("click", "click energy")):
        print(f"    seam {text:12} within the loop's own  {share(field):>6}   cut bare {share(f'bare_{field}'):>6}")
    off = np.array([abs(row.off) for row in rows if row.off is not None])
    stretched = sum(row.stretched != 1.0 for row in rows)
    print(f"    beat sure {share('sure')}, stretched {stretched}, beat sure again in the loop {len(off)}")
    if len(off):
        within = 100 * np.mean(off <= 0.005)
        print(
            f"    tempo off: median {100 * np.median(off):.2f} %, worst {100 * off.max():.2f} %; {within:.0f} % ≤ 0.5 %"
        )


if __name__ == "__main__":
    main()
