"""Tokenizing and batching for libraries that only run the network."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer


def copy_tokenizer(model: Path, folder: Path) -> None:
    """Puts beside an exported network what `Batches` needs."""
    for name in ("tokenizer.json", "sentence_bert_config.json"):
        shutil.copy(model / name, folder / name)


class Batches:
    """Hugging Face tokenizers, and batches of texts of like length."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        limit = json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"]
        self.tokenizer.enable_truncation(limit)

    def ids(self, texts: list[str]) -> list[list[int]]:
        """The token ids of each text; the fast variant leaves out the character offsets, which nobody reads here."""
        return [encoding.ids for encoding in self.tokenizer.encode_batch_fast(texts)]

    def sorted(self, texts: list[str], batch_size: int) -> Iterator[tuple[list[int], list[list[int]]]]:
        """The positions of each batch's texts and their token ids, longest first."""
        ids = self.ids(texts)
        order = sorted(range(len(ids)), key=lambda position: len(ids[position]), reverse=True)
        for first in range(0, len(order), batch_size):
            positions = order[first : first + batch_size]
            yield positions, [ids[position] for position in positions]


def padded(rows: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Token ids and attention mask, as wide as the longest row."""
    width = max(map(len, rows))
    ids = np.zeros((len(rows), width), np.int64)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return ids, mask
