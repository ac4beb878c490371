"""MusicGen as a pipeline: prompt and opening in, steps, frames through the codec as they become whole, audio out."""

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import mlx.core as mx
import numpy as np

from audiogen_daemon.models.backend import DTYPES, Backend, detect
from audiogen_daemon.models.encodec import Encodec, load_encodec, tensor_shapes
from audiogen_daemon.models.integrity import check_integrity
from audiogen_daemon.models.musicgen.blocks import BlockPlayer
from audiogen_daemon.models.musicgen.conditioning import PromptEncoder
from audiogen_daemon.models.musicgen.config import MusicGenConfig, read_config
from audiogen_daemon.models.musicgen.count_in import DEFAULT_BPM, stated_bpm
from audiogen_daemon.models.musicgen.delay import Tokens, codebook_delays, complete_frames, delay, undelay
from audiogen_daemon.models.musicgen.following import (
    check_followed,
    following_shapes,
    load_ahead,
    load_projection,
)
from audiogen_daemon.models.musicgen.lm import Decoder, decoder_shapes
from audiogen_daemon.models.musicgen.prefix import Ahead
from audiogen_daemon.models.musicgen.speaker import Speaker
from audiogen_daemon.models.musicgen.steps import Player, Score, StepPlayer
from audiogen_daemon.models.pipeline import PCM, Audio, Progress, Request
from audiogen_daemon.models.t5 import PromptTokenizer, T5Encoder, t5_shapes
from audiogen_daemon.models.weights import Folder, Shape, Tensors, check_tensors, open_folder

MAX_PROMPT_SECONDS = 12.0
"""How much of the audio before a continuation the model listens to, as in audiocraft's extension."""

MIN_PROMPT_SECONDS = 1.0

CHUNK_FRAMES = (6, 6, 10, 16, 25)
"""Frames handed to the codec at a time: small at first, so that sound comes early; the last size goes on."""


@dataclass(frozen=True)
class Opening:
    """What is known before the first step. tokens: (frames, K). start: the frame at which the take itself begins."""

    tokens: Tokens
    start: int


