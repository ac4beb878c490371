"""From a checkpoint's tensors to a codec, strictly.

A checkpoint stores a convolution as magnitude and direction (weight normalization, Salimans & Kingma 2016,
arXiv:1602.07868), under one of two spellings by the age of the file, and an LSTM as torch does.
"""

from collections.abc import Collection, Mapping
from typing import Any

import mlx.core as mx

from audiogen_daemon.models.encodec.config import EncodecConfig
from audiogen_daemon.models.encodec.decoder import Decoder
from audiogen_daemon.models.encodec.model import Encodec, Later
from audiogen_daemon.models.encodec.quantizer import Quantizer
from audiogen_daemon.models.encodec.seanet import Plan, decoder_plan, encoder_plan
from audiogen_daemon.models.layers.conv import Conv1d, Downsample, PadMode, Upsample
from audiogen_daemon.models.layers.kernel import Kernel, make_kernel
from audiogen_daemon.models.layers.lstm import LSTMLayer, ResidualLSTM
from audiogen_daemon.models.layers.residual import ResidualBlock
from audiogen_daemon.models.layers.streaming import Chain, Elu
from audiogen_daemon.models.weights import SHOWN_PROBLEMS, TOLERATED, CheckpointError, Shape

_OLD = ("weight_g", "weight_v")
_NEW = ("parametrizations.weight.original0", "parametrizations.weight.original1")


def tensor_shapes(config: EncodecConfig, present: Collection[str]) -> dict[str, Shape]:
    """Return name and shape of every tensor that a checkpoint must hold.

    Args:
        config: of the checkpoint.
        present: the names it has; they tell which of the two spellings it uses.
    """
    spelling = _NEW if any(name.endswith(_NEW) for name in present) else _OLD
    shapes: dict[str, Shape] = {}
    for stack, plans in (("encoder", encoder_plan(config)), ("decoder", decoder_plan(config))):
        for index, plan in enumerate(plans):
            shapes |= _layer_shapes(plan, f"{stack}.layers.{index}.", spelling)
    books = {_codebook(index): (config.codebook_size, config.hidden_size) for index in range(config.num_quantizers)}
    return shapes | books


def load_encodec(tensors: dict[str, mx.array], config: EncodecConfig, dtype: mx.Dtype = mx.float32) -> Encodec:
    """Build a codec of a checkpoint's tensors.

    Args:
        tensors: by the checkpoint's names without the prefix `audio_encoder.`, in any float type. What is needed is
            taken out, so that no weight is ever held twice.
        config: of the same checkpoint.
        dtype: to compute in. Magnitude and direction are merged in float32 first.

    Returns:
        The codec; the weights of decoder and quantizer are evaluated, the encoder is read when it is first used.

    Raises:
        CheckpointError: names each missing, unknown and misshapen tensor (the first eight).
    """
    _check(tensors, tensor_shapes(config, tensors))
    build = _Builder(tensors, config.pad_mode, dtype)
    decoder = Chain(tuple(build.layer(f"decoder.layers.{i}.", plan) for i, plan in enumerate(decoder_plan(config))))
    plans = enumerate(encoder_plan(config))
    encoder = Later(lambda: tuple(build.layer(f"encoder.layers.{i}.", plan) for i, plan in plans))
    quantizer = Quantizer(build.codebooks(config.num_quantizers))
    return Encodec(config, quantizer, encoder, Decoder(quantizer, decoder))


