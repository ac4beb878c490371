"""audiocraft 1.3.0's own modules, imported without what they need for training, datasets and text.

Installed by `pip install --no-deps audiocraft==1.3.0` with einops and julius; names that inference never calls stand
empty in their place.
"""

import importlib.machinery
import importlib.util
import sys
import types
from typing import Any

import torch

EMPTY = (
    "xformers",
    "flashy",
    "flashy.distrib",
    "omegaconf",
    "num2words",
    "spacy",
    "librosa",
    "torchaudio",
    "audiocraft.data.audio",
    "audiocraft.data.audio_dataset",
    "audiocraft.data.audio_utils",
    "audiocraft.environment",
)


class Empty(types.ModuleType):
    """A module in which every name is an empty class."""

    def __init__(self, name: str, **members: Any) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self.__spec__ = importlib.machinery.ModuleSpec(name, None)
        self.__dict__.update(members)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def prepare() -> None:
    """Make `audiocraft.models.lm`, `audiocraft.modules` and `audiocraft.quantization` importable."""
    if "audiocraft" in sys.modules:
        return
    found = importlib.util.find_spec("audiocraft")
    assert found is not None, "pip install --no-deps audiocraft==1.3.0 einops julius"
    assert found.submodule_search_locations is not None
    (place,) = found.submodule_search_locations
    for name in ("audiocraft", "audiocraft.models", "audiocraft.data"):
        package = types.ModuleType(name)
        package.__path__ = [place + name.removeprefix("audiocraft").replace(".", "/")]
        package.__spec__ = importlib.machinery.ModuleSpec(name, None)
        sys.modules[name] = package
    ops = Empty("xformers.ops", unbind=torch.unbind)
    added = {name: Empty(name) for name in EMPTY if name not in sys.modules} | {"xformers.ops": ops}
    added["xformers"].ops = ops
    sys.modules.update(added)
    try:
        importlib.import_module("audiocraft.models.lm")
        importlib.import_module("audiocraft.modules.seanet")
    finally:
        for name in added:  # so that nobody else finds them; the attention looks xformers up once more
            if not name.startswith("xformers"):
                del sys.modules[name]


def language_model(kind: str, stereo: bool, heads: int, dim: int, layers: int, card: int = 64) -> Any:
    """An audiocraft LMModel of any MusicGen family, without conditioners. kind: text, melody or style."""
    prepare()
    from audiocraft.models.lm import LMModel
    from audiocraft.modules.codebooks_patterns import DelayedPatternProvider
    from audiocraft.modules.conditioners import ConditionFuser, ConditioningProvider

    codebooks = 8 if stereo else 4
    crossed = kind == "text"
    fuse = {"cross": ["description"], "prepend": [], "sum": [], "input_interpolate": []}
    if not crossed:
        fuse |= {"cross": [], "prepend": ["self_wav", "description"]}
    delays = [0, 0, 1, 1, 2, 2, 3, 3] if stereo else [0, 1, 2, 3]
    return LMModel(
        DelayedPatternProvider(n_q=codebooks, delays=delays),
        ConditioningProvider({}),
        ConditionFuser(fuse),
        n_q=codebooks,
        card=card,
        dim=dim,
        num_heads=heads,
        hidden_scale=4,
        norm_first=True,
        bias_proj=False,
        num_layers=layers,
        dropout=0.0,
        activation="gelu",
        bias_ff=False,
        bias_attn=False,
        causal=True,
        memory_efficient=True,
        cross_attention=crossed,
        layer_scale=None,
    ).eval()


class StyleConditioner(torch.nn.Module):
    """audiocraft's style conditioner, put together of the parts that release 1.3.0 has.

    Its state_dict has the names that a checkpoint has behind `condition_provider.conditioners.self_wav.`.
    """

    def __init__(
        self, mert: Any, width: int, heads: int, layers: int, books: int, bins: int, out: int, inner: int = 256
    ) -> None:
        super().__init__()
        prepare()
        from audiocraft.modules.transformer import StreamingTransformer
        from audiocraft.quantization import ResidualVectorQuantizer

        self.embed = torch.nn.Linear(mert.config.hidden_size, width)
        self.output_proj = torch.nn.Linear(width, out)
        self.transformer = StreamingTransformer(
            width,
            heads,
            layers,
            inner,
            dropout=0.0,
            bias_ff=False,
            bias_attn=False,
            norm_first=True,
            causal=False,
            memory_efficient=True,
            activation="gelu",
        )
        self.batch_norm = torch.nn.BatchNorm1d(width, affine=False)
        self.rvq = ResidualVectorQuantizer(width, n_q=books, bins=bins)
        self.__dict__["mert"] = mert

    @torch.no_grad()
    def features(self, samples: torch.Tensor) -> torch.Tensor:
        """(B, samples) at 32 kHz to what is quantized, (B, width, frames)."""
        import julius

        hidden = self.mert(julius.resample_frac(samples, 32_000, 24_000)).last_hidden_state
        return self.batch_norm(self.transformer(self.embed(hidden)).transpose(1, 2))

    @torch.no_grad()
    def forward(self, samples: torch.Tensor, used: int) -> torch.Tensor:
        """(B, samples) at 32 kHz to the prefix, (B, T, out)."""
        self.rvq.set_num_codebooks(used)
        quantized = self.rvq(self.features(samples), frame_rate=1.0).x
        return self.output_proj(quantized.transpose(1, 2)[:, ::15])


def codec(settings: dict[str, Any]) -> tuple[Any, Any, Any]:
    """audiocraft's SEANet encoder, decoder and quantizer."""
    prepare()
    from audiocraft.modules.seanet import SEANetDecoder, SEANetEncoder
    from audiocraft.quantization import ResidualVectorQuantizer

    shared = {"dimension": settings["dimension"], "n_filters": settings["n_filters"], "ratios": settings["ratios"]}
    shared |= {"norm": "weight_norm", "lstm": 2, "pad_mode": settings["pad_mode"], "causal": False, "true_skip": True}
    quantizer = ResidualVectorQuantizer(settings["dimension"], n_q=4, bins=settings["bins"])
    return SEANetEncoder(**shared).eval(), SEANetDecoder(**shared).eval(), quantizer.eval()


def randomize(module: Any, seed: int) -> None:
    """Fill every parameter and buffer with lively random values."""
    source = torch.Generator().manual_seed(seed)
    for name, tensor in module.state_dict().items():
        if not tensor.is_floating_point() or name.endswith("inited"):
            tensor.fill_(1)
            continue
        value = torch.randn(tensor.shape, generator=source)
        if name.endswith(("weight_g", "original0", "running_var")) or ("norm" in name and name.endswith("weight")):
            value = 1 + 0.2 * torch.tanh(value)
        elif name.endswith("embed"):
            value = value / 2
        elif name.startswith("emb."):
            value = value * 3
        elif name.endswith(("weight_v", "original1")):
            pass
        elif tensor.ndim > 1:
            value = value * 1.2 / (tensor[0].numel() ** 0.5)
        else:
            value = value * 0.2
        tensor.copy_(value)
