"""The prompt tokenizer: one token per whole word that the captions can say, everything else is ignored.

Keys are first brought to one spelling: "D flat", "db" and "C♯" all become "c#", "Bbm" becomes "bb minor". The key of A
becomes the word "la", which tells it from the article. Words outside the vocabulary become <unk>, which training throws
into captions at random so that it means nothing. Punctuation, emoji and other scripts are dropped.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from training.captions import phrases

PAD, END, UNKNOWN = 0, 1, 2
SPECIALS = ("<pad>", "</s>", "<unk>")
MAX_TOKENS = 64
CAPTION_TOKENS = 32


_ENDING = r"(?=[ -]*(?:m|min|maj|minor|major)\b|\b)"
_MODE_FOLLOWS = r"(?=[ -]*(?:m|min|maj|minor|major|dorian|ionian|aeolian|natural)\b)"
SPELLINGS: tuple[tuple[str, str], ...] = (
    (rf"\b(?:c#|c[ -]?sharp\b|d[ -]?flat\b|db{_ENDING})", " c# "),
    (rf"\b(?:d#|d[ -]?sharp\b|e[ -]?flat\b|eb{_ENDING})", " eb "),
    (rf"\b(?:f#|f[ -]?sharp\b|g[ -]?flat\b|gb{_ENDING})", " f# "),
    (rf"\b(?:g#|g[ -]?sharp\b|a[ -]?flat\b|ab{_ENDING})", " ab "),
    (rf"\b(?:a#|a[ -]?sharp\b|b[ -]?flat\b|bb{_ENDING})", " bb "),
    *((rf"\b{root}m(?:in)?\b", f" {root} minor ") for root in "acdegb"),
    *((rf"\b{root}maj\b", f" {root} major ") for root in "acdefgb"),
    (rf"\ba{_MODE_FOLLOWS}|(?<=key of )a\b", " la "),
    (r"\b(?:natural minor|aeolian|min|m)\b", " minor "),
    (r"\b(?:maj|ionian)\b", " major "),
)
"""Patterns and what they become, in order, after lowercasing."""
_WORDS = r"\b[cf]#|(?:dx7|b3)\b|[0-9]+s\b|[a-z]+|[0-9]+"


def build_tokenizer() -> Tokenizer:
    """Return a new tokenizer; it appends </s> and cuts prompts to 64 tokens."""
    return Tokenizer.from_str(_definition())


@lru_cache(maxsize=1)
def _definition() -> str:
    """Return the contents of tokenizer.json."""
    normalizer = normalizers.Sequence(
        [normalizers.Replace(a, b) for a, b in (("♯", "#"), ("♭", "b"), ("&", " and "))]
        + [normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()]
        + [normalizers.Replace(Regex(r"(?<=[0-9])[.,][0-9]+"), "")]
        + [normalizers.Replace(Regex(pattern), plain) for pattern, plain in SPELLINGS]
    )
    splitter = pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True)
    found = {word for text in phrases() for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text))}
    words = [*SPECIALS, *sorted(found | {"la"} | {str(bpm) for bpm in range(40, 221)})]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token=SPECIALS[UNKNOWN]))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, splitter
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[(SPECIALS[END], END)])
    tokenizer.enable_truncation(MAX_TOKENS)
    definition: str = tokenizer.to_str()
    return definition


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
