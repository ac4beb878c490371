"""What audiocraft calls things, and what the hub calls them: tensor names, and the numbers of config.json.

A `state_dict.bin` holds the language model and its conditioners' projections, a `compression_state_dict.bin` the codec
or a pointer to one. T5 and MERT are in neither. Tensors are of any array type that has `shape` and slices.

Source: audiocraft's checkpoints and modules, transformers' conversion scripts for MusicGen and EnCodec.
"""

import re
from collections.abc import Mapping
from typing import Any

from audiogen_daemon.models.musicgen.chroma import PITCH_CLASSES
from audiogen_daemon.models.musicgen.delay import codebook_delays
from audiogen_daemon.models.musicgen.lm import PREFIX
from audiogen_daemon.models.musicgen.style_config import PREFIX as STYLE
from audiogen_daemon.models.reading import CheckpointError

Tensors = dict[str, Any]

CONDITIONERS = "condition_provider.conditioners."
HEAD_DIM = 64  # of every published MusicGen; xp.cfg says it too
UNUSED = re.compile(
    r"(^|\.)(chroma\.spec\.window|chroma\.fbanks|num_batches_tracked|inited|cluster_size|embed_avg|_?melody_.*)$"
)
LAYER = {
    "self_attn.out_proj.weight": "self_attn.out_proj.weight",
    "cross_attention.out_proj.weight": "encoder_attn.out_proj.weight",
    "norm1.": "self_attn_layer_norm.",
    "norm_cross.": "encoder_attn_layer_norm.",
    "norm2.": "final_layer_norm.",
    "linear1.": "fc1.",
    "linear2.": "fc2.",
}
RENAMED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^emb\.(\d+)\.weight$"), PREFIX + r"embed_tokens.\1.weight"),
    (re.compile(r"^linears\.(\d+)\.weight$"), r"decoder.lm_heads.\1.weight"),
    (re.compile(r"^out_norm\."), PREFIX + "layer_norm."),
    (re.compile(rf"^{re.escape(CONDITIONERS)}description\.output_proj\."), "enc_to_dec_proj."),
    (re.compile(rf"^{re.escape(CONDITIONERS)}self_wav\.output_proj\."), "audio_enc_to_dec_proj."),
    (
        re.compile(rf"^{re.escape(CONDITIONERS)}self_wav\.rvq\.vq\.layers\.(\d+)\._codebook\."),
        STYLE + r"rvq.layers.\1.codebook.",
    ),
    (re.compile(rf"^{re.escape(CONDITIONERS)}self_wav\.(?=embed\.|transformer\.|batch_norm\.)"), STYLE),
)


def language_model(tensors: Mapping[str, Any]) -> Tensors:
    """The `best_state` of a state_dict.bin by the hub's names; q, k and v, which lie in one tensor, are cut apart.

    Raises:
        CheckpointError: names tensors that are not known.
    """
    renamed: Tensors = {}
    unknown = []
    for old, tensor in tensors.items():
        name = old.removeprefix("lm.").replace("_attn.mha.", "_attn.").replace("_attention.mha.", "_attention.")
        if UNUSED.search(name):
            continue
        made = _layer(name, tensor) if name.startswith("transformer.layers.") else _other(name, tensor)
        if not made:
            unknown.append(old)
        renamed |= made
    if unknown:
        raise CheckpointError(f"state_dict.bin holds tensors of no MusicGen known here: {', '.join(unknown[:8])}")
    return renamed


def _layer(name: str, tensor: Any) -> Tensors:
    _, _, index, rest = name.split(".", 3)
    at = f"{PREFIX}layers.{index}."
    for attention, ours in (("self_attn", "self_attn"), ("cross_attention", "encoder_attn")):
        if rest == f"{attention}.in_proj_weight":
            third = tensor.shape[0] // 3
            parts = (tensor[part * third : (part + 1) * third] for part in range(3))
            return {f"{at}{ours}.{part}_proj.weight": value for part, value in zip("qkv", parts, strict=True)}
    for old, new in LAYER.items():
        if rest.startswith(old):
            return {at + new + rest.removeprefix(old): tensor}
    return {}


