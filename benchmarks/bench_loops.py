"""Loops as musicians get them: is the seam heard, and do the bars last as long as they should?

Makes takes of so many bars with a model, finishes them as the daemon does, and measures the finished loops where the
file's end is played into its start, and where the blend begins, which is a little later:

* step: from one sample to the next, against the 99th percentile of the loop's own steps;
* energy: of the 10 ms around, between the 1st and the 99th percentile of all such windows;
* step and energy: the loops that pass both;
* click: the energy of the steps in the 3 ms around, against the 99th percentile of all such windows;
* first beat: the onset nearest to the start, in takes whose beat was sure;
* tempo: heard in the finished loop, once, against the target, in takes whose beat was sure. What is heard twice over
  seems truer than it is: its second half repeats the first at the very target. A line through the onsets of a single
  bar is not exact to 0.5 %, so drums of four bars are made too, and loops are told apart by their bars.

A cut at the same place, without a seam, is measured beside it. Run from the repository's root:

    python -m benchmarks.bench_loops [--model starter] [--loops 100] [--long 24] [--folder DIR to keep the takes in]
"""

import argparse
import dataclasses
import random
import tempfile
from collections.abc import Iterable
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
class Passed:
    """What is within the loop's own at one place."""

    step: bool
    energy: bool
    click: bool

    @property
    def both(self) -> bool:
        """Whether step and energy are."""
        return self.step and self.energy


@dataclasses.dataclass(frozen=True)
class Row:
    """One finished loop, where its file begins, where its blend does, and cut without a seam.

    first: ms from the start to the nearest onset. off: tempo heard in it over the target, less one. Both are None where
    the take's beat was not sure, or nothing is heard.
    """

    rhythmic: bool
    bars: float
    start: Passed
    blend: Passed
    bare: Passed
    stretched: bool
    sure: bool
    first: float | None
    off: float | None


def main() -> None:
    """Make, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--loops", type=int, default=100)
    parser.add_argument("--long", type=int, default=24)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    print_machine("numpy", "soxr", "mlx")
    every = [settings_of(options.model, number) for number in range(options.loops)]
    long = [dataclasses.replace(settings_of(options.model, 2 * number), bars=4.0) for number in range(options.long)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        rows = [measure(settings, *made(settings, folder)) for settings in every]
        drums = [measure(settings, *made(settings, folder)) for settings in long]
    print(f"{options.model}, {len(rows)} loops")
    table("all", rows)
    table("drums", [row for row in rows if row.rhythmic])
    table("others", [row for row in rows if not row.rhythmic])
    print("  tempo of the drums, heard once")
    for bars in (1.0, 2.0, 4.0):
        tempi(bars, [row for row in rows + drums if row.rhythmic and row.bars == bars])


def settings_of(model: str, number: int) -> Settings:
    """Return the settings of loop `number`: every second one is drums."""
    dice = random.Random(number)
    prompt = dice.choice(OTHERS if number % 2 else RHYTHMIC)
    tempo = float(dice.randint(70, 150))
    bars = 1.0 if tempo < 110 else 2.0
    return Settings(model=model, prompt=prompt, tempo=tempo, bars=bars, loop=1, seed=number)


def made(settings: Settings, folder: Path) -> tuple[PCM, int]:
    """Return the audio as the engine makes it, overrun included, and its rate."""
    path = folder / f"{settings.model}-{settings.seed}{'-long' if settings.bars > 2 else ''}.npz"
    if not path.exists():
        pipeline, request = prepare(settings, configuration.load())
        pcm = np.concatenate([item.pcm for item in pipeline.generate(request) if hasattr(item, "pcm")])
        np.savez(path, pcm=pcm, rate=pipeline.sample_rate)
    with np.load(path) as kept:
        return kept["pcm"], int(kept["rate"])


def measure(settings: Settings, pcm: PCM, rate: int) -> Row:
    """Finish one take and measure the loop."""
    loop, _, pairs = finished(settings, pcm, rate, RATE)
    findings: dict[str, Any] = dict(pairs)
    beat = beats.track(loop, RATE, settings.tempo)
    sure = findings["confidence"] >= beats.SURE
    return Row(
        rhythmic=settings.prompt in RHYTHMIC,
        bars=settings.bars,
        start=passed(loop),
        blend=passed(np.roll(loop, round(findings.get("shift", 0.0) * RATE), axis=0)),
        bare=passed(resample(pcm, rate, RATE)[: len(loop)]),
        stretched="stretched" in findings,
        sure=sure,
        first=first_onset(loop) if sure else None,
        off=beat.tempo / settings.tempo - 1 if sure and beat is not None and beat.confidence else None,
    )


def passed(loop: PCM) -> Passed:
    """Return what is within the loop's own where its end is played into its start."""
    return Passed(step_within(loop), energy_within(loop), click_within(loop))


def first_onset(loop: PCM) -> float | None:
    """Return the ms from the loop's start to the onset nearest to it, as it is heard in the loop going round."""
    around = np.concatenate([loop[-RATE // 5 :], loop[: RATE // 5]])
    places = 1000 * (beats.find_onsets(around, RATE).times - 0.2)
    near = places[np.abs(places) < 30]
    return float(near[np.argmin(np.abs(near))]) if len(near) else None


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

    def share(truths: Iterable[bool]) -> str:
        return f"{100 * np.mean(list(truths)):.0f} %"

    print(f"  {name} ({len(rows)}), within the loop's own  file's start  blend  cut bare")
    for field, text in (("step", "step"), ("energy", "energy"), ("both", "step and energy"), ("click", "click energy")):
        shares = [share(getattr(getattr(row, place), field) for row in rows) for place in ("start", "blend", "bare")]
        print(f"    {text:34}" + "".join(f"{value:>9}" for value in shares))
    print(f"    beat sure {share(row.sure for row in rows)}, stretched {sum(row.stretched for row in rows)}")
    first = [row.first for row in rows if row.first is not None]
    if first:
        low, middle, high = np.quantile(first, (0.05, 0.5, 0.95))
        print(
            f"    first beat: median {middle:.1f} ms, 90 % from {low:.1f} to {high:.1f}, earliest {min(first):.1f} ms"
        )


def tempi(bars: float, rows: list[Row]) -> None:
    """Print how far loops of so many bars are from their tempo."""
    off = np.array([abs(row.off) for row in rows if row.off is not None])
    text = f"    bars {bars:g}: {sum(row.sure for row in rows)} of {len(rows)} sure, {len(off)} heard again"
    if len(off):
        text += f"; off: median {100 * np.median(off):.2f} %, worst {100 * off.max():.2f} %"
        text += f"; {100 * np.mean(off <= 0.005):.0f} % ≤ 0.5 %"
    print(text)


if __name__ == "__main__":
    main()
