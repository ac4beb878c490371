"""How many bits per weight the products of a language model keep: presets by name, the same for people and programs."""

from collections.abc import Mapping
from dataclasses import dataclass

WIDTHS = (0, 4, 8)


@dataclass(frozen=True)
class Bits:
    """0 leaves weights as they are, 8 and 4 quantize them in groups of 64.

    attention: of self- and cross-attention, and of the heads that give the logits. feed_forward: of what lies between.
    Embeddings, norms, positions, the text encoder, the codec and whatever hears melodies and styles stay as they are.

    Raises:
        ValueError: other widths.
    """

    attention: int = 0
    feed_forward: int = 0

    def __post_init__(self) -> None:
        for width in (self.attention, self.feed_forward):
            if width not in WIDTHS:
                raise ValueError(f"{width!r} bits per weight; allowed are 0, 4 and 8")

    def __str__(self) -> str:
        names = [name for name, bits in PRESETS.items() if bits == self]
        return names[0] if names else f"{self.attention} and {self.feed_forward} bits"


OFF = Bits()

PRESETS: Mapping[str, Bits] = {
    "off": OFF,
    "quality": Bits(8, 8),
    "balanced": Bits(8, 4),
    "speed": Bits(4, 4),
}


def parse_bits(value: object) -> Bits:
    """The bits that a preset's name means; a width alone means the same for all, 0 is off.

    Raises:
        ValueError: says what is allowed; the value itself is for the caller to show.
    """
    text = "" if isinstance(value, bool) else str(value).strip().lower()
    if text in PRESETS:
        return PRESETS[text]
    if text in map(str, WIDTHS):
        return Bits(int(text), int(text))
    raise ValueError(f"allowed are {', '.join(PRESETS)}, and bits: 8, 4, 0")