class _Builder:
    """Makes layers of tensors, one at a time; a tensor is taken out once, and what is made of it evaluated at once."""

    def __init__(self, tensors: dict[str, mx.array], mode: PadMode, dtype: mx.Dtype) -> None:
        self._tensors = tensors
        self._mode = mode
        self._dtype = dtype

    def layer(self, at: str, plan: Plan) -> Any:
        """Build one layer of a stack; `at` is where its tensors' names begin."""
        if plan.kind == "elu":
            return Elu()
        if plan.kind == "lstm":
            return ResidualLSTM(tuple(self._lstm(f"{at}lstm.", index) for index in range(plan.size)))
        if plan.kind == "residual":
            inner = self._conv(f"{at}block.1.conv.", plan.dilation)
            return ResidualBlock(inner, self._conv(f"{at}block.3.conv.").kernel)
        at += "conv."
        if plan.kind == "conv":
            return self._conv(at)
        weight, bias, stride = self._merged(at), self._full(at + "bias"), plan.size
        if plan.kind == "down":
            blocks = weight.reshape(plan.outputs, plan.inputs, 2, stride).transpose(2, 0, 3, 1)
            taps = blocks.reshape(2, plan.outputs, stride * plan.inputs)
            return Downsample(self._kernel(taps, bias), stride, self._mode)
        blocks = weight.reshape(plan.inputs, plan.outputs, 2, stride)[:, :, ::-1].transpose(2, 3, 1, 0)
        taps = blocks.reshape(2, stride * plan.outputs, plan.inputs)
        return Upsample(self._kernel(taps, mx.tile(bias, stride)), stride)

    def codebooks(self, count: int) -> mx.array:
        """Return all codebooks as one array."""
        return self._made(mx.stack([self._full(_codebook(index)) for index in range(count)]))

    def _made(self, value: mx.array) -> mx.array:
        value = mx.contiguous(value.astype(self._dtype))
        mx.eval(value)
        return value

    def _conv(self, at: str, dilation: int = 1) -> Conv1d:
        kernel = self._kernel(self._merged(at).transpose(2, 0, 1), self._full(at + "bias"), dilation)
        return Conv1d(kernel, self._mode)

    def _kernel(self, weight: mx.array, bias: mx.array, dilation: int = 1) -> Kernel:
        return make_kernel(weight.astype(self._dtype), bias.astype(self._dtype), dilation)

    def _lstm(self, at: str, index: int) -> LSTMLayer:
        """torch orders the gates input, forget, candidate, output, and has two biases that are only ever added."""
        bias = self._full(f"{at}bias_ih_l{index}") + self._full(f"{at}bias_hh_l{index}")
        wx, wh = self._full(f"{at}weight_ih_l{index}"), self._full(f"{at}weight_hh_l{index}")
        return LSTMLayer(*(self._made(_reorder_gates(value)) for value in (wx, wh, bias)))

    def _merged(self, at: str) -> mx.array:
        magnitude, direction = _NEW if at + _NEW[0] in self._tensors else _OLD
        v = self._full(at + direction)
        return v * (self._full(at + magnitude) / mx.sqrt(mx.square(v).sum(axis=(1, 2), keepdims=True)))

    def _full(self, name: str) -> mx.array:
        return self._tensors.pop(name).astype(mx.float32)


def _reorder_gates(value: mx.array) -> mx.array:
    taken, kept, candidate, shown = mx.split(value, 4)
    return mx.concatenate([taken, kept, shown, candidate])


def _layer_shapes(plan: Plan, at: str, spelling: tuple[str, str]) -> dict[str, Shape]:
    wide, narrow = plan.inputs, plan.outputs
    if plan.kind == "elu":
        return {}
    if plan.kind == "lstm":
        rows = 4 * plan.outputs
        parts: dict[str, Shape] = {
            "weight_ih": (rows, wide),
            "weight_hh": (rows, narrow),
            "bias_ih": (rows,),
            "bias_hh": (rows,),
        }
        return {f"{at}lstm.{part}_l{index}": shape for index in range(plan.size) for part, shape in parts.items()}
    if plan.kind == "residual":
        inner = _conv_shapes(f"{at}block.1.conv.", (narrow, wide, plan.size), narrow, spelling)
        return inner | _conv_shapes(f"{at}block.3.conv.", (wide, narrow, 1), wide, spelling)
    kernel = plan.size if plan.kind == "conv" else 2 * plan.size
    weight = (wide, narrow, kernel) if plan.kind == "up" else (narrow, wide, kernel)
    return _conv_shapes(f"{at}conv.", weight, narrow, spelling)


def _conv_shapes(at: str, weight: Shape, outputs: int, spelling: tuple[str, str]) -> dict[str, Shape]:
    magnitude, direction = spelling
    return {at + magnitude: (weight[0], 1, 1), at + direction: weight, at + "bias": (outputs,)}


def _codebook(index: int) -> str:
    return f"quantizer.layers.{index}.codebook.embed"


def _check(tensors: Mapping[str, mx.array], shapes: Mapping[str, Shape]) -> None:
    problems = [f"missing {name} {list(shape)}" for name, shape in shapes.items() if name not in tensors]
    for name, tensor in tensors.items():
        if name not in shapes:
            if not TOLERATED.search(name):
                problems.append(f"unknown {name} {list(tensor.shape)}")
        elif tensor.shape != shapes[name]:
            problems.append(f"{name} has shape {list(tensor.shape)}, wanted {list(shapes[name])}")
        elif not mx.issubdtype(tensor.dtype, mx.floating):
            problems.append(f"{name} is {tensor.dtype}, wanted a float type")
    if problems:
        more = f" and {len(problems) - SHOWN_PROBLEMS} more" if len(problems) > SHOWN_PROBLEMS else ""
        raise CheckpointError(
            f"the codec's weights do not fit its config: {'; '.join(problems[:SHOWN_PROBLEMS])}{more}"
        )
