"""What a library must offer to be compared."""

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np


class Peer(ABC):
    """A library with the model in its own format."""

    @staticmethod
    @abstractmethod
    def export(model: Path, folder: Path) -> None:
        """Writes the sentence-transformers model in `model` to `folder` as the library wants it."""

    @abstractmethod
    def load(self, folder: Path, threads: int) -> None:
        """Makes everything ready that `export` has left in `folder`."""

    @abstractmethod
    def encode(self, texts: list[str], batch_size: int) -> np.ndarray:
        """The unit vectors of the texts, float32, one row a text."""
