"""The embedded checkpoint against transformers, and the recipe's own forward pass against both."""

from pathlib import Path

import numpy as np
import pytest

import audiogen_daemon
from audiogen_daemon.evaluation.key import best_scales, chroma
from audiogen_daemon.models.backend import CPU
from audiogen_daemon.models.keys import Key, stated_key, without_key
from audiogen_daemon.models.musicgen.pipeline import load
from audiogen_daemon.models.pipeline import Audio, Request, Sampling

pytest.importorskip("torch")
pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]

STARTER = Path(audiogen_daemon.__file__).parent / "starter"
PROMPT = "dusty rhodes loop 88 bpm in c minor"
FRAMES = 150


@pytest.fixture(scope="module")
def reference():
    import torch
    from transformers import MusicgenForConditionalGeneration

    torch.set_num_threads(1)
    model, found = MusicgenForConditionalGeneration.from_pretrained(
        STARTER, output_loading_info=True, dtype=torch.float32
    )
    return model.eval(), found


def test_transformers_finds_every_tensor_and_no_other(reference):
    _, found = reference
    assert not any(found[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))


def test_transformers_reads_the_tokenizer():
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    ids = AutoTokenizer.from_pretrained(STARTER)(PROMPT)["input_ids"]

    assert ids == Tokenizer.from_file(str(STARTER / "tokenizer.json")).encode(PROMPT).ids


def test_the_recipes_forward_pass_gives_transformers_logits(reference):
    import torch

    from training.lm_model import LanguageModel, delay

    model, _ = reference
    ours = LanguageModel(model).eval()
    torch.manual_seed(0)
    ids = torch.randint(3, 600, (2, 30))
    ids[0, 20:] = 0
    grid = delay(torch.randint(0, 1024, (2, 4, 40)))[:, :, :-1]
    with torch.no_grad():
        states, mask = ours.text(ids)
        found = ours(grid, states, mask)
        wanted = model(input_ids=ids, attention_mask=mask.long(), decoder_input_ids=grid.reshape(8, -1)).logits

    torch.testing.assert_close(found, wanted.view(found.shape), atol=1e-3, rtol=1e-4)


def test_transformers_makes_the_recipes_greedy_tokens(reference):
    """Sampling with a cache, guidance and a forced beginning is transformers' greedy search after an audio prompt."""
    import torch
    from tokenizers import Tokenizer

    from training.lm_model import LanguageModel
    from training.sampling import Sampling as How
    from training.sampling import sample

    model, _ = reference
    ids = torch.tensor([Tokenizer.from_file(str(STARTER / "tokenizer.json")).encode(PROMPT).ids])
    torch.manual_seed(1)
    prime = torch.randint(0, 1024, (4, 12))
    frames = 40
    how = How(guidance=2.0, top_k=1, key_guidance=0.0)
    found = sample(LanguageModel(model).eval(), ids, ids, [prime], how, seed=0, frames=frames)

    with torch.no_grad():
        wanted = model.generate(
            input_ids=ids,
            decoder_input_ids=prime,
            do_sample=False,
            guidance_scale=2.0,
            max_length=frames + 4,
        )
        sound = model.audio_encoder.decode(found[None], [None]).audio_values

    torch.testing.assert_close(sound, wanted, atol=1e-4, rtol=1e-3)


def test_a_greedy_take_of_the_product_is_the_recipes(reference):
    """The product's take after clicks and cadence, sample by sample, the prompt's key weighed as both weigh it."""
    import torch
    from tokenizers import Tokenizer

    from training.clip import nearest_eighth
    from training.codec import taken
    from training.lm_model import LanguageModel
    from training.sampling import Sampling as How
    from training.sampling import sample
    from training.tokens import Primes

    model, _ = reference
    codec = taken(STARTER)
    eighth = nearest_eighth(88)
    opening = 4 * eighth
    [prime] = Primes(codec, torch.device("cpu"))([(eighth, stated_key(PROMPT))])
    tokenizer = Tokenizer.from_file(str(STARTER / "tokenizer.json"))
    tokenizer.enable_padding(pad_id=0)
    ids, keyless = torch.tensor([e.ids for e in tokenizer.encode_batch([PROMPT, without_key(PROMPT)])]).split(1)
    product = load(STARTER, backend=CPU)
    with torch.no_grad():
        how = How(guidance=2.0, top_k=1, key_guidance=product.config.key_guidance)
        codes = sample(LanguageModel(model).eval(), ids, keyless, [prime], how, seed=0, frames=opening + FRAMES)
        wanted = codec.decode(codes)[0, opening * 640 :].numpy()

    takes = product.generate(Request(PROMPT, FRAMES / 50, 0, Sampling(top_k=1, guidance=2.0), tempo=88.0))
    sound = np.concatenate([item.pcm for item in takes if isinstance(item, Audio)])[:, 0]

    assert len(sound) == FRAMES * 640
    np.testing.assert_allclose(sound[: -5 * 640], wanted[: len(sound) - 5 * 640], atol=2e-3)


@pytest.mark.parametrize("eighth", [8, 17, 25])
def test_the_product_encodes_a_pitched_count_in_as_the_recipe_does(eighth):
    import torch

    from training.codec import taken
    from training.count_in import CountIn
    from training.tokens import Primes

    keys = [None, Key(0, "major"), Key(6, "minor"), Key(11, "dorian")]
    wanted = Primes(taken(STARTER), torch.device("cpu"))([(eighth, key) for key in keys])
    openings = load(STARTER, backend=CPU)._openings

    for key, codes in zip(keys, wanted, strict=True):
        found = openings.encode(CountIn().click(2 * eighth, key)[:, None])[:-3]
        assert np.mean(codes.numpy() == found.T) > 0.99


def test_keys_survive_the_codec():
    """Of the asked mode's twelve scales the asked one holds most of what is heard of its pitched count-in."""
    import torch

    from training.codec import taken
    from training.count_in import CHORDS
    from training.tokens import Primes

    codec = taken(STARTER)
    openings = [(eighth, Key(root, mode)) for eighth in (8, 25) for root in range(0, 12, 2) for mode in CHORDS]
    found = []
    for codes, (_, key) in zip(Primes(codec, torch.device("cpu"))(openings), openings, strict=True):
        sound = codec.decode(codes[None])[0].numpy().astype(np.float64)
        found.append(best_scales(chroma(sound))[key.mode] == key.root)

    assert np.mean(found) > 0.9
