"""sentence-transformers on PyTorch: the reference for everybody's vectors. It tokenizes, sorts and pads by itself."""

from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from .peer import Peer


class SentenceTransformers(Peer):
    """float32, with the attention that PyTorch thinks best."""

    @staticmethod
    def export(model: Path, folder: Path) -> None:
        (folder / "model").symlink_to(model)

    def load(self, folder: Path, threads: int) -> None:
        torch.set_num_threads(threads)
        self.model = SentenceTransformer(str(folder / "model"), device="cpu")

    def encode(self, texts: list[str], batch_size: int) -> np.ndarray:
        return self.model.encode(texts, batch_size=batch_size, show_progress_bar=False)
