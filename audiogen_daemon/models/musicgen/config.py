"""MusicGen's numbers, read from config.json and generation_config.json and checked once."""

from dataclasses import dataclass

from audiogen_daemon.models.encodec import EncodecConfig
from audiogen_daemon.models.musicgen.chroma import PITCH_CLASSES
from audiogen_daemon.models.musicgen.count_in import CountIn
from audiogen_daemon.models.musicgen.style_config import StyleConfig
from audiogen_daemon.models.pipeline import Sampling
from audiogen_daemon.models.reading import Reader
from audiogen_daemon.models.t5 import MAX_TOKENS, T5Config
from audiogen_daemon.models.weights import CheckpointError, Folder

DEFAULT_TOP_K = 250  # audiocraft's; the hub's generation_config.json does not say
LONGEST_STYLE = 32  # frames of a style, at most; 15 as published
DEFAULT_MAX_FRAMES = 1500  # 30 s at 50 Hz, the length MusicGen was trained on


@dataclass(frozen=True)
class DecoderConfig:
    """The language model over codec tokens.

    vocabulary: tokens per codebook; the token of that number is special (start and padding) and has an embedding but
    no logit. channels: 2 means that even codebooks are left, odd ones right.
    """

    layers: int
    hidden: int
    heads: int
    ffn: int
    codebooks: int
    vocabulary: int
    channels: int
    max_positions: int
    cross_attention: bool = True

    @property
    def special_token(self) -> int:
        """Fills the delay pattern's empty places, and starts it."""
        return self.vocabulary

    @property
    def head_dim(self) -> int:
        """Channels of one attention head."""
        return self.hidden // self.heads


@dataclass(frozen=True)
class MusicGenConfig:
    """One checkpoint.

    max_frames: the length it was trained on, openings counted. count_in: None for most models. melody_frames: of the
    prefix of models that follow melodies; style: of models that follow styles; else 0 and None. key_guidance: how much
    more closely than the rest of a prompt its key is followed.
    """

    text: T5Config
    codec: EncodecConfig
    decoder: DecoderConfig
    sampling: Sampling
    max_frames: int
    count_in: CountIn | None
    melody_frames: int = 0
    style: StyleConfig | None = None
    key_guidance: float = 0.0


def read_config(folder: Folder) -> MusicGenConfig:
    """The configuration of an opened folder.

    Raises:
        CheckpointError: a key is missing or holds what MusicGen cannot be; names key, value and what is allowed.
    """
    read = Reader(str(folder.path / "config.json"), folder.config)
    family = read.one_of("model_type", ("musicgen", "musicgen_melody", "musicgen_style"))
    read.one_of("num_chroma", (PITCH_CLASSES,), PITCH_CLASSES)
    melody_frames = read.count("chroma_length", 235) if family == "musicgen_melody" else 0
    decoder = read.section("decoder")
    codebooks = decoder.count("num_codebooks")
    channels = decoder.count("audio_channels", 1)
    hidden, heads = decoder.count("hidden_size"), decoder.count("num_attention_heads")
    if channels not in (1, 2) or codebooks % channels:
        raise CheckpointError(f"{decoder.place}: {codebooks} codebooks cannot be shared by {channels} channels")
    if hidden % heads or hidden % 2:
        raise CheckpointError(f"{decoder.place}: hidden_size {hidden} is not an even multiple of {heads} heads")
    decoder.one_of("activation_function", ("gelu",), "gelu")
    decoder.one_of("tie_word_embeddings", (False,), False)
    generation = Reader(str(folder.path / "generation_config.json"), folder.generation)
    max_positions = decoder.count("max_position_embeddings", 2048)
    before = 0 if family == "musicgen" else max(melody_frames, LONGEST_STYLE) + MAX_TOKENS
    if max_positions <= before:
        raise CheckpointError(
            f"{decoder.place}: max_position_embeddings is {max_positions}, wanted more than the {before} positions that"
            " what is followed and a prompt may take"
        )
    codec = EncodecConfig.from_dict(read.section("audio_encoder").values)
    vocabulary = decoder.count("vocab_size")
    if (codec.num_quantizers * channels, codec.codebook_size) != (codebooks, vocabulary):
        raise CheckpointError(
            f"{decoder.place}: {codebooks} codebooks of {vocabulary} do not fit audio_encoder, which has"
            f" {codec.num_quantizers} of {codec.codebook_size} per channel"
        )
    return MusicGenConfig(
        text=T5Config.read(read.section("text_encoder")),
        codec=codec,
        decoder=DecoderConfig(
            layers=decoder.count("num_hidden_layers"),
            hidden=hidden,
            heads=heads,
            ffn=decoder.count("ffn_dim"),
            codebooks=codebooks,
            vocabulary=vocabulary,
            channels=channels,
            max_positions=max_positions,
            cross_attention=family == "musicgen",
        ),
        sampling=Sampling(
            temperature=generation.number("temperature", 1.0),
            top_k=generation.count("top_k", DEFAULT_TOP_K),
            top_p=0.0 if (top_p := generation.number("top_p", 1.0)) >= 1.0 else top_p,
            guidance=generation.number("guidance_scale", 3.0),
        ),
        max_frames=min(max_positions - before, generation.count("max_length", DEFAULT_MAX_FRAMES)),
        count_in=_count_in(read, codec),
        melody_frames=melody_frames,
        style=StyleConfig.read(read) if family == "musicgen_style" else None,
        key_guidance=_key_guidance(read, family),
    )


def _key_guidance(read: Reader, family: str) -> float:
    if family != "musicgen" or "key_guidance" not in (read.values.get("audiogen") or {}):
        return 0.0
    return read.section("audiogen").number("key_guidance", 0.0)


def _count_in(read: Reader, codec: EncodecConfig) -> CountIn | None:
    if "count_in" not in (read.values.get("audiogen") or {}):
        return None
    return CountIn.read(read.section("audiogen"), codec.hop, codec.sampling_rate)
