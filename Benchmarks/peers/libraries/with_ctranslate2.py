"""CTranslate2, which ends with the last hidden state: the mean and the length are numpy's work here."""

from pathlib import Path

import ctranslate2
import numpy as np

from . import batches
from .peer import Peer


class Float32(Peer):
    """float32 throughout."""

    compute_type = "float32"

    @staticmethod
    def export(model: Path, folder: Path) -> None:
        ctranslate2.converters.TransformersConverter(str(model)).convert(str(folder / "encoder"))
        batches.copy_tokenizer(model, folder)

    def load(self, folder: Path, threads: int) -> None:
        self.encoder = ctranslate2.Encoder(
            str(folder / "encoder"),
            device="cpu",
            compute_type=self.compute_type,
            inter_threads=1,
            intra_threads=threads,
        )
        self.batches = batches.Batches(folder)

    def encode(self, texts: list[str], batch_size: int) -> np.ndarray:
        means = [np.empty(0, np.float32)] * len(texts)
        for positions, rows in self.batches.sorted(texts, batch_size):
            hidden = np.asarray(self.encoder.forward_batch(rows).last_hidden_state)
            for position, states, tokens in zip(positions, hidden, rows, strict=True):
                means[position] = states[: len(tokens)].mean(axis=0)
        vectors = np.stack(means)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class Int8(Float32):
    """int8 weights, quantised on loading; activations are quantised on the way."""

    compute_type = "int8"
