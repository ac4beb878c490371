"""A decoder's step in few kernels on an NVIDIA GPU: what lies between two large products is done inside of them.

There a step waits for launches, not for bytes: MLX's own operations make 26 kernels of a layer, each 9 us of work for
the CPU, while all weights of musicgen-small are read in 0.2 ms. These make 8: two attentions, and six products that
normalize their rows first or add the residual behind. On an H200 a step took, in float16 and 8 bit (median, blocks of
4, MLX 0.32.4): small 1.5 to 1.8 and 1.9 ms instead of 6.1 and 6.7, large 3.6 and 3.5 instead of 21 and 16.

MLX compiles each of them when a process needs it first, in about 1.2 s, which is part of a model's warm-up.

Only for one column of a few rows, where every product is a reading of its weights. The kernels are in step.cuh.
"""

import functools
import zlib
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any

import mlx.core as mx

from audiogen_daemon.models.backend import detect
from audiogen_daemon.models.layers.linear import Dense, Linear, Norm

MOST_ROWS = 8
SHARED_BYTES = 48 * 1024
LANES, LANE_BYTES = 32, 16
WARPS, OUTS = 4, 2
THREADS = 256


def multiplies(x: mx.array) -> bool:
    """Whether `product` is for these rows."""
    B, T, C = x.shape
    return detect().kernels and T == 1 and B <= MOST_ROWS and C * x.dtype.size % LANE_BYTES == 0


def attends(x: mx.array, width: int) -> bool:
    """Whether `attend_past` and `attend_text` are for these rows and heads of such a width."""
    lanes, rest = divmod(width * x.dtype.size, LANE_BYTES)
    return detect().kernels and x.shape[1] == 1 and rest == 0 and 0 < lanes <= LANES and lanes & (lanes - 1) == 0


def product(
    x: mx.array, linear: Linear, norm: Norm | None = None, gelu: bool = False, residual: mx.array | None = None
) -> mx.array:
    """Rows (B, 1, in) times a weight: (B, 1, out).

    Args:
        norm: what the rows go through before. gelu: what the result goes through. residual: (B, 1, out), added last.
    """
    B, _, columns = x.shape
    if norm is not None and B * columns * x.dtype.size > SHARED_BYTES:
        x, norm = norm(x), None
    if isinstance(linear, Dense):
        weights = {"weight": linear.matrix()}
        kind, weight = "dense", "step::Dense<T>{weight}"
        outs = linear.right.shape[1]
    else:
        weights = {"weight": linear.weight, "scales": linear.scales, "biases": linear.biases}
        kind, weight = f"bits{linear.bits}", f"step::Quantized<T, {linear.bits}>{{weight, scales, biases}}"
        outs = linear.weight.shape[0]
    inputs = {"x": x} | weights
    if norm is not None:
        inputs |= {"gain": norm.weight, "shift": norm.bias}
    if residual is not None:
        inputs |= {"residual": residual}
    gain, shift = ("gain", "shift") if norm is not None else ("nullptr", "nullptr")
    body = (
        f"step::product<T, ROWS, IN, OUT, NORM, GELU, ADD, {WARPS}, {OUTS}>"
        f"(x, {weight}, {gain}, {shift}, {'nullptr' if residual is None else 'residual'}, y);"
    )
    template = [
        *(("T", x.dtype), ("ROWS", B), ("IN", columns), ("OUT", outs)),
        *(("NORM", norm is not None), ("GELU", gelu), ("ADD", residual is not None)),
    ]
    blocks = -(-outs // (WARPS * OUTS))
    return _run(f"product_{kind}", body, inputs, template, blocks, WARPS * 32, (B, 1, outs))


def attend_past(qkv: mx.array, cache: mx.array, place: mx.array) -> tuple[mx.array, mx.array]:
    """Attention of one column to the columns before it and itself.

    The column's key and value are written into the cache in place: whoever holds the old value sees them too, behind
    what it takes as filled.

    Args:
        qkv: (B, 1, 3C), queries, keys and values, each with the heads one after another.
        cache: (B, 2, heads, capacity, head_dim).
        place: int32 scalar, how many columns lie before.

    Returns:
        (B, 1, C), and the cache with the column in it.
    """
    B, _, heads, _, width = cache.shape
    body = f"step::attend_past<T, HEADS, WIDTH, {THREADS}>(qkv, cache, cache_shape[3], place[0], y);"
    template = [("T", qkv.dtype), ("HEADS", heads), ("WIDTH", width)]
    inputs = {"qkv": qkv, "cache": cache, "place": place}
    y = _run("attend_past", body, inputs, template, B * heads, THREADS, (B, 1, heads * width))
    return y, mx.depends([cache], [y])[0]


def attend_text(q: mx.array, keys: mx.array, values: mx.array, mask: mx.array | None) -> mx.array:
    """Attention of queries (B, 1, C) to a text's keys and values (B, heads, pieces, head_dim): (B, 1, C).

    Args:
        mask: (B, 1, 1, pieces) bool, False for padding; every row has a piece.
    """
    B, heads, _, width = keys.shape
    inputs = {"q": q, "keys": keys, "values": values} | ({} if mask is None else {"mask": mask})
    masked = "nullptr" if mask is None else "mask"
    body = f"step::attend_text<T, HEADS, WIDTH, {THREADS}>(q, keys, values, {masked}, keys_shape[2], y);"
    template = [("T", q.dtype), ("HEADS", heads), ("WIDTH", width)]
    return _run(
        "attend_text" if mask is None else "attend_masked_text",
        body,
        inputs,
        template,
        B * heads,
        THREADS,
        (B, 1, heads * width),
    )


def _run(
    name: str,
    body: str,
    inputs: dict[str, mx.array],
    template: Sequence[tuple[str, Any]],
    blocks: int,
    threads: int,
    shape: tuple[int, ...],
) -> mx.array:
    """One kernel's only output, of the first input's type."""
    arrays = list(inputs.values())
    return _kernel(name, body, tuple(inputs))(
        inputs=arrays,
        template=list(template),
        grid=(blocks * threads, 1, 1),
        threadgroup=(threads, 1, 1),
        output_shapes=[shape],
        output_dtypes=[arrays[0].dtype],
    )[0]


@functools.cache
def _kernel(name: str, body: str, inputs: tuple[str, ...]) -> Callable[..., list[mx.array]]:
    """MLX keeps compiled kernels by name, from one program to the next, so the name has the source's checksum."""
    header = files(__package__).joinpath("step.cuh").read_text(encoding="utf-8")
    kernel: Any = mx.fast.cuda_kernel(
        name=f"audiogen_{name}_{zlib.crc32((header + body).encode()):08x}",
        input_names=list(inputs),
        output_names=["y"],
        source=body,
        header=header,
        ensure_row_contiguous=False,
    )
    return kernel  # type: ignore[no-any-return]
