"""A take is finished: brought to its tempo, its one to the start, its end to its beginning, to exact length.

Models keep a tempo to a few per cent. More is therefore made than was asked for; here it is found out what came out,
and cut, nudged and blended from that. Pure: the same take gives the same stem.
"""

from dataclasses import dataclass

import numpy as np

from audiogen_daemon.audio import beats, loops
from audiogen_daemon.audio.downbeat import beats_before_one
from audiogen_daemon.audio.ring import PCM
from audiogen_daemon.audio.stretch import StretchMissing, stretch

DRIFT, DRIFT_SHARE = 0.012, 0.004
"""Seconds that the last beat may be off, and share of the length, before the take is stretched: stretching costs a
little of every attack."""

LEAD, CLOSE = 0.003, 0.005
"""Seconds from the start to the first beat, so that its attack is whole; and by which it may miss that place. A loop
finds its own: see `loops.begin_before`."""

Findings = tuple[tuple[str, float | str], ...]


@dataclass(frozen=True)
class Goal:
    """What a take shall be.

    samples: exact length. tempo: quarter notes per minute, 0 leaves time as it is. meter: quarter notes in a bar; with
    0 no bar is looked for, and the take begins on its first beat.
    """

    samples: int
    tempo: float
    loop: bool
    meter: float = 0.0


def finish(pcm: PCM, rate: int, goal: Goal) -> tuple[PCM, Findings]:
    """Return exactly `goal.samples` of (samples, channels), and what was found and done, as (name, value) pairs.

    tempo, confidence: as heard. stretched: new length over old. shift: seconds by which the take was moved forward; a
    loop is moved round. seam: seconds that were blended. note: why something was not done.
    A beat that is not sure (a pad, a short take, a tempo more than 8 % off) leaves time as it is.
    """
    found: list[tuple[str, float | str]] = []
    one = None
    if goal.tempo:
        pcm, one = _to_the_grid(pcm, rate, goal, found)
    if goal.loop and len(pcm) > goal.samples:
        pcm, seam = loops.close_loop(pcm, rate, goal.samples)
        shift = loops.begin_before(pcm, rate, round((one or 0.0) * rate))
        found += [("shift", round(shift / rate, 6)), ("seam", round(seam.seconds, 4))]
        return loops.rotate(pcm, shift), tuple(found)
    shift = 0
    if one is not None:
        begins = one - LEAD
        shift = round(begins * rate) if abs(begins) > CLOSE else 0
        found.append(("shift", round(shift / rate, 6)))
    if shift < 0:
        pcm = np.concatenate([np.zeros((-shift, pcm.shape[1]), np.float32), pcm])
    pcm = pcm[max(0, shift) :]
    rest = max(0, goal.samples - len(pcm))
    return np.concatenate([pcm[: goal.samples], np.zeros((rest, pcm.shape[1]), np.float32)]), tuple(found)


def _doubt(beat: beats.Beat, tempo: float) -> str:
    """Return why a beat is not relied on, and what helps."""
    if beat.confidence:
        sure = f"only {int(100 * beat.confidence)} % sure, {100 * beats.SURE:.0f} % are needed"
        why, cure = f"{beat.tempo:.1f} bpm were heard, but that is {sure}", "more bars are heard more surely"
    else:
        why = f"no tempo within {100 * beats.REACH:.0f} % of {tempo:g} bpm fits what is heard"
        cure = "another seed may keep time"
    return f"{why}; time is left as it is; {cure}"


def _to_the_grid(pcm: PCM, rate: int, goal: Goal, found: list[tuple[str, float | str]]) -> tuple[PCM, float | None]:
    """Return the take in time, and the second of its one, or first beat, if it is sure and can be brought forward."""
    beat = beats.track(pcm, rate, goal.tempo)
    if beat is None:
        found += [("confidence", 0.0), ("note", "no beat was heard; time is left as it is")]
        return pcm, None
    found.append(("confidence", round(beat.confidence, 4)))
    if beat.confidence < beats.SURE:
        found.append(("note", _doubt(beat, goal.tempo)))
        return pcm, None
    found.insert(0, ("tempo", round(beat.tempo, 3)))
    ratio, first, pulse = beat.tempo / goal.tempo, beat.first, 60.0 / beat.tempo
    upbeats = beats_before_one(pcm, rate, first, pulse, goal.meter)
    needed = goal.samples + (round(loops.LONGEST * rate) if goal.loop else 0)
    seconds = goal.samples / rate
    if abs(ratio - 1) * seconds > min(DRIFT, DRIFT_SHARE * seconds):
        if round(len(pcm) * ratio) < needed:
            found.append(("note", "too little was made to bring it to the tempo"))
        else:
            try:
                pcm, first, pulse = stretch(pcm, rate, ratio), first * ratio, pulse * ratio
                found.append(("stretched", round(ratio, 5)))
            except StretchMissing as error:
                found.append(("note", f"not brought to the tempo: {error}"))
    spare = (len(pcm) - goal.samples) / rate
    if goal.loop or first + upbeats * pulse - LEAD <= spare:
        return pcm, first + upbeats * pulse
    if first - LEAD <= spare:
        return pcm, first
    found += [
        ("note", f"too little was made to begin on the first beat, which is {first:.2f} s in"),
        ("shift", 0.0),
    ]
    return pcm, None
