"""MusicGen as a pipeline: prompt and opening in, steps, frames through the codec as they become whole, audio out."""

import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import mlx.core as mx

from audiogen_daemon.models.backend import DTYPES, Backend, detect
from audiogen_daemon.models.bits import OFF, Bits
from audiogen_daemon.models.encodec import Encodec, load_encodec, tensor_shapes
from audiogen_daemon.models.integrity import check_integrity
from audiogen_daemon.models.jam import Items, Jam
from audiogen_daemon.models.layers.linear import Dense
from audiogen_daemon.models.musicgen.blocks import BlockPlayer
from audiogen_daemon.models.musicgen.conditioning import PromptEncoder
from audiogen_daemon.models.musicgen.config import MusicGenConfig, read_config
from audiogen_daemon.models.musicgen.delay import codebook_delays, delay
from audiogen_daemon.models.musicgen.following import check_followed, following_shapes, load_ahead, load_projection
from audiogen_daemon.models.musicgen.key_guidance import towards_key
from audiogen_daemon.models.musicgen.limits import LONGEST_SECONDS, check_conditions, check_length, check_start
from audiogen_daemon.models.musicgen.lm import Decoder, decoder_shapes
from audiogen_daemon.models.musicgen.memory import held_bytes
from audiogen_daemon.models.musicgen.opening import Openings
from audiogen_daemon.models.musicgen.prefix import Ahead
from audiogen_daemon.models.musicgen.score import Player, Score
from audiogen_daemon.models.musicgen.speaker import Speaker
from audiogen_daemon.models.musicgen.steering import Steering, conditions_of
from audiogen_daemon.models.musicgen.steps import StepPlayer
from audiogen_daemon.models.pipeline import Audio, Progress, Request
from audiogen_daemon.models.t5 import PromptTokenizer, T5Encoder, t5_shapes
from audiogen_daemon.models.weights import Folder, Shape, Tensors, check_tensors, open_folder

CHUNK_FRAMES = (6, 6, 10, 16, 25)
"""Frames handed to the codec at a time: small at first, so that sound comes early; the last size goes on."""

JAM_CHUNK_FRAMES = (6, 6, 10)
"""The same for jams, where the last size is also what is waited for before steering is heard."""


