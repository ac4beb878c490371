"""The prompt tokenizer: one token per whole word that the captions can say, everything else is ignored.

Words outside the vocabulary become <unk>, which training throws into captions at random so that it means nothing.
Punctuation, emoji and other scripts are dropped before the words are looked up.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from training.captions import vocabulary

PAD, END, UNKNOWN = 0, 1, 2
SPECIALS = ("<pad>", "</s>", "<unk>")
MAX_TOKENS = 64
CAPTION_TOKENS = 32


def build_tokenizer() -> Tokenizer:
    """Return the tokenizer; it appends </s> and cuts prompts to 64 tokens."""
    words = [*SPECIALS, *vocabulary()]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token=SPECIALS[UNKNOWN]))
    replacements = [("♯", "#"), ("♭", "b"), ("&", " and ")]
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Replace(a, b) for a, b in replacements]
        + [normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()]
        + [normalizers.Replace(Regex(r"(?<=[0-9])[.,][0-9]+"), "")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(
        Regex(r"\b[a-g]#|(?:dx7|b3)\b|[0-9]+s\b|[a-z]+|[0-9]+"), behavior="removed", invert=True
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[(SPECIALS[END], END)])
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def save_tokenizer(folder: Path) -> None:
    """Write tokenizer.json and the two small files that let AutoTokenizer load it."""
    build_tokenizer().save(str(folder / "tokenizer.json"))
    special = {"eos_token": SPECIALS[END], "pad_token": SPECIALS[PAD], "unk_token": SPECIALS[UNKNOWN]}
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": MAX_TOKENS, **special}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "special_tokens_map.json").write_text(json.dumps(special, indent=2) + "\n")


def caption_ids(tokenizer: Tokenizer, captions: list[str], rng: np.random.Generator) -> npt.NDArray[np.int16]:
    """Return (captions, CAPTION_TOKENS) ids with unknown words thrown in and words dropped, padded with 0."""
    table = np.zeros((len(captions), CAPTION_TOKENS), dtype=np.int16)
    for row, encoding in enumerate(tokenizer.encode_batch(captions)):
        ids = encoding.ids[:-1]
        if rng.random() < 0.3:
            for _ in range(rng.integers(1, 5)):
                ids.insert(int(rng.integers(0, len(ids) + 1)), UNKNOWN)
        if len(ids) > 2 and rng.random() < 0.1:
            del ids[int(rng.integers(0, len(ids)))]
        ids = [*ids[: CAPTION_TOKENS - 1], END]
        table[row, : len(ids)] = ids
    return table
