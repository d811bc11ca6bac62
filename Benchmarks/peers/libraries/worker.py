"""One peer in a process of its own, started by the runner in the virtual environment.

    python -m libraries.worker export PEER --model FOLDER --folder FOLDER
    python -m libraries.worker sweep PEER --folder FOLDER --texts FILE --threads N
    python -m libraries.worker measure PEER --folder FOLDER --texts FILE --threads N --batch-size N --vectors FILE
    python -m libraries.worker compare --reference FILE --vectors FILE
    python -m libraries.worker versions

The last line of standard output is one line of JSON.
"""

import argparse
import importlib
import json
import platform
from importlib.metadata import distributions
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from . import CATALOG
from .peer import Peer

BATCH_SIZES = (4, 8, 16, 32, 64, 128)
CLOSE = 1.2
"""What takes at most so many times as long as the best is tried again, so that one disturbance does not decide."""


def new(name: str) -> Peer:
    """Imports the library."""
    entry = CATALOG[name]
    return getattr(importlib.import_module(f".{entry.module}", __package__), entry.type_name)()


def texts_of(file: Path) -> list[str]:
    """The texts that the runner has prepared."""
    return [json.loads(line)["text"] for line in file.open(encoding="ascii")]


def timed(peer: Peer, texts: list[str], batch_size: int) -> tuple[float, float, np.ndarray]:
    """Seconds from text to vector, after a warm-up with the longest texts, and the processor time of the warm-up."""
    before = process_time()
    peer.encode(sorted(texts, key=len)[-batch_size:], batch_size)
    warm_up = process_time() - before
    start = perf_counter()
    vectors = peer.encode(texts, batch_size)
    return perf_counter() - start, warm_up, vectors


def sample(texts: list[str]) -> list[str]:
    """As many texts as the largest batch holds, of middle length: alike, as those of a batch are when all texts are there."""
    size = max(BATCH_SIZES)
    first = max(0, (len(texts) - size) // 2)
    return sorted(texts, key=len)[first : first + size]


def export(arguments: argparse.Namespace) -> dict:
    """Writes the model as the peer wants it."""
    new(arguments.peer).export(arguments.model, arguments.folder)
    return {}


def sweep(arguments: argparse.Namespace) -> dict:
    """Seconds that the sample takes with each batch size, until two in a row are slower than the best."""
    peer = new(arguments.peer)
    peer.load(arguments.folder, arguments.threads)
    texts = sample(texts_of(arguments.texts))
    seconds: dict[int, float] = {}
    for size in BATCH_SIZES:
        seconds[size] = timed(peer, texts, size)[0]
        if all(value > min(seconds.values()) for value in list(seconds.values())[-2:]):
            break
    limit = CLOSE * min(seconds.values())
    for size in [size for size in seconds if seconds[size] <= limit]:
        seconds[size] = min(seconds[size], timed(peer, texts, size)[0])
    return {"texts": len(texts), "seconds": seconds}


def measure(arguments: argparse.Namespace) -> dict:
    """Encodes everything once and leaves the vectors in a file."""
    peer = new(arguments.peer)
    peer.load(arguments.folder, arguments.threads)
    seconds, warm_up, vectors = timed(peer, texts_of(arguments.texts), arguments.batch_size)
    np.save(arguments.vectors, vectors)
    # Of the whole process, as ours: imports, reading the model, all threads.
    return {"seconds": seconds, "processor_seconds": process_time() - warm_up}


def compare(arguments: argparse.Namespace) -> dict:
    """The smallest cosine and the largest difference of a component between two files of vectors."""
    expected, actual = (np.load(file).astype(np.float64) for file in (arguments.reference, arguments.vectors))
    if expected.shape != actual.shape:
        raise SystemExit(f"{arguments.vectors} has the shape {actual.shape}, the reference {expected.shape}")
    lengths = np.linalg.norm(expected, axis=1) * np.linalg.norm(actual, axis=1)
    return {
        "cosine": float(((expected * actual).sum(axis=1) / lengths).min()),
        "difference": float(np.abs(expected - actual).max()),
    }


def versions(arguments: argparse.Namespace) -> dict:
    """What is installed."""
    installed = {distribution.metadata["Name"].lower(): distribution.version for distribution in distributions()}
    return {"python": platform.python_version(), **installed}


def main() -> None:
    """Runs one command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=("export", "sweep", "measure", "compare", "versions"))
    parser.add_argument("peer", nargs="?", choices=CATALOG)
    for option in ("--model", "--folder", "--texts", "--vectors", "--reference"):
        parser.add_argument(option, type=Path)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--batch-size", type=int)
    arguments = parser.parse_args()
    print(json.dumps(globals()[arguments.command](arguments)))


if __name__ == "__main__":
    main()
