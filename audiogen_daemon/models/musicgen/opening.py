"""What a take begins from: the end of what it continues, a count-in, or nothing; and how it goes on past its window."""

import functools
from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from audiogen_daemon.models.encodec import Encodec
from audiogen_daemon.models.keys import Key, stated_key
from audiogen_daemon.models.musicgen.config import MusicGenConfig
from audiogen_daemon.models.musicgen.delay import Tokens, codebook_delays, columns_needed
from audiogen_daemon.models.musicgen.window import Window
from audiogen_daemon.models.pipeline import PCM, Request

MAX_PROMPT_SECONDS = 12.0
"""How much of the audio before it a continuation or a new window listens to, as in audiocraft's extension."""

KEPT = 0.4
"""The share of the trained length that a new window listens to at most: 12 of audiocraft's 30 s."""

BAR_BEATS = 4


@dataclass(frozen=True)
class Opening:
    """What is known before the first step.

    tokens: (frames, K). start: the frame at which the take itself begins. window: how it goes on past the length that
    the model was trained on.
    """

    tokens: Tokens
    start: int
    window: Window


class Openings:
    """Openings for requests, with the count-ins encoded once."""

    def __init__(self, config: MusicGenConfig, codec: Encodec) -> None:
        self._config = config
        self._codec = codec
        self._delays = codebook_delays(config.decoder.codebooks, config.decoder.channels)
        self._count_in_codes = functools.lru_cache(maxsize=256)(self._encode_count_in)

    @property
    def frames_per_second(self) -> float:
        """Of the codec."""
        return self._config.codec.sampling_rate / self._config.codec.hop

    def __call__(self, request: Request, frames: int) -> Opening:
        """The opening of a take of so many frames."""
        if request.continues is not None:
            tokens = self.encode(self._tail(request.continues, frames))
            return Opening(tokens, len(tokens), self._window())
        count_in = self._config.count_in
        if count_in is None:
            return Opening(np.zeros((0, len(self._delays)), np.int32), 0, self._window())
        beat = count_in.beat_frames(request.tempo, request.prompt)
        key = count_in.playable(stated_key(request.prompt))
        tokens, known = self._count_in_codes(beat, key), slice(-count_in.held_back_frames)
        longer = len(tokens) + frames > self._config.max_frames
        clicks = self._count_in_codes(beat, None)[known] if longer and key is not None else None
        return Opening(tokens[known], len(tokens), self._window(len(tokens), beat, clicks))

    def encode(self, pcm: PCM) -> Tokens:
        """Codec tokens (frames, K) of (samples, channels); stereo codebooks alternate left and right."""
        codes = np.array(self._codec.encode(mx.array(pcm.T[:, :, None])))
        return codes.transpose(1, 2, 0).reshape(codes.shape[1], -1).astype(np.int32)

    @property
    def _kept(self) -> int:
        """Frames that a new window listens to at most."""
        return min(int(MAX_PROMPT_SECONDS * self.frames_per_second), int(KEPT * self._config.max_frames))

    def _window(self, primer: int = 0, beat: int = 1, clicks: Tokens | None = None) -> Window:
        bar = beat * BAR_BEATS if beat > 1 else 1
        return Window(
            positions=columns_needed(self._config.max_frames, self._delays),
            kept=self._kept,
            delays=self._delays,
            special=self._config.decoder.special_token,
            primer=primer,
            bar=bar if 2 * bar <= self._kept else beat,
            clicks=clicks,
        )

    def _encode_count_in(self, frames_per_beat: int, key: Key | None) -> Tokens:
        assert self._config.count_in is not None
        click = self._config.count_in.click(frames_per_beat, key)
        return self.encode(np.repeat(click, self._config.decoder.channels, axis=1))

    def _tail(self, pcm: PCM, frames: int) -> PCM:
        """The last whole frames of what is continued, as many as the model listens to and has room for."""
        hop = self._config.codec.hop
        wanted = int(MAX_PROMPT_SECONDS * self.frames_per_second)
        kept = min(len(pcm) // hop, wanted, max(self._config.max_frames - frames, self._kept))
        return pcm[len(pcm) - kept * hop :]