class MusicGen:
    """One checkpoint, ready to play; see `models.pipeline.Pipeline`."""

    longest_seconds = LONGEST_SECONDS

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
        self._openings = Openings(config, codec)

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
        return count_in.bpm(count_in.beat_frames(request.tempo, request.prompt))

    def generate(self, request: Request) -> Iterator[Progress | Audio]:
        """Yield progress and audio; see `Pipeline.generate`."""
        check_length(request, self.sample_rate)
        self._check(request)
        samples = round(request.seconds * self.sample_rate)
        frames = -(-samples // self.config.codec.hop)
        opening = self._openings(request, frames)
        grid = delay(opening.tokens, opening.start + frames, self.delays, self.config.decoder.special_token)
        conditions = conditions_of(self._prompts, self._ahead, towards_key(request, self.config.key_guidance))
        score = Score(grid, request.seeds, conditions, opening.window)
        speaker = Speaker(self._codec, self.delays, score.opening, opening.start, samples, CHUNK_FRAMES)
        return self._play(score, speaker)

    def jam(self, request: Request) -> Generator[Progress | Audio, Request | None, None]:
        """Yield progress and audio without end; see `Pipeline.jam`."""
        self._check(request)
        opening = self._openings(request, self.config.max_frames)
        # The columns up to the first that is wholly unknown; the end of the sequence, which a jam has not, is cut off.
        known = len(opening.tokens) + max(self.delays) + 1
        grid = delay(opening.tokens, known, self.delays, self.config.decoder.special_token)[: known + 1]
        steering = Steering(self._prompts, self._ahead, towards_key(request, self.config.key_guidance))
        score = Score(grid, (request.seed,), steering.conditions, opening.window, endless=True)
        speaker = Speaker(self._codec, self.delays, score.opening, opening.start, sys.maxsize, JAM_CHUNK_FRAMES)
        return Jam(self._improvise(score, speaker, steering), self._check_conditions)

    def _play(self, score: Score, speaker: Speaker) -> Iterator[Progress | Audio]:
        step, steps = 0, len(score.grid) - score.first
        for drawn in self._player(score):
            step += len(drawn)
            yield from speaker.hear(drawn)
            yield Progress(step, steps)
        yield from speaker.finish()

    def _improvise(self, score: Score, speaker: Speaker, steering: Steering) -> Items:
        step, columns = 0, self._player(score)
        drawn = next(columns)
        while True:
            step += len(drawn)
            items: list[Progress | Audio] = [*speaker.hear(drawn), Progress(step, 0)]
            for item in items:
                sent = yield item
                if sent is not None:
                    steering.follow(towards_key(sent, self.config.key_guidance))
            drawn = columns.send(steering.advance(len(drawn)))

    def _check(self, request: Request) -> None:
        check_start(request, self.sample_rate, self.channels)
        check_followed(self._ahead, request)
        self._check_conditions(request)

    def _check_conditions(self, request: Request) -> None:
        check_conditions(request, self.sampling, self._ahead is None)


def tensor_table(config: MusicGenConfig, folder: Folder) -> dict[str, Shape]:
    """Name and shape of every tensor that a checkpoint must hold."""
    prefix = "audio_encoder."
    present = [name.removeprefix(prefix) for name in folder.tensors if name.startswith(prefix)]
    shapes = {f"text_encoder.{name}": shape for name, shape in t5_shapes(config.text).items()}
    shapes |= {f"{prefix}{name}": shape for name, shape in tensor_shapes(config.codec, present).items()}
    shapes |= decoder_shapes(config.decoder) | following_shapes(config, folder.tensors)
    # As wide as the decoder, the text needs no projection, and transformers makes none.
    if config.text.hidden != config.decoder.hidden or "enc_to_dec_proj.weight" in folder.tensors:
        shapes["enc_to_dec_proj.weight"] = (config.decoder.hidden, config.text.hidden)
        shapes["enc_to_dec_proj.bias"] = (config.decoder.hidden,)
    return shapes


def load(path: Path, dtype: str = "auto", bits: Bits = OFF, backend: Backend | None = None) -> MusicGen:
    """A checkpoint folder as the hub holds it, checked and read, one tensor in memory at a time.

    Args:
        dtype: of the decoder's weights: float32, float16, bfloat16, or auto for what suits the backend. T5 computes in
            float32 whatever it is stored in, and the codec is float32.
        bits: per weight of the decoder's products; everything else stays as it is.
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
    weights, text = _dtypes(dtype, backend)
    encoder = T5Encoder(tensors, config.text, text)
    if "enc_to_dec_proj.weight" in folder.tensors:
        projection = load_projection(tensors, "enc_to_dec_proj", weights)
    else:
        projection = Dense(mx.eye(config.text.hidden, dtype=weights))
    ahead = load_ahead(tensors, config, weights)
    decoder = Decoder(tensors, config.decoder, weights, bits, backend.weight_columns, backend.centred)
    codec = load_encodec(tensors.take_prefix("audio_encoder."), config.codec)
    steps = backend.steps_per_graph
    player = BlockPlayer(decoder, steps) if steps else StepPlayer(decoder, backend.fold_text)
    return MusicGen(config, PromptEncoder(tokenizer, encoder, projection), player, codec, ahead)


def memory(path: Path, dtype: str = "auto", bits: Bits = OFF) -> int:
    """Bytes that `load` will hold, from the headers of the weight files.

    Raises:
        CheckpointError: the folder cannot be used.
    """
    folder = open_folder(path)
    table = {name: info.shape for name, info in folder.tensors.items()}
    weights, text = _dtypes(dtype, detect())
    decoder = read_config(folder).decoder
    return held_bytes(table, weights, text, bits) + decoder.max_positions * decoder.hidden * weights.size


def _dtypes(dtype: str, backend: Backend) -> tuple[mx.Dtype, mx.Dtype]:
    """Of the decoder, and of T5's weights, which keep their accuracy in float16 but not in bfloat16."""
    weights = DTYPES[backend.dtype if dtype == "auto" else dtype]
    return weights, mx.float32 if weights == mx.float32 else mx.float16
