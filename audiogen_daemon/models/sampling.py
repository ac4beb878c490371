"""Drawing tokens from logits, on the device.

Every draw depends on the take's seed and the number of the step alone, so that chunks, batches and pipelining change
nothing. Filters keep ties: a candidate as good as the k-th is kept.
"""

import mlx.core as mx


def step_key(seed: int | mx.array, step: int | mx.array) -> mx.array:
    """The key of one draw: Threefry keyed by (step, seed), each below 2**32, so no draw needs the one before it."""
    return mx.stack([mx.array(step, mx.uint32), mx.array(seed, mx.uint32)])


def guide(logits: mx.array, guidance: float | mx.array) -> mx.array:
    """Classifier-free guidance over a batch of conditional rows followed by as many unconditional ones.

    Args:
        logits: (2B, K, V).

    Returns:
        (B, K, V): unconditional + guidance * (conditional - unconditional).
    """
    conditional, unconditional = mx.split(logits, 2)
    return unconditional + guidance * (conditional - unconditional)


def guide_doubly(logits: mx.array, guidance: float | mx.array, beta: float | mx.array) -> mx.array:
    """Guidance by a text and a style at once, the text weighing `beta` times what simple guidance gives it.

    Args:
        logits: (3B, K, V): rows with both, then rows with the style alone, then unconditional rows.

    Returns:
        (B, K, V): unconditional + guidance * (style + beta * (both - style) - unconditional).

    Source: Rouard et al. 2024, arXiv:2407.12563.
    """
    both, style, unconditional = mx.split(logits, 3)
    return unconditional + guidance * (style + beta * (both - style) - unconditional)


def mix(logits: mx.array, mixed: int, ways: int, weights: mx.array) -> mx.array:
    """One conditional row instead of several, each counting by its weight: a morph between their texts.

    Args:
        logits: ((mixed + ways - 1) * B, K, V): rows of the first text, of the next, and so on, then all others.
        weights: (mixed,), adding up to 1.

    Returns:
        (ways * B, K, V).
    """
    parts = logits.reshape(mixed + ways - 1, -1, *logits.shape[1:])
    one = (parts[:mixed] * weights[:, None, None, None]).sum(axis=0)
    return mx.concatenate([one, parts[mixed:].reshape(-1, *logits.shape[1:])])


def draw(logits: mx.array, top_k: int, top_p: float | mx.array, seeds: mx.array, step: int | mx.array) -> mx.array:
    """One token per row and codebook: top-k, then top-p, as transformers orders them, then a draw.

    Args:
        logits: (B, K, V), already divided by the temperature.
        top_k: 1 is exactly the largest logit, 0 keeps all.
        top_p: 0 keeps all; an array is above 0.
        seeds: (B,) uint32, one take per row.
        step: the take's step number.

    Returns:
        (B, K) int32.
    """
    if top_k == 1:
        return mx.argmax(logits, axis=-1).astype(mx.int32)
    if 0 < top_k < logits.shape[-1]:
        logits = keep_top_k(logits, top_k)
    if isinstance(top_p, mx.array) or 0 < top_p < 1:
        logits = keep_top_p(logits, top_p)
    noise = mx.vmap(lambda seed: mx.random.gumbel(logits.shape[1:], key=step_key(seed, step)))(seeds)
    return mx.argmax(logits + noise, axis=-1).astype(mx.int32)


def keep_top_k(logits: mx.array, k: int) -> mx.array:
    """Rule out (-inf) what is below the k-th largest logit; the threshold comes from a partition, not a full sort."""
    size = logits.shape[-1]
    threshold = mx.partition(logits, size - k, axis=-1)[..., size - k : size - k + 1]
    return mx.where(logits >= threshold, logits, -mx.inf)


def keep_top_p(logits: mx.array, p: float | mx.array) -> mx.array:
    """Rule out (-inf) the least likely logits whose mass together is at most 1 - p; the best one always stays."""
    order = mx.argsort(logits, axis=-1)
    mass = mx.cumsum(mx.softmax(mx.take_along_axis(logits, order, axis=-1), axis=-1), axis=-1)
    kept = mass > 1 - p
    kept[..., -1] = True
    return mx.where(mx.put_along_axis(mx.zeros_like(kept), order, kept, axis=-1), logits, -mx.inf)