class MusicGen:
    """One checkpoint, ready to play; see `models.pipeline.Pipeline`."""

    def __init__(
        self,
        config: MusicGenConfig,
        prompts: PromptEncoder,
        player: Player,
        codec: Encodec,
        ahead: Ahead | None = None,
    ) -> None:
        """Build one of its parts. ahead: what stands before the tokens, for models without cross-attention."""
        self.config = config
        self.sample_rate = config.codec.sampling_rate
        self.channels = config.decoder.channels
        self.sampling = config.sampling
        self.delays = codebook_delays(config.decoder.codebooks, config.decoder.channels)
        self._prompts = prompts
        self._player = player
        self._codec = codec
        self._ahead = ahead
        self._count_in_codes = functools.lru_cache(maxsize=64)(self._encode_count_in)

    @property
    def max_seconds(self) -> float:
        """The length the model was trained on, less its slowest count-in."""
        count_in = self.config.count_in
        primer = count_in.beats * max(count_in.frames_per_beat) if count_in else 0
        return (self.config.max_frames - primer) * self.config.codec.hop / self.sample_rate

    def tempo(self, request: Request) -> float | None:
        """The beats per minute that the take will really have, for models with a count-in; None for others."""
        count_in = self.config.count_in
        if count_in is None or request.continues is not None:
            return None
        return count_in.bpm(count_in.nearest(request.tempo or stated_bpm(request.prompt) or DEFAULT_BPM))

    def generate(self, request: Request) -> Iterator[Progress | Audio]:
        """Yield progress and audio; see `Pipeline.generate`."""
        self._check(request)
        hop = self.config.codec.hop
        samples = round(request.seconds * self.sample_rate)
        frames = -(-samples // hop)
        opening = self._opening(request, frames)
        total = opening.start + frames
        special = self.config.decoder.special_token
        grid = delay(opening.tokens, total, self.delays, special)
        text = self._prompts(request.prompt)
        score = Score(grid, (request.seed,), text, request.sampling)
        if self._ahead is not None:
            prefix, beta = self._ahead(request, text)
            score = replace(score, text=None, prefix=prefix, beta=beta)
        return self._play(score, opening, samples)

    def _play(self, score: Score, opening: Opening, samples: int) -> Iterator[Progress | Audio]:
        columns = score.grid.copy()
        filled, steps = score.first, len(score.grid) - score.first
        speaker = Speaker(self._codec, self.channels, opening.start, samples)
        handed, sizes = speaker.first_frame, iter(CHUNK_FRAMES)
        size = next(sizes)
        for drawn in self._player(score):
            columns[filled : filled + len(drawn)] = drawn[:, 0]
            filled += len(drawn)
            whole = complete_frames(filled, self.delays)
            # What lies before the take is heard only to warm the codec up; it does not count as a chunk.
            if whole - max(handed, opening.start) >= size and filled < len(columns):
                yield from speaker.hear(undelay(columns[:filled], self.delays, handed, whole))
                handed, size = whole, next(sizes, CHUNK_FRAMES[-1])
            yield Progress(filled - score.first, steps)
        yield from speaker.hear(undelay(columns, self.delays, handed, complete_frames(len(columns), self.delays)))
        yield from speaker.finish()

    def _opening(self, request: Request, frames: int) -> Opening:
        if request.continues is not None:
            tokens = self._encode(self._tail(request.continues, frames))
            return Opening(tokens, len(tokens))
        count_in = self.config.count_in
        if count_in is None:
            return Opening(np.zeros((0, len(self.delays)), np.int32), 0)
        beat = count_in.nearest(request.tempo or stated_bpm(request.prompt) or DEFAULT_BPM)
        tokens = self._count_in_codes(beat)
        return Opening(tokens[: -count_in.held_back_frames], len(tokens))

    def _encode_count_in(self, frames_per_beat: int) -> Tokens:
        assert self.config.count_in is not None
        return self._encode(np.repeat(self.config.count_in.click(frames_per_beat), self.channels, axis=1))

    def _tail(self, pcm: PCM, frames: int) -> PCM:
        """The last whole frames of what is continued, as many as the model listens to and has room for."""
        hop = self.config.codec.hop
        room = self.config.max_frames - frames
        wanted = int(MAX_PROMPT_SECONDS * self.sample_rate) // hop
        kept = min(len(pcm) // hop, room, wanted)
        return pcm[len(pcm) - kept * hop :]

    def _encode(self, pcm: PCM) -> Tokens:
        """Codec tokens (frames, K) of (samples, channels); stereo codebooks alternate left and right."""
        codes = np.array(self._codec.encode(mx.array(pcm.T[:, :, None])))
        return codes.transpose(1, 2, 0).reshape(codes.shape[1], -1).astype(np.int32)

    def _check(self, request: Request) -> None:
        sampling = request.sampling
        _within("seconds", request.seconds, 1 / self.sample_rate, self.max_seconds, "ask for less, then continue")
        _within("seed", request.seed, 0, 2**32 - 1, "take another seed")
        _within("temperature", sampling.temperature, 0.01, 10.0, f"{self.sampling.temperature:g} is the model's own")
        _within("top_k", sampling.top_k, 0, math.inf, "1 is greedy, 0 keeps all")
        _within("top_p", sampling.top_p, 0.0, 1.0, "0 switches it off")
        _within("guidance", sampling.guidance, 0.0, 100.0, f"{self.sampling.guidance:g} is the model's own")
        if request.tempo is not None:
            _within("tempo", request.tempo, 10.0, 1000.0, "in beats per minute")
        if request.beta is not None:
            _within("beta", request.beta, 1.0, 10.0, "1 is simple guidance")
        if request.continues is not None:
            self._check_continued(request.continues, request.seconds)
        check_followed(self._ahead, request)

    def _check_continued(self, pcm: PCM, seconds: float) -> None:
        if pcm.ndim != 2 or pcm.shape[1] != self.channels:
            raise ValueError(f"continues is {pcm.shape}, wanted (samples, {self.channels}) at {self.sample_rate} Hz")
        if len(pcm) < MIN_PROMPT_SECONDS * self.sample_rate:
            raise ValueError(
                f"continues has {len(pcm) / self.sample_rate:.2f} s;"
                f" a continuation needs at least {MIN_PROMPT_SECONDS:g} s"
            )
        if not np.isfinite(pcm).all():
            raise ValueError("continues holds NaN or infinite samples; give it sound")
        longest = self.max_seconds - MIN_PROMPT_SECONDS
        _within("seconds", seconds, 0, longest, "a continuation also needs room to listen to what went before")


def _within(name: str, value: float, low: float, high: float, cure: str) -> None:
    if not low <= value <= high:
        bounds = f"{low:g} to {high:g}" if math.isfinite(high) else f"at least {low:g}"
        raise ValueError(f"{name} is {value}, allowed is {bounds}; {cure}")


def tensor_table(config: MusicGenConfig, folder: Folder) -> dict[str, Shape]:
    """Name and shape of every tensor that a checkpoint must hold."""
    prefix = "audio_encoder."
    present = [name.removeprefix(prefix) for name in folder.tensors if name.startswith(prefix)]
    shapes = {f"text_encoder.{name}": shape for name, shape in t5_shapes(config.text).items()}
    shapes |= {f"{prefix}{name}": shape for name, shape in tensor_shapes(config.codec, present).items()}
    shapes |= decoder_shapes(config.decoder) | following_shapes(config, folder.tensors)
    shapes["enc_to_dec_proj.weight"] = (config.decoder.hidden, config.text.hidden)
    shapes["enc_to_dec_proj.bias"] = (config.decoder.hidden,)
    return shapes


def load(path: Path, dtype: str = "auto", bits: int = 0, backend: Backend | None = None) -> MusicGen:
    """A checkpoint folder as the hub holds it, checked and read, one tensor in memory at a time.

    Args:
        dtype: of the decoder's weights: float32, float16, bfloat16, or auto for what suits the backend. T5 computes in
            float32 whatever it is stored in, and the codec is float32.
        bits: 8 or 4 to quantize the decoder's products, 0 not to.
        backend: None for the one MLX runs on.

    Raises:
        CheckpointError: names what is wrong with the folder.
    """
    backend = backend or detect()
    folder = open_folder(path)
    check_integrity(path)
    config = read_config(folder)
    check_tensors(folder, tensor_table(config, folder))
    tokenizer = PromptTokenizer(path / "tokenizer.json", config.text.end_token)
    tensors = Tensors(folder)
    weights = DTYPES[backend.dtype if dtype == "auto" else dtype]
    encoder = T5Encoder(tensors, config.text, mx.float32 if weights == mx.float32 else mx.float16)
    projection = load_projection(tensors, "enc_to_dec_proj", weights)
    ahead = load_ahead(tensors, config, weights)
    decoder = Decoder(tensors, config.decoder, weights, bits, backend.weight_columns)
    codec = load_encodec(tensors.take_prefix("audio_encoder."), config.codec)
    steps = backend.steps_per_graph
    player = BlockPlayer(decoder, steps) if steps else StepPlayer(decoder, backend.fold_text)
    return MusicGen(config, PromptEncoder(tokenizer, encoder, projection), player, codec, ahead)