def _other(name: str, tensor: Any) -> Tensors:
    for pattern, replacement in RENAMED:
        if pattern.search(name):
            return {pattern.sub(replacement, name): tensor}
    return {}


def codec(tensors: Mapping[str, Any]) -> Tensors:
    """The `best_state` of a compression_state_dict.bin by the hub's names, without the prefix `audio_encoder.`."""
    renamed: Tensors = {}
    for old, tensor in tensors.items():
        if not UNUSED.search(old):
            name = old.replace(".conv.conv.", ".conv.").replace(".convtr.convtr.", ".conv.")
            name = re.sub(r"^(encoder|decoder)\.model\.", r"\1.layers.", name)
            renamed[name.replace("quantizer.vq.", "quantizer.").replace("._codebook.", ".codebook.")] = tensor
    return renamed


class Experiment:
    """The settings a checkpoint was trained with (`xp.cfg`, YAML), with ${references} followed."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings

    def get(self, path: str, default: Any) -> Any:
        """The value at a dotted path, or default where there is none."""
        value: Any = self._settings
        for _ in range(8):
            for key in path.split("."):
                if not isinstance(value, Mapping) or value.get(key) is None:
                    return default
                value = value[key]
            reference = re.fullmatch(r"\$\{([\w.]+)\}", value) if isinstance(value, str) else None
            if reference is None:
                return value
            path, value = reference.group(1), self._settings
        raise CheckpointError(f"xp.cfg: {path} refers to itself")


def decoder_config(tensors: Mapping[str, Any], experiment: Experiment) -> dict[str, Any]:
    """The family and numbers of config.json, all but text_encoder, audio_encoder and feature_extractor.

    Args:
        tensors: from `language_model`.

    Raises:
        CheckpointError: the delay pattern is not MusicGen's, or a tensor is missing.
    """
    rows, hidden = _shape(tensors, f"{PREFIX}embed_tokens.0.weight")
    codebooks = _count(tensors, rf"{re.escape(PREFIX)}embed_tokens\.(\d+)\.weight")
    channels = 2 if experiment.get("interleave_stereo_codebooks.use", codebooks == 8) else 1
    if experiment.get("interleave_stereo_codebooks.per_timestep", False) and channels == 2:
        raise CheckpointError("xp.cfg: interleave_stereo_codebooks.per_timestep is true, supported is false")
    delays = experiment.get("codebooks_pattern.delay.delays", None)
    wanted = list(codebook_delays(codebooks, channels))
    if delays is not None and list(delays) != wanted:
        raise CheckpointError(f"xp.cfg: codebooks_pattern.delay.delays is {delays}, supported is {wanted}")
    following = ""
    top: dict[str, Any] = {}
    if f"{STYLE}embed.weight" in tensors:
        following, top = "_style", {"style_encoder": _style_config(tensors, experiment)}
    elif "audio_enc_to_dec_proj.weight" in tensors:
        following, top = "_melody", {"num_chroma": PITCH_CLASSES, "chroma_length": 235}
    return {
        "model_type": f"musicgen{following}",
        "decoder": {
            "model_type": f"musicgen{following}_decoder",
            "vocab_size": rows - 1,
            "bos_token_id": rows - 1,
            "pad_token_id": rows - 1,
            "max_position_embeddings": 2048,
            "num_hidden_layers": _count(tensors, rf"{re.escape(PREFIX)}layers\.(\d+)\.fc1\.weight"),
            "ffn_dim": _shape(tensors, f"{PREFIX}layers.0.fc1.weight")[0],
            "num_attention_heads": experiment.get("transformer_lm.num_heads", hidden // HEAD_DIM),
            "hidden_size": hidden,
            "num_codebooks": codebooks,
            "audio_channels": channels,
            "activation_function": "gelu",
            "scale_embedding": False,
            "tie_word_embeddings": False,
        },
        **top,
    }


def _style_config(tensors: Mapping[str, Any], experiment: Experiment) -> dict[str, Any]:
    hidden = _shape(tensors, f"{STYLE}embed.weight")[0]
    codebooks = _count(tensors, rf"{re.escape(STYLE)}rvq\.layers\.(\d+)\.codebook\.embed")
    trained = "conditioners.self_wav.style."
    return {
        "hidden_size": hidden,
        "num_hidden_layers": _count(tensors, rf"{re.escape(STYLE)}transformer\.layers\.(\d+)\.linear1\.weight"),
        "num_attention_heads": hidden // HEAD_DIM,
        "ffn_dim": _shape(tensors, f"{STYLE}transformer.layers.0.linear1.weight")[0],
        "num_codebooks": codebooks,
        "num_codebooks_used": min(codebooks, experiment.get(f"{trained}eval_q", 3)),
        "codebook_size": _shape(tensors, f"{STYLE}rvq.layers.0.codebook.embed")[0],
        "downsample_factor": experiment.get(f"{trained}ds_factor", 15),
        "excerpt_seconds": float(experiment.get(f"{trained}length", 3.0)),
    }


def codec_config(tensors: Mapping[str, Any], experiment: Experiment) -> dict[str, Any]:
    """The audio_encoder of config.json: sizes from the tensors' shapes, the rest from the settings.

    Args:
        tensors: from `codec`.
    """
    weights = {
        name: tuple(tensor.shape) for name, tensor in tensors.items() if name.endswith(("weight_v", "original1"))
    }

    def convolution(at: str) -> tuple[int, ...]:
        found = [shape for name, shape in weights.items() if name.startswith(f"{at}.conv.")]
        if len(found) != 1:
            raise CheckpointError(f"compression_state_dict.bin has no weight-normed convolution {at}")
        return found[0]

    first, last = convolution("encoder.layers.0"), convolution(f"encoder.layers.{_last(weights, 'encoder')}")
    inner_layers = range(1, _last(weights, "decoder"))
    ups = [i for i in inner_layers if any(name.startswith(f"decoder.layers.{i}.conv.") for name in weights)]
    ratios = [convolution(f"decoder.layers.{i}")[2] // 2 for i in ups]
    residuals = ups[1] - ups[0] - 2 if len(ups) > 1 else 1
    inner = convolution("encoder.layers.1.block.1")
    books = _count(tensors, r"quantizer\.layers\.(\d+)\.codebook\.embed")
    size = _shape(tensors, "quantizer.layers.0.codebook.embed")[0]
    rate = experiment.get("sample_rate", 32_000)
    hop = 1
    for ratio in ratios:
        hop *= ratio
    return {
        "model_type": "encodec",
        "sampling_rate": rate,
        "audio_channels": first[1],
        "num_filters": first[0],
        "hidden_size": last[0],
        "upsampling_ratios": ratios,
        "kernel_size": first[2],
        "last_kernel_size": last[2],
        "residual_kernel_size": inner[2],
        "num_residual_layers": residuals,
        "dilation_growth_rate": experiment.get("seanet.dilation_base", 2),
        "compress": first[0] // inner[0],
        "num_lstm_layers": _count(tensors, r"encoder\.layers\.\d+\.lstm\.weight_ih_l(\d+)"),
        "use_causal_conv": experiment.get("encodec.causal", False),
        "use_conv_shortcut": not experiment.get("seanet.true_skip", True),
        "pad_mode": experiment.get("seanet.pad_mode", "constant"),
        "normalize": experiment.get("encodec.renormalize", False),
        "codebook_size": size,
        "target_bandwidths": [books * -(-rate // hop) * (size.bit_length() - 1) / 1000],
    }


def _last(weights: Mapping[str, Any], stack: str) -> int:
    return max(int(name.split(".")[2]) for name in weights if name.startswith(f"{stack}.layers."))


def _shape(tensors: Mapping[str, Any], name: str) -> tuple[int, ...]:
    if name not in tensors:
        raise CheckpointError(f"the checkpoint has no {name}; it is not a MusicGen that audiocraft exported")
    return tuple(int(extent) for extent in tensors[name].shape)


def _count(tensors: Mapping[str, Any], pattern: str) -> int:
    return len({found.group(1) for name in tensors if (found := re.fullmatch(pattern, name))})
