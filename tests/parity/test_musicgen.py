"""MusicGen against the live reference: transformers, with seeds and shapes that change from run to run."""

import random
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from audiogen_daemon.models.backend import CPU, Backend
from audiogen_daemon.models.musicgen.cache import ExactSlots, start_caches
from audiogen_daemon.models.musicgen.conditioning import project
from audiogen_daemon.models.musicgen.pipeline import MusicGen, load
from audiogen_daemon.models.musicgen.text import text_keys
from audiogen_daemon.models.pipeline import Audio, Request, Sampling
from audiogen_daemon.models.sampling import guide
from tests.models.reference.tiny_musicgen import CODEC, DECODER, MONO, TEXT, write_checkpoint, write_sharded

pytest.importorskip("torch")
pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]

BLOCKS = Backend("cpu", "float32", steps_per_graph=4, fold_text=False)
PROMPT = "dusty warm rhodes loop 90 bpm"


def random_config(source: random.Random, channels: int, projected: bool) -> dict:
    """A MusicGen of any shape: odd sizes, few or many layers, heads and codebooks.

    projected: the text is not as wide as the decoder; where it is, transformers makes no projection.
    """
    per_channel = source.choice([2, 4])
    bits = source.choice([5, 6, 8, 11])
    heads = source.choice([1, 3, 4])
    width = heads * 2 * source.randint(3, 12)
    vocabulary = 2**bits
    return MONO | {
        "text_encoder": TEXT
        | {"d_model": 2 * source.randint(4, 24) + 1 if projected else width}
        | {"d_kv": source.randint(4, 16), "num_heads": source.randint(1, 4)}
        | {"num_layers": source.randint(1, 4), "d_ff": source.randint(8, 64)},
        "audio_encoder": CODEC | {"codebook_size": vocabulary, "target_bandwidths": [bits * per_channel / 20]},
        "decoder": DECODER
        | {"vocab_size": vocabulary, "bos_token_id": vocabulary, "pad_token_id": vocabulary}
        | {"num_codebooks": per_channel * channels, "audio_channels": channels, "num_attention_heads": heads}
        | {"hidden_size": width, "num_hidden_layers": source.randint(1, 4)},
    }


@pytest.fixture(scope="module", params=[(1, True), (2, True), (1, False), (2, False)])
def case(request, tmp_path_factory):
    import torch

    from tests.models.reference.make_musicgen import reference_model

    torch.set_num_threads(1)  # beside MLX's own threads, more of them only wait
    seed = random.SystemRandom().randrange(2**31)
    config = random_config(random.Random(seed), *request.param)
    print(f"seed {seed}: {config}")
    folder = tmp_path_factory.mktemp("case")
    write = (write_checkpoint, write_sharded)[seed % 2]
    write(folder, config, seed)
    return seed, folder, reference_model(folder)


def ids(model: MusicGen, folder: Path) -> list[int]:
    from audiogen_daemon.models.t5 import PromptTokenizer

    return PromptTokenizer(folder / "tokenizer.json", 1)(PROMPT)


def test_hidden_states_and_guided_logits_of_a_padded_batch(case):
    from tests.models.reference.make_musicgen import GUIDANCE, random_columns, reference_logits, reference_text

    seed, folder, reference = case
    source = random.Random(seed)
    prompts = [[source.randint(2, 63) for _ in range(source.randint(1, 30))] + [1] for _ in range(3)]
    ours = load(folder, backend=CPU)
    decoder, prompt_encoder = ours._player._decoder, ours._prompts
    lengths = mx.array([len(prompt) for prompt in prompts])
    batch = np.zeros((3, max(map(len, prompts))), np.int32)
    for row, prompt in zip(batch, prompts, strict=True):
        row[: len(prompt)] = prompt

    hidden = prompt_encoder._encoder(mx.array(batch), lengths)
    wanted = reference_text(reference, prompts)
    for row, prompt in enumerate(prompts):
        np.testing.assert_allclose(np.array(hidden)[row, : len(prompt)], wanted[row, : len(prompt)], atol=1e-4)

    config = decoder.config
    columns = random_columns({"decoder": {"vocab_size": config.vocabulary, "num_codebooks": config.codebooks}}, 3, seed)
    text = project(prompt_encoder._projection, hidden, lengths)
    texts = [text_keys(x.cross, text, config.heads, 3, lengths) for x in decoder.layers]
    rows = mx.tile(mx.array(columns), (2, 1, 1))
    caches = start_caches(config.layers, 6, config.heads, config.head_dim, columns.shape[1], mx.float32)
    steps = []
    for column in range(columns.shape[1]):
        logits, caches = decoder(rows[:, column : column + 1], caches, ExactSlots(column), texts)
        steps.append(np.array(guide(logits, GUIDANCE)))

    np.testing.assert_allclose(np.stack(steps, axis=1), reference_logits(reference, prompts, columns), atol=1e-4)


@pytest.mark.parametrize("backend", [CPU, BLOCKS], ids=["steps", "blocks"])
def test_a_greedy_take_sounds_the_same_from_prompt_to_samples(case, backend):
    from tests.models.reference.make_musicgen import reference_take

    _, folder, reference = case
    ours = load(folder, backend=backend)
    _, wanted = reference_take(reference, ids(ours, folder), 100)

    request = Request(PROMPT, 2.0, 0, Sampling(top_k=1))
    sound = np.concatenate([item.pcm for item in ours.generate(request) if isinstance(item, Audio)])

    assert sound.shape == wanted.shape == (64_000, ours.channels)
    np.testing.assert_allclose(sound, wanted, atol=1e-4)
