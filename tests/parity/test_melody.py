"""Models that follow melodies and styles against the live references, other seeds and shapes each run."""

import random

import mlx.core as mx
import numpy as np
import pytest

from audiogen_daemon.models.backend import CPU, Backend
from audiogen_daemon.models.musicgen.cache import ExactSlots, start_caches
from audiogen_daemon.models.musicgen.chroma import chroma, chroma_filters
from audiogen_daemon.models.musicgen.mert import Mert
from audiogen_daemon.models.musicgen.pipeline import load
from audiogen_daemon.models.musicgen.resample import resample
from audiogen_daemon.models.musicgen.style_config import MertConfig
from audiogen_daemon.models.pipeline import Audio, Request, Sampling
from audiogen_daemon.models.reading import Reader
from audiogen_daemon.models.sampling import guide
from audiogen_daemon.models.weights import Tensors, open_folder
from tests.models.reference.tiny_musicgen import CODEC, DECODER, MELODY, TEXT, write_checkpoint, write_sharded
from tests.models.reference.tunes import GUIDANCE, sound

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]

BLOCKS = Backend("cpu", "float32", steps_per_graph=4, fold_text=False)
PROMPT = "dusty warm rhodes loop 90 bpm"


def random_config(source: random.Random, channels: int, projected: bool) -> dict:
    """A melody model of any shape: a short prefix or a long one; projected: as in test_musicgen."""
    heads, bits = source.choice([1, 3, 4]), source.choice([6, 8, 11])
    vocabulary, width = 2**bits, heads * 2 * source.randint(7, 12)
    return MELODY | {
        "chroma_length": source.choice([1, 7, 100, 235]),
        "text_encoder": TEXT
        | {"d_model": 2 * source.randint(4, 24) + 1 if projected else width, "num_heads": source.randint(1, 4)},
        "audio_encoder": CODEC | {"codebook_size": vocabulary, "target_bandwidths": [bits * 4 / 20]},
        "decoder": DECODER
        | {"model_type": "musicgen_melody_decoder", "num_codebooks": 4 * channels, "audio_channels": channels}
        | {"vocab_size": vocabulary, "bos_token_id": vocabulary, "pad_token_id": vocabulary}
        | {"hidden_size": width, "num_attention_heads": heads}
        | {"num_hidden_layers": source.randint(1, 4)},
    }


@pytest.fixture(scope="module", params=[(1, True), (2, True), (2, False)])
def case(request, tmp_path_factory):
    import torch

    from tests.models.reference.make_following import reference_melody_model

    torch.set_num_threads(1)  # beside MLX's own threads, more of them only wait
    seed = random.SystemRandom().randrange(2**31)
    config = random_config(random.Random(seed), *request.param)
    print(f"seed {seed}: {config}")
    folder = tmp_path_factory.mktemp("case")
    (write_checkpoint, write_sharded)[seed % 2](folder, config, seed)
    return seed, folder, reference_melody_model(folder)


def heard(seed: int) -> np.ndarray:
    """A stereo melody of some length."""
    return sound(random.Random(seed).uniform(0.6, 12.0), seed)


def test_filters_and_pitch_classes_equal_transformers(case):
    from transformers.audio_utils import chroma_filter_bank

    from tests.models.reference.make_following import reference_chroma

    seed, _, _ = case
    reference = chroma_filter_bank(sampling_rate=32_000, num_frequency_bins=16_384, tuning=0, num_chroma=12)
    np.testing.assert_allclose(chroma_filters(32_000), reference, atol=1e-12)
    for samples in (heard(seed).mean(axis=1), heard(seed)[:10_001, 0], np.zeros(40_000, np.float32)):
        np.testing.assert_array_equal(chroma(samples, 32_000), reference_chroma(samples))


def test_guided_logits_equal_transformers(case):
    from tests.models.reference.make_following import melody_logits, random_columns

    seed, folder, reference = case
    ours = load(folder, backend=CPU)
    decoder, config = ours._player._decoder, ours.config.decoder
    request = Request(PROMPT, 1.0, 0, Sampling(guidance=GUIDANCE), melody=heard(seed))
    columns = random_columns(config.codebooks, config.vocabulary, seed)
    tokens = ours._prompts._tokenizer(PROMPT)
    features = chroma(heard(seed).mean(axis=1), 32_000)

    prefix = ours._ahead(request, ours._prompts(PROMPT)).rows
    caches = start_caches(config.layers, 2, config.heads, config.head_dim, prefix.shape[1] + 64, mx.float32)
    _, caches = decoder.read(prefix, caches, ExactSlots(0), ())
    rows, got = mx.array(np.stack([columns] * 2)), []
    for column in range(len(columns)):
        step = rows[:, column : column + 1]
        logits, caches = decoder(step, caches, ExactSlots(prefix.shape[1] + column), ())
        got.append(guide(logits, GUIDANCE)[0])

    np.testing.assert_allclose(np.array(mx.stack(got)), melody_logits(reference, tokens, features, columns), atol=1e-4)


@pytest.mark.parametrize("followed", [True, False])
@pytest.mark.parametrize("backend", [CPU, BLOCKS], ids=["steps", "blocks"])
def test_a_greedy_take_sounds_the_same_from_prompt_and_melody_to_samples(case, backend, followed):
    from tests.models.reference.make_following import melody_take

    seed, folder, reference = case
    ours = load(folder, backend=backend)
    melody = heard(seed) if followed else None
    features = chroma(heard(seed).mean(axis=1), 32_000) if followed else None
    _, wanted = melody_take(reference, ours._prompts._tokenizer(PROMPT), features, 100)

    request = Request(PROMPT, 2.0, 0, Sampling(top_k=1, guidance=GUIDANCE), melody=melody)
    pcm = np.concatenate([item.pcm for item in ours.generate(request) if isinstance(item, Audio)])

    assert pcm.shape == wanted.shape == (64_000, ours.channels)
    np.testing.assert_allclose(pcm, wanted, atol=1e-4)


@pytest.mark.parametrize(("old", "new"), [(32_000, 24_000), (44_100, 32_000), (24_000, 32_000)])
def test_resampling_equals_julius(old, new):
    import julius
    import torch

    samples = np.random.RandomState(old).normal(0, 0.3, old // 3).astype(np.float32)

    wanted = julius.resample_frac(torch.from_numpy(samples)[None], old, new)[0].numpy()

    np.testing.assert_allclose(resample(samples, old, new), wanted, atol=5e-5)  # julius keeps its phases in float32


def test_mert_at_its_true_size_equals_transformers(tmp_path):
    import torch
    from transformers import HubertConfig, HubertModel

    from tests.parity.audiocraft_parts import randomize

    reference = HubertModel(HubertConfig()).eval()
    randomize(reference, 1)
    reference.save_pretrained(tmp_path)
    folder = open_folder(tmp_path)
    ours = Mert(Tensors(folder), MertConfig.read(Reader("config.json", folder.config)), "")
    samples = np.random.RandomState(2).normal(0, 0.1, (1, 72_000)).astype(np.float32)

    with torch.no_grad():
        wanted = reference(torch.from_numpy(samples)).last_hidden_state.numpy()

    assert wanted.shape == (1, 224, 768)
    np.testing.assert_allclose(np.array(ours(mx.array(samples))), wanted, atol=1e-4)
