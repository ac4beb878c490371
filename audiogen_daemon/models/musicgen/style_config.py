"""The numbers of what follows a style, and the table of its tensors; MERT is its first half."""

from dataclasses import dataclass

from audiogen_daemon.models.reading import CheckpointError, Reader
from audiogen_daemon.models.weights import Shape

PREFIX = "style_encoder."
MERT = "feature_extractor."

OLD = ("weight_g", "weight_v")
NEW = ("parametrizations.weight.original0", "parametrizations.weight.original1")


@dataclass(frozen=True)
class MertConfig:
    """Sizes. widths, kernels, strides: of the convolutions. reach, groups: of the convolution for positions."""

    hidden: int
    layers: int
    heads: int
    ffn: int
    widths: tuple[int, ...]
    kernels: tuple[int, ...]
    strides: tuple[int, ...]
    reach: int
    groups: int
    epsilon: float

    @classmethod
    def read(cls, read: Reader) -> "MertConfig":
        """From the feature_extractor object of a config.json; absent keys mean HuBERT base.

        Raises:
            CheckpointError: a value makes no sense or asks for another variant.
        """
        read.one_of("feat_extract_norm", ("group",), "group")
        read.one_of("do_stable_layer_norm", (False,), False)
        read.one_of("conv_bias", (False,), False)
        read.one_of("feature_extractor_cqt", (False,), False)
        config = cls(
            hidden=read.count("hidden_size", 768),
            layers=read.count("num_hidden_layers", 12),
            heads=read.count("num_attention_heads", 12),
            ffn=read.count("intermediate_size", 3072),
            widths=read.counts("conv_dim", (512,) * 7),
            kernels=read.counts("conv_kernel", (10, 3, 3, 3, 3, 2, 2)),
            strides=read.counts("conv_stride", (5, 2, 2, 2, 2, 2, 2)),
            reach=read.count("num_conv_pos_embeddings", 128),
            groups=read.count("num_conv_pos_embedding_groups", 16),
            epsilon=read.number("layer_norm_eps", 1e-5),
        )
        if not len(config.widths) == len(config.kernels) == len(config.strides):
            raise CheckpointError(f"{read.place}: conv_dim, conv_kernel and conv_stride differ in length")
        if config.hidden % config.heads or config.hidden % config.groups:
            raise CheckpointError(
                f"{read.place}: hidden_size {config.hidden} is not a multiple of {config.heads} heads"
                f" and of {config.groups} groups"
            )
        return config


def mert_shapes(config: MertConfig, modern: bool = False) -> dict[str, Shape]:
    """Name and shape of every tensor, as the published file spells them, or as transformers 5 does when modern."""
    h, last = config.hidden, config.widths[-1]
    magnitude, direction = NEW if modern else OLD
    position = "encoder.pos_conv_embed.conv."
    shapes: dict[str, Shape] = {
        "feature_extractor.conv_layers.0.layer_norm.weight": (config.widths[0],),
        "feature_extractor.conv_layers.0.layer_norm.bias": (config.widths[0],),
        position + magnitude: (1, 1, config.reach),
        position + direction: (h, h // config.groups, config.reach),
        position + "bias": (h,),
    }
    before = 1
    for i, (width, kernel) in enumerate(zip(config.widths, config.kernels, strict=True)):
        shapes[f"feature_extractor.conv_layers.{i}.conv.weight"] = (width, before, kernel)
        before = width
    products = {"feature_projection.projection": (h, last)}
    norms = {"feature_projection.layer_norm": last, "encoder.layer_norm": h}
    for i in range(config.layers):
        layer = f"encoder.layers.{i}."
        products |= {f"{layer}attention.{part}_proj": (h, h) for part in ("q", "k", "v", "out")}
        products[f"{layer}feed_forward.intermediate_dense"] = (config.ffn, h)
        products[f"{layer}feed_forward.output_dense"] = (h, config.ffn)
        norms |= {f"{layer}layer_norm": h, f"{layer}final_layer_norm": h}
    for name, shape in products.items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    for name, width in norms.items():
        shapes |= {f"{name}.weight": (width,), f"{name}.bias": (width,)}
    return shapes


@dataclass(frozen=True)
class StyleConfig:
    """Sizes. codebooks_used: of the trained ones, 1 is vaguest. every: which frames of MERT stay. beta: see `Score`."""

    mert: MertConfig
    hidden: int
    layers: int
    heads: int
    ffn: int
    codebooks: int
    codebooks_used: int
    codebook_size: int
    every: int
    excerpt_seconds: float
    beta: float

    @classmethod
    def read(cls, read: Reader) -> "StyleConfig":
        """From a config.json with the objects style_encoder and feature_extractor; absent keys mean musicgen-style.

        Raises:
            CheckpointError: a value is missing or makes no sense.
        """
        style = read.section("style_encoder")
        hidden, codebooks = style.count("hidden_size", 512), style.count("num_codebooks", 6)
        return cls(
            mert=MertConfig.read(read.section("feature_extractor")),
            hidden=hidden,
            layers=style.count("num_hidden_layers", 8),
            heads=style.one_of("num_attention_heads", tuple(n for n in range(1, hidden + 1) if hidden % n == 0), 8),
            ffn=style.count("ffn_dim", 2048),
            codebooks=codebooks,
            codebooks_used=style.one_of("num_codebooks_used", tuple(range(1, codebooks + 1)), 3),
            codebook_size=style.count("codebook_size", 1024),
            every=style.count("downsample_factor", 15),
            excerpt_seconds=style.number("excerpt_seconds", 3.0),
            beta=style.number("beta", 5.0),
        )


def style_shapes(config: StyleConfig, modern: bool = False) -> dict[str, Shape]:
    """Name and shape of every tensor that `audiogen-daemon convert` writes for a style, MERT's included."""
    h = config.hidden
    shapes: dict[str, Shape] = {f"{MERT}{name}": shape for name, shape in mert_shapes(config.mert, modern).items()}
    shapes[f"{PREFIX}embed.weight"], shapes[f"{PREFIX}embed.bias"] = (h, config.mert.hidden), (h,)
    shapes[f"{PREFIX}batch_norm.running_mean"] = shapes[f"{PREFIX}batch_norm.running_var"] = (h,)
    for i in range(config.layers):
        layer = f"{PREFIX}transformer.layers.{i}."
        shapes[f"{layer}self_attn.in_proj_weight"] = (3 * h, h)
        shapes[f"{layer}self_attn.out_proj.weight"] = (h, h)
        shapes[f"{layer}linear1.weight"], shapes[f"{layer}linear2.weight"] = (config.ffn, h), (h, config.ffn)
        for norm in ("norm1", "norm2"):
            shapes[f"{layer}{norm}.weight"] = shapes[f"{layer}{norm}.bias"] = (h,)
    for k in range(config.codebooks):
        shapes[f"{PREFIX}rvq.layers.{k}.codebook.embed"] = (config.codebook_size, h)
    return shapes
