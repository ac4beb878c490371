"""What people write for engine.quantize, and what it means."""

import pytest

from audiogen_daemon.models.bits import OFF, PRESETS, Bits, parse_bits


@pytest.mark.parametrize(
    ("value", "bits"),
    [
        ("off", OFF),
        ("quality", Bits(8, 8)),
        ("balanced", Bits(8, 4)),
        ("speed", Bits(4, 4)),
        (0, OFF),
        (8, Bits(8, 8)),
        (4, Bits(4, 4)),
        ("8", Bits(8, 8)),
        (" Speed ", Bits(4, 4)),
    ],
)
def test_presets_and_widths_mean_bits(value, bits):
    assert parse_bits(value) == bits


@pytest.mark.parametrize("value", ["fast", 3, 16, "", True, False, 8.5, None])
def test_anything_else_is_refused_with_what_is_allowed(value):
    with pytest.raises(ValueError, match="allowed are off, quality, balanced, speed, and bits: 8, 4, 0"):
        parse_bits(value)


def test_bits_are_called_as_their_preset():
    assert [str(parse_bits(name)) for name in PRESETS] == list(PRESETS)
    assert str(parse_bits(8)) == "quality"
    assert str(Bits(4, 8)) == "4 and 8 bits"


def test_widths_that_mlx_has_but_no_preset_are_refused():
    with pytest.raises(ValueError, match="6 bits per weight; allowed are 0, 4 and 8"):
        Bits(8, 6)
