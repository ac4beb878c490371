"""The player mixes voices into blocks; it is all that the sound card's callback runs.

A voice is a source of samples with an envelope that is a function of the frame on the player's own timeline, so that
starts, fades and swaps fall on the sample whatever the block size. `render` takes no lock, waits for nothing and
raises nothing; other threads talk to it by counters and by a queue of commands.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from audiogen_daemon.audio.ring import PCM
from audiogen_daemon.audio.sources import Clip, Loop, Source

_SILENT = 1e-4  # -80 dBFS: a step this small needs no ramp


def fade_in(samples: int) -> PCM:
    """Return a raised-cosine ramp (samples, 1) from 0 towards 1."""
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(samples) / max(1, samples))).astype(np.float32)[:, None]


def fade_out(samples: int) -> PCM:
    """Return a raised-cosine ramp (samples, 1) from 1 towards 0."""
    return 1 - fade_in(samples)


def cross_in(samples: int) -> PCM:
    """Return the rising half of an equal-power crossfade, (samples, 1)."""
    return np.sin(0.5 * np.pi * np.arange(samples) / max(1, samples)).astype(np.float32)[:, None]


def cross_out(samples: int) -> PCM:
    """Return the falling half of an equal-power crossfade, (samples, 1)."""
    return np.cos(0.5 * np.pi * np.arange(samples) / max(1, samples)).astype(np.float32)[:, None]


def _cross(samples: int) -> tuple[PCM, PCM]:
    return cross_in(samples), cross_out(samples)


@dataclass(eq=False)
class Voice:
    """One source on the player's timeline.

    start_frame: where it begins, on the sample; None begins with the first block after it is armed.
    replaces: voices that are crossfaded away when this one begins.
    origin: frame on which a loop's first sample falls; None is where it begins.
    armed: set by the feeding thread to `starvations + 1` when enough is buffered to begin, or to go on.
    The rest is written by the callback and may be read by anyone.
    """

    source: Source
    start_frame: int | None = None
    replaces: tuple["Voice", ...] = ()
    armed: int = 0
    starvations: int = 0
    origin: int | None = None
    first_frame: int | None = None
    complete: bool = False
    done: bool = False
    rise: tuple[int, PCM] | None = None
    falls: list[tuple[int, PCM]] = field(default_factory=list)
    lead_frame: int | None = None
    dip_frame: int | None = None
    tail_frame: int | None = None
    last: PCM = field(default_factory=lambda: np.zeros((1, 2), dtype=np.float32))


class Player:
    """Mixes voices into blocks of float32.

    Args:
        rate: Hz of the timeline. channels: 1 or 2; a mono voice goes to both speakers.
        block: the longest piece mixed at once; longer requests are cut, so that scratch memory is allocated here only.
        edge: seconds of the fade that conceals a starvation, and of the ramps before a hard start and after a hard end.
        crossfade: seconds of the equal-power crossfade between voices.
        cut: seconds of the crossfade where a voice begins on a frame of its own: its attack is the beat.
    """

    def __init__(
        self,
        rate: int,
        channels: int,
        gain: float = 1.0,
        block: int = 2048,
        edge: float = 0.007,
        crossfade: float = 0.03,
        cut: float = 0.01,
    ) -> None:
        self.rate = rate
        self.channels = channels
        self.edge = max(1, round(edge * rate))
        self.position = 0
        self.starved = 0
        self._block = block
        self._rise, self._fall = fade_in(self.edge), fade_out(self.edge)
        self._cross = _cross(max(1, round(crossfade * rate)))
        self._cut = _cross(max(1, round(cut * rate)))
        self._lead = max(self.edge, len(self._cut[0]))
        self._scratch = {n: np.zeros((block, n), dtype=np.float32) for n in (1, 2)}
        self._index = np.arange(1, block + 1, dtype=np.float32)[:, None]
        self._ramp = np.zeros((block, 1), dtype=np.float32)
        self._voices: list[Voice] = []
        self._commands: deque[tuple[Voice, PCM | None, int | None]] = deque()
        self._gain = self._gain_wanted = gain
        self._peak = (0.0, 0.0)
        self._peaks_taken = self._peak_since = 0

    def add(self, voice: Voice) -> None:
        """Put a voice on the timeline. Any thread."""
        self._commands.append((voice, None, None))

    def release(self, voice: Voice, curve: PCM, frame: int | None = None) -> None:
        """End a voice by a falling curve (samples, 1) that begins at `frame`, or with the next block. Any thread."""
        self._commands.append((voice, curve, frame))

    def set_gain(self, gain: float) -> None:
        """Set the factor on everything; it is reached in a straight line, 10 ms or longer. Any thread."""
        self._gain_wanted = gain

    def take_peak(self) -> tuple[float, float]:
        """Return the highest magnitude left and right since the last call. One caller only."""
        peak = self._peak
        self._peaks_taken += 1
        return peak

    def render(self, out: PCM) -> None:
        """Fill `out` (frames, channels) with the next frames of the timeline. The callback only."""
        for start in range(0, len(out), self._block):
            self._render(out[start : start + self._block])

    def _render(self, out: PCM) -> None:
        begin, end = self.position, self.position + len(out)
        while self._commands:
            voice, curve, frame = self._commands.popleft()
            if curve is None:
                self._voices.append(voice)
            else:
                voice.falls.append((begin if frame is None else frame, curve))
        out.fill(0)
        for voice in self._voices:
            if voice.first_frame is None:
                self._launch(voice, begin, end)
        for voice in self._voices:
            if voice.first_frame is not None:
                self._mix(voice, voice.first_frame, out, begin)
            if any(frame + len(curve) <= end for frame, curve in voice.falls):
                voice.done = True
        if any(voice.done for voice in self._voices):
            self._voices = [voice for voice in self._voices if not voice.done]
        self._apply_gain(out)
        self._measure(out)
        self.position = end

    def _launch(self, voice: Voice, begin: int, end: int) -> None:
        if any(frame < end for frame, _ in voice.falls):
            voice.done = True
            return
        wanted = voice.start_frame
        if voice.armed == 0 or (wanted is not None and wanted - self._lead >= end):
            return
        frame = begin if wanted is None else max(begin, wanted)
        if voice.origin is not None:
            voice.source.advance(frame - voice.origin)
        replaced = [v for v in voice.replaces if not v.done and v.dip_frame is None and v.first_frame is not None]
        if replaced:
            rise, fall = self._cross if wanted is None else self._cut
            if isinstance(voice.source, Loop | Clip):
                for other in replaced:
                    voice.source.join(other.source, frame - max(begin, other.first_frame or 0))
                # What has something to play before the beat plays it, so that its attack comes whole.
                begins = frame if wanted is None else max(begin, wanted - min(len(rise), voice.source.before))
                voice.source.advance(begins - frame)
                frame = begins
            voice.rise = (frame, rise)
            for other in voice.replaces:
                other.falls.append((frame, fall))
        else:
            for other in voice.replaces:
                other.falls.append((frame, self._fall))
            # The take keeps its own first sample; a ramp towards it is played before it.
            if voice.origin is not None:
                voice.source.advance(self.edge)
            voice.source.peek_into(voice.last[:, : voice.source.channels])
            if voice.origin is not None or np.abs(voice.last).max() > _SILENT:
                voice.lead_frame = max(begin, frame - self.edge)
                frame = voice.lead_frame + self.edge
        voice.replaces = ()  # or every take would keep all before it in memory
        voice.first_frame = frame

    def _mix(self, voice: Voice, first_frame: int, out: PCM, begin: int) -> None:
        at = min(len(out), max(0, first_frame - begin))
        if voice.lead_frame is not None and at > 0:
            lead = max(0, voice.lead_frame - begin)
            self._hold(voice, out[lead:at], self._rise, begin + lead - voice.lead_frame, begin + lead)
        if at == len(out):
            return
        if voice.tail_frame is None and (voice.dip_frame is None or self._resume(voice, begin)):
            at = self._play(voice, out, at, begin)
        if voice.dip_frame is not None:
            self._dip(voice, out, at, begin, begin + at - voice.dip_frame)
        elif voice.tail_frame is not None:
            offset = begin + at - voice.tail_frame
            self._hold(voice, out[at : at + self.edge - offset], self._fall, offset, begin + at)
            voice.done = begin + len(out) >= voice.tail_frame + self.edge

    def _resume(self, voice: Voice, begin: int) -> bool:
        """Go on after a starvation, once it is armed again and its fade-out is over."""
        if voice.dip_frame is None or voice.armed <= voice.starvations or begin < voice.dip_frame + self.edge:
            return False
        voice.dip_frame = None
        voice.rise = (begin, self._rise)
        return True

    def _play(self, voice: Voice, out: PCM, at: int, begin: int) -> int:
        """Mix what there is, but for the reserve that a starvation is faded over; return where it stopped."""
        source = voice.source
        ended = source.ended  # before `available`: it is set after the last write
        playable = source.available if ended else source.available - self.edge
        piece = self._scratch[source.channels][: max(0, min(len(out) - at, playable))]
        if len(piece):
            source.peek_into(piece)
            source.advance(len(piece))
            voice.last[:, : source.channels] = piece[-1]
            self._shape(voice, piece, begin + at)
            out[at : at + len(piece)] += piece
            at += len(piece)
        if at < len(out) and ended:
            voice.complete = True
            voice.tail_frame = begin + at
        elif at < len(out):
            voice.starvations += 1
            voice.dip_frame = begin + at
        return at

    def _dip(self, voice: Voice, out: PCM, at: int, begin: int, offset: int) -> None:
        """Fade over the reserve without consuming it, then stay silent; it is played again after the refill."""
        source = voice.source
        piece = self._scratch[source.channels][: max(0, min(len(out) - at, self.edge - offset))]
        piece = piece[: source.peek_into(piece, offset)]
        piece *= self._fall[offset : offset + len(piece)]
        self._shape(voice, piece, begin + at)
        out[at : at + len(piece)] += piece
        self.starved += len(out) - at - len(piece)

    def _hold(self, voice: Voice, out: PCM, curve: PCM, offset: int, frame: int) -> None:
        """Mix a ramp between silence and the sample that the take begins or ends with."""
        channels = voice.source.channels
        piece = self._scratch[channels][: len(out)]
        np.multiply(curve[offset : offset + len(out)], voice.last[:, :channels], out=piece)
        self._shape(voice, piece, frame)
        out += piece

    def _shape(self, voice: Voice, piece: PCM, frame: int) -> None:
        if voice.rise is not None:
            start = frame - voice.rise[0]
            ramp = voice.rise[1][start : start + len(piece)]
            piece[: len(ramp)] *= ramp
        for fall_frame, curve in voice.falls:
            start = max(0, frame - fall_frame)
            falling = piece[max(0, fall_frame - frame) :]
            ramp = curve[start : start + len(falling)]
            falling[: len(ramp)] *= ramp
            falling[len(ramp) :] = 0

    def _apply_gain(self, out: PCM) -> None:
        if self._gain != self._gain_wanted:
            reach = len(out) / (0.01 * self.rate)
            step = min(reach, max(-reach, self._gain_wanted - self._gain))
            ramp = self._ramp[: len(out)]
            np.multiply(self._index[: len(out)], step / len(out), out=ramp)
            ramp += self._gain
            out *= ramp
            self._gain = self._gain_wanted if abs(step) < reach else self._gain + step
        elif self._gain != 1:
            out *= self._gain

    def _measure(self, out: PCM) -> None:
        left = max(float(out[:, 0].max()), -float(out[:, 0].min()))
        right = max(float(out[:, -1].max()), -float(out[:, -1].min()))
        if self._peak_since != self._peaks_taken:
            self._peak_since = self._peaks_taken
            self._peak = (left, right)
        else:
            self._peak = (max(left, self._peak[0]), max(right, self._peak[1]))
