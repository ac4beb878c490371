"""What a checkpoint will hold in memory, told from its tensor table before a weight is read."""

import math
import re
from collections.abc import Mapping

import mlx.core as mx

from audiogen_daemon.models.bits import Bits
from audiogen_daemon.models.layers.linear import GROUP_SIZE
from audiogen_daemon.models.weights import TOLERATED, Shape

ATTENTION = re.compile(r"^decoder\..*(attn\.(q|k|v|out)_proj|lm_heads\.\d+)\.weight$")
FEED_FORWARD = re.compile(r"^decoder\..*\.fc[12]\.weight$")
IN_DTYPE = re.compile(r"^decoder\.|(^|_)enc_to_dec_proj\.")
IN_FILE = "text_encoder.shared.weight"
"""The word pieces' table, of which only the rows that a prompt needs are read."""


def held_bytes(tensors: Mapping[str, Shape], dtype: mx.Dtype, text_dtype: mx.Dtype, bits: Bits) -> int:
    """Bytes of all tensors as `pipeline.load` holds them, the codec's encoder as after its first use.

    Args:
        tensors: name and shape of each in the checkpoint.
        dtype: of the decoder. text_dtype: of T5. Codec and style encoder are float32.
    """
    held = 0.0
    for name, shape in tensors.items():
        if name == IN_FILE or TOLERATED.search(name):
            continue
        count = math.prod(shape)
        width = bits.attention * bool(ATTENTION.search(name)) or bits.feed_forward * bool(FEED_FORWARD.search(name))
        if width and shape[-1] % GROUP_SIZE == 0:
            held += count * width / 8 + count / GROUP_SIZE * 2 * dtype.size  # of each group a scale and an offset
        elif IN_DTYPE.search(name):
            held += count * dtype.size
        else:
            held += count * (text_dtype if name.startswith("text_encoder.") else mx.float32).size
    return round(held)
