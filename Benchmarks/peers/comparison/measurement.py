"""Measures everybody on one file of texts, in turns."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from libraries import REFERENCE

from .environment import MODEL, say
from .processes import LOCAL, Failure, core_rates, ours, worker

OURS = "embedding-job"
REFERENCE_BATCH_SIZE = 32


@dataclass(frozen=True)
class Options:
    """What is the same for all files of texts."""

    peers: list[str]
    threads: int
    repetitions: int
    ours_arguments: str


@dataclass
class Contender:
    """One that takes part, and what became of it."""

    name: str
    folder: Path = Path()
    """The model in a peer's format."""
    sweep: dict[int, float] = field(default_factory=dict)
    """Texts a second of the sample by batch size."""
    batch_size: int = 0
    """The best of the sweep; ours has none."""
    seconds: list[float] = field(default_factory=list)
    processor_seconds: list[float] = field(default_factory=list)
    """Of the whole process, all threads, start-up included."""
    instructions: list[float] = field(default_factory=list)
    """What the core issued a nanosecond, before and after each turn."""
    multiply_adds: list[float] = field(default_factory=list)
    """GFLOP/s of multiply-adds in registers, likewise."""
    cosine: float | None = None
    difference: float | None = None
    failure: str | None = None

    def agrees(self, tolerance: float) -> bool:
        """Whether its vectors are those of the reference; a difference that is not a number is none that is small."""
        return self.difference is not None and self.difference <= tolerance

    @property
    def median(self) -> float | None:
        """Median seconds, unless it has failed."""
        return median(self.seconds) if self.seconds and self.failure is None else None


@dataclass
class Measurement:
    """The result for one file of texts."""

    source: Path
    cut: int | None
    texts: int
    contenders: list[Contender]
    tokens: int | None = None
    device: str | None = None

    @property
    def ours(self) -> Contender:
        """Ours is the first of all."""
        return self.contenders[0]

    def times_as_fast(self, contender: Contender) -> tuple[float, float] | None:
        """How many times as fast as it we are, by wall time and by processor time, unless one of both has failed."""
        if contender.median is None or self.ours.median is None:
            return None
        processor = median(contender.processor_seconds) / median(self.ours.processor_seconds)
        return contender.median / self.ours.median, processor


def measure(
    source: Path, cut: int | None, texts: Path, folders: dict[str, Path], failures: dict[str, str], options: Options
) -> Measurement:
    """Sweeps over the peers' batch sizes, then lets everybody encode all texts, round after round."""
    count = texts.read_bytes().count(b"\n")
    contenders = [Contender(OURS)]
    contenders += [Contender(peer, folders.get(peer, Path()), failure=failures.get(peer)) for peer in options.peers]
    result = Measurement(source, cut, count, contenders)
    say(f"{source.name}: {count} texts, {f'cut to {cut} characters' if cut else 'whole'}; reference: {REFERENCE}")
    reference = LOCAL / "vectors" / f"{texts.stem}-reference.npy"
    reference.parent.mkdir(parents=True, exist_ok=True)
    _encode(REFERENCE, folders[REFERENCE], texts, REFERENCE_BATCH_SIZE, reference, options.threads)

    for contender in contenders[1:]:
        _attempt(contender, _sweep, texts, options.threads)
    for turn in range(options.repetitions):
        # Every round begins with another one, so that nobody always follows the same neighbor.
        first = turn % len(contenders)
        for contender in contenders[first:] + contenders[:first]:
            vectors = LOCAL / "vectors" / f"{texts.stem}-{contender.name}.npy"
            _attempt(contender, _take_turn, result, texts, vectors, options)
            if contender.failure is None:
                say(f"round {turn + 1}: {contender.name} {contender.seconds[-1]:.3f} s")
    for contender in contenders:
        vectors = LOCAL / "vectors" / f"{texts.stem}-{contender.name}.npy"
        _attempt(contender, _compare, vectors, reference)
    return result


def _attempt(contender: Contender, step: Callable[..., None], *arguments: object) -> None:
    """Takes a step of a contender unless an earlier one has failed."""
    if contender.failure is None:
        try:
            step(contender, *arguments)
        except Failure as failure:
            contender.failure = str(failure)
            say(f"{contender.name}: {failure}")


def _sweep(contender: Contender, texts: Path, threads: int) -> None:
    """Finds the batch size."""
    report = worker("sweep", contender.name, "--folder", contender.folder, "--texts", texts, threads=threads)
    contender.sweep = {int(size): report["texts"] / seconds for size, seconds in report["seconds"].items()}
    contender.batch_size = max(contender.sweep, key=contender.sweep.__getitem__)
    rates = ", ".join(f"{size}: {rate:.1f}" for size, rate in contender.sweep.items())
    say(f"{contender.name}: best batch size {contender.batch_size} (texts/s by batch size: {rates})")


def _take_turn(contender: Contender, result: Measurement, texts: Path, vectors: Path, options: Options) -> None:
    """Encodes all texts once, and notes in which state the core was."""
    _note_core(contender)
    if contender.name == OURS:
        values = ours(MODEL, texts, vectors, options.threads, options.ours_arguments)
        result.tokens, result.device = int(values["tokens"]), values["device"]
    else:
        values = _encode(contender.name, contender.folder, texts, contender.batch_size, vectors, options.threads)
    contender.seconds.append(float(values["seconds"]))
    contender.processor_seconds.append(values["processor_seconds"])
    _note_core(contender)


def _note_core(contender: Contender) -> None:
    instructions, multiply_adds = core_rates()
    contender.instructions.append(instructions)
    contender.multiply_adds.append(multiply_adds)


def _encode(peer: str, folder: Path, texts: Path, batch_size: int, vectors: Path, threads: int) -> dict:
    """What a peer needs for all texts."""
    files = ["--folder", folder, "--texts", texts, "--vectors", vectors]
    return worker("measure", peer, *files, "--batch-size", batch_size, threads=threads)


def _compare(contender: Contender, vectors: Path, reference: Path) -> None:
    """Sets the vectors of the last round against the reference."""
    report = worker("compare", "--vectors", vectors, "--reference", reference)
    contender.cosine, contender.difference = report["cosine"], report["difference"]
