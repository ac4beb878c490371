"""What EnCodec's two stacks are made of, layer by layer, in the order and by the numbers of a checkpoint.

Source: `EncodecEncoder` and `EncodecDecoder` in transformers; Défossez et al. 2022, arXiv:2210.13438, section 3.1.
"""

from typing import Literal, NamedTuple

from audiogen_daemon.models.encodec.config import EncodecConfig


class Plan(NamedTuple):
    """One layer. size: its kernel; for down and up the stride, of which the kernel is twice; for lstm the layers."""

    kind: Literal["conv", "down", "up", "residual", "lstm", "elu"]
    inputs: int = 0
    outputs: int = 0
    size: int = 0
    dilation: int = 1


def encoder_plan(config: EncodecConfig) -> list[Plan]:
    """Convolution; per ratio, finest first, residual blocks and a downsampling; LSTM; convolution."""
    width = config.num_filters
    plan = [Plan("conv", config.audio_channels, width, config.kernel_size)]
    for ratio in reversed(config.upsampling_ratios):
        plan += _residuals(config, width)
        plan += [Plan("elu"), Plan("down", width, 2 * width, ratio)]
        width *= 2
    plan += [Plan("lstm", width, width, config.num_lstm_layers)]
    return [*plan, Plan("elu"), Plan("conv", width, config.hidden_size, config.last_kernel_size)]


def decoder_plan(config: EncodecConfig) -> list[Plan]:
    """Convolution; LSTM; per ratio an upsampling and residual blocks; convolution."""
    width = config.num_filters * 2 ** len(config.upsampling_ratios)
    plan = [Plan("conv", config.hidden_size, width, config.kernel_size)]
    plan += [Plan("lstm", width, width, config.num_lstm_layers)]
    for ratio in config.upsampling_ratios:
        plan += [Plan("elu"), Plan("up", width, width // 2, ratio)]
        width //= 2
        plan += _residuals(config, width)
    return [*plan, Plan("elu"), Plan("conv", width, config.audio_channels, config.last_kernel_size)]


def _residuals(config: EncodecConfig, width: int) -> list[Plan]:
    hidden, kernel = width // config.compress, config.residual_kernel_size
    dilations = [config.dilation_growth_rate**index for index in range(config.num_residual_layers)]
    return [Plan("residual", width, hidden, kernel, dilation) for dilation in dilations]
