"""The embedded model, quantized to 8 bits, chooses the tokens that float32 chooses."""

import numpy as np

from audiogen_daemon.models.bits import OFF, PRESETS
from benchmarks.bench_quantize import agreement, encode, load_decoder, play_greedily, presets, top


def test_eight_bits_choose_as_float32_does_along_200_greedy_steps():
    texts = encode(presets())
    columns = play_greedily(load_decoder(OFF), texts, 1.0, 200)
    assert len(np.unique(columns)) > 200

    assert agreement(columns, top(load_decoder(PRESETS["quality"]), texts, 1.0, columns)).mean() >= 0.99
