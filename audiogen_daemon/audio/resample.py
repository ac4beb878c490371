"""Sound changes its sample rate chunk by chunk, and comes out as if it had been one piece."""

import numpy as np
import soxr

from audiogen_daemon.audio.ring import PCM


def resampled_length(samples: int, source_rate: int, target_rate: int) -> int:
    """Return how many samples `samples` become at the target rate."""
    return round(samples * target_rate / source_rate)


def resample(pcm: PCM, source_rate: int, target_rate: int) -> PCM:
    """Return all of `pcm` at the target rate, exactly `resampled_length` samples."""
    stream = StreamResampler(source_rate, target_rate, pcm.shape[1])
    return np.concatenate([stream.push(pcm), stream.finish()])


def resample_loop(pcm: PCM, source_rate: int, target_rate: int, samples: int | None = None) -> PCM:
    """Return a loop at the target rate whose end runs into its own start, as the filter hears it.

    samples: the length wanted, where bars decide it and the loop's own, rounded at both rates, may be one off.
    """
    length = resampled_length(len(pcm), source_rate, target_rate) if samples is None else samples
    if source_rate == target_rate or len(pcm) == 0:
        return pcm
    # Context of whole source seconds maps to whole target seconds, so the cut falls on the sample.
    context = source_rate
    padded = np.take(pcm, np.arange(-context, len(pcm) + context), axis=0, mode="wrap")
    return resample(padded, source_rate, target_rate)[target_rate : target_rate + length]


class StreamResampler:
    """Band-limited resampling with state; not thread-safe.

    What `push` and `finish` return, joined, does not depend on how the input was cut, and is bit-identical to a
    one-shot conversion. The filter holds back 20 to 40 ms until more input or `finish` comes.

    Source: libsoxr through python-soxr, quality VHQ by default.

    Args:
        source_rate, target_rate: Hz, above 0.
        quality: one of QQ, LQ, MQ, HQ, VHQ.
    """

    def __init__(self, source_rate: int, target_rate: int, channels: int, quality: str = "VHQ") -> None:
        if source_rate < 1 or target_rate < 1:
            raise ValueError(f"cannot resample {source_rate} Hz to {target_rate} Hz; both must be at least 1")
        self._source_rate = source_rate
        self._target_rate = target_rate
        self._channels = channels
        self._stream = (
            None
            if source_rate == target_rate
            else soxr.ResampleStream(source_rate, target_rate, channels, dtype="float32", quality=quality)
        )
        self._pushed = 0
        self._given = 0
        self._last: PCM = np.zeros((1, channels), dtype=np.float32)

    def push(self, pcm: PCM) -> PCM:
        """Take (samples, channels) at the source rate; return what is ready at the target rate."""
        if pcm.ndim != 2 or pcm.shape[1] != self._channels:
            raise ValueError(f"PCM of shape {pcm.shape}; (samples, {self._channels}) is expected")
        self._pushed += len(pcm)
        if self._stream is None:
            return self._count(pcm)
        if len(pcm) == 0:
            return pcm
        return self._count(self._stream.resample_chunk(np.ascontiguousarray(pcm, dtype=np.float32), last=False))

    @property
    def owed(self) -> int:
        """Samples that `finish` would return."""
        return resampled_length(self._pushed, self._source_rate, self._target_rate) - self._given

    def finish(self) -> PCM:
        """Return what the filter still held; the total is then exactly `resampled_length` of what was pushed."""
        if self._stream is None:
            return np.zeros((0, self._channels), dtype=np.float32)
        rest = self._stream.resample_chunk(np.zeros((0, self._channels), dtype=np.float32), last=True)
        wanted = self.owed
        # libsoxr rounds a half its own way, so that one sample may be too many or too few.
        if len(rest) < wanted:
            last = rest[-1:] if len(rest) else self._last
            rest = np.concatenate([rest, np.repeat(last, wanted - len(rest), axis=0)])
        return self._count(rest[:wanted])

    def _count(self, pcm: PCM) -> PCM:
        self._given += len(pcm)
        if len(pcm):
            self._last = pcm[-1:]
        return pcm
