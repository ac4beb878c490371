"""A codec is built of exactly the tensors that its config asks for, by either spelling, in any float type."""

import mlx.core as mx
import numpy as np
import pytest

from audiogen_daemon.models.encodec import EncodecConfig, load_encodec, tensor_shapes
from audiogen_daemon.models.weights import CheckpointError
from tests.models.reference.encodec_cases import load_case, load_codec
from tests.models.reference.encodec_weights import NEW, OLD


def test_the_expected_names_and_shapes_are_those_of_the_reference() -> None:
    case = load_case("odd")
    needed = {name: value.shape for name, value in case.tensors.items() if not name.endswith(("avg", "size", "inited"))}
    assert tensor_shapes(case.config, case.tensors) == needed


def test_both_spellings_give_the_same_codec() -> None:
    case = load_case("reflect")
    renamed = {name.replace(OLD[0], NEW[0]).replace(OLD[1], NEW[1]): value for name, value in case.arrays().items()}
    assert renamed.keys() != case.arrays().keys()
    codes = mx.array(case.codes)
    np.testing.assert_array_equal(
        np.array(load_encodec(renamed, case.config).decode(codes)), np.array(load_codec("reflect").decode(codes))
    )


@pytest.mark.parametrize("stored", [mx.float16, mx.bfloat16])
def test_stored_16_bit_weights_are_merged_in_32_bit(stored: mx.Dtype) -> None:
    case = load_case("reflect")
    short = {name: value.astype(stored) for name, value in case.arrays().items()}
    widened = {name: value.astype(mx.float32) for name, value in short.items()}
    codes = mx.array(case.codes)
    np.testing.assert_array_equal(
        np.array(load_encodec(short, case.config).decode(codes)),
        np.array(load_encodec(widened, case.config).decode(codes)),
    )


@pytest.mark.parametrize("dtype", [mx.float16, mx.bfloat16])
def test_a_codec_can_compute_in_16_bit(dtype: mx.Dtype) -> None:
    case = load_case("reflect")
    codec = load_encodec(case.arrays(), case.config, dtype)
    state = codec.decoder.start(2)
    pcm, state = codec.decoder.step(mx.array(case.codes), state)
    assert state.layers[0].kept.dtype == dtype
    sound = mx.concatenate([pcm, codec.decoder.finish(state)], axis=1)
    assert sound.dtype == mx.float32
    error = np.array(sound) - case.decoded
    assert np.sqrt(np.mean(error**2)) < 0.05 * case.decoded.std()
    assert codec.encode(mx.array(case.pcm)).shape == case.encoded.shape


def test_tensors_of_training_are_not_needed() -> None:
    case = load_case("short")
    lean = {name: value for name, value in case.arrays().items() if not name.endswith(("avg", "size", "inited"))}
    assert len(lean) < len(case.tensors)
    assert load_encodec(lean, case.config).decode(mx.array(case.codes)).shape == (2, 640, 1)


@pytest.mark.parametrize(
    "name",
    [
        "encoder.layers.0.conv.weight_g",
        "encoder.layers.13.lstm.bias_hh_l1",
        "decoder.layers.3.conv.weight_v",
        "decoder.layers.4.block.3.conv.bias",
        "quantizer.layers.3.codebook.embed",
    ],
)
def test_a_missing_tensor_is_named(name: str) -> None:
    case = load_case("short")
    tensors = case.arrays()
    del tensors[name]
    with pytest.raises(CheckpointError, match=rf"missing {name} \["):
        load_encodec(tensors, case.config)


@pytest.mark.parametrize(
    "name", ["decoder.layers.16.conv.bias", "quantizer.layers.4.codebook.embed", "decoder.layers.4.shortcut.conv.bias"]
)
def test_an_unknown_tensor_is_named(name: str) -> None:
    case = load_case("short")
    with pytest.raises(CheckpointError, match=rf"unknown {name} \[3\]"):
        load_encodec(case.arrays() | {name: mx.zeros((3,))}, case.config)


def test_a_misshapen_tensor_is_named_with_both_shapes() -> None:
    case = load_case("short")
    tensors = case.arrays() | {"decoder.layers.0.conv.bias": mx.zeros((3,))}
    with pytest.raises(CheckpointError, match=r"decoder\.layers\.0\.conv\.bias has shape \[3\], wanted \[64\]"):
        load_encodec(tensors, case.config)


def test_a_tensor_of_whole_numbers_is_refused() -> None:
    case = load_case("short")
    tensors = case.arrays() | {"decoder.layers.0.conv.bias": mx.zeros((64,), mx.int32)}
    with pytest.raises(CheckpointError, match=r"decoder\.layers\.0\.conv\.bias is .*int32, wanted a float type"):
        load_encodec(tensors, case.config)


def test_many_faults_are_counted() -> None:
    case = load_case("short")
    with pytest.raises(CheckpointError, match=r"missing encoder\.layers\.0\.conv\.weight_g .* and \d+ more$"):
        load_encodec({}, case.config)


def test_absent_keys_take_the_defaults_of_the_reference() -> None:
    config = EncodecConfig.from_dict({"use_causal_conv": False, "use_conv_shortcut": False})
    assert (config.sampling_rate, config.hop, config.frame_rate, config.num_quantizers) == (24_000, 320, 75, 32)
    assert (config.num_filters, config.num_lstm_layers, config.pad_mode) == (32, 2, "reflect")


def test_codebooks_are_counted_as_the_reference_counts_them() -> None:
    assert load_case("reflect").config.num_quantizers == 4
    assert load_case("odd").config.num_quantizers == load_case("odd").encoded.shape[2]


@pytest.mark.parametrize(
    ("key", "value", "supported"),
    [
        ("use_causal_conv", True, "False"),
        ("use_conv_shortcut", True, "False"),
        ("normalize", True, "False"),
        ("norm_type", "time_group_norm", "'weight_norm'"),
        ("chunk_length_s", 1.0, "None"),
        ("trim_right_ratio", 0.5, "1.0"),
        ("pad_mode", "replicate", "'reflect', 'constant'"),
        ("codebook_dim", 64, "None, 128"),
        ("num_filters", 0, "a whole number above 0"),
        ("sampling_rate", 32000.0, "a whole number above 0"),
        ("upsampling_ratios", [8, 0], "a list of whole numbers above 0"),
        ("upsampling_ratios", 8, "a list of whole numbers above 0"),
        ("target_bandwidths", [], "a list of numbers above 0"),
        ("target_bandwidths", [float("nan")], "a list of numbers above 0"),
        ("codebook_size", 1000, "a power of 2"),
        ("compress", 64, "at most num_filters, 32"),
        ("target_bandwidths", [0.1], "too little for one codebook"),
    ],
)
def test_a_config_that_is_not_built_here_is_refused_by_key_and_value(key: str, value: object, supported: str) -> None:
    with pytest.raises(CheckpointError) as refused:
        EncodecConfig.from_dict({"use_causal_conv": False, "use_conv_shortcut": False, key: value})
    message = str(refused.value)
    assert message.startswith("config.json: audio_encoder: ")
    shown = "0.1" if supported.startswith("too") else str(value)
    assert key in message
    assert shown in message
    assert supported in message


def test_a_config_that_does_not_say_that_it_is_not_causal_is_refused() -> None:
    with pytest.raises(CheckpointError, match="use_causal_conv is True"):
        EncodecConfig.from_dict({})
