"""Starts the processes that are compared, and says in a line why one has failed."""

import json
import os
import resource
import shlex
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
REPOSITORY = HERE.parent.parent
LOCAL = REPOSITORY / ".local" / "peers"
PYTHON = LOCAL / "venv" / "bin" / "python"
EXECUTABLE = REPOSITORY / ".build" / "release" / "embedding-job"
MICROBENCHMARKS = EXECUTABLE.with_name("microbenchmarks")

TIME_LIMIT = 3600
"""Seconds after which a process counts as hung."""


class Failure(Exception):
    """A process did not do its work; the text is one line."""


def run(command: Sequence[object], environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    words = [str(word) for word in command]
    try:
        process = subprocess.run(
            words, cwd=HERE, env=environment, capture_output=True, text=True, errors="replace", timeout=TIME_LIMIT
        )
    except subprocess.TimeoutExpired:
        raise Failure(f"not finished after {TIME_LIMIT} s") from None
    except OSError as error:
        raise Failure(f"{words[0]}: {error.strerror}") from None
    if process.returncode < 0:
        raise Failure(f"ended by {signal.Signals(-process.returncode).name}")
    if process.returncode > 0:
        errors = [line for line in process.stderr.split("\n") if line.lower().startswith("error")]
        raise Failure(last_line("\n".join(errors) or process.stderr) or f"exit status {process.returncode}")
    return process


def last_line(output: str) -> str:
    """The last line that is not blank."""
    return next((line.strip() for line in reversed(output.split("\n")) if line.strip()), "")


def clean_environment() -> dict[str, str]:
    """The environment without settings of embedding-job and without a choice of OpenBLAS's kernel."""
    choices = ("EMBEDDING_", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    return {name: value for name, value in os.environ.items() if not name.startswith(choices)}


def worker(command: str, *arguments: object, threads: int | None = None) -> dict:
    """Runs a command of libraries/worker.py and returns what it reports."""
    environment = clean_environment()
    environment |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}
    if threads is not None:
        pools = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
        environment |= dict.fromkeys(pools, str(threads))
        arguments = (*arguments, "--threads", threads)
    process = run([PYTHON, "-m", "libraries.worker", command, *arguments], environment)
    return json.loads(last_line(process.stdout))


def ours(model: Path, texts: Path, vectors: Path, threads: int, extra: str) -> dict:
    """Runs `embedding-job encode` and returns the values of its log line."""
    before = _processor_seconds()
    process = run(ours_command(model, texts, vectors, threads, extra), clean_environment())
    used = _processor_seconds() - before
    for line in process.stderr.splitlines():
        if line.startswith("{") and (values := json.loads(line))["message"] == "encoded":
            return values | {"processor_seconds": used}
    raise Failure("embedding-job has not logged what it has encoded")


def _processor_seconds() -> float:
    """Processor time of all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def core_rates() -> tuple[float, float]:
    """What the core does at the moment: instructions and register multiply-adds (GFLOP/s) a nanosecond."""
    rates = json.loads(run([MICROBENCHMARKS, "--core-rates"]).stdout)
    return rates["instructions"], rates["multiply_adds"]


def ours_command(model: Path, texts: Path | str, vectors: Path | str, threads: int, extra: str) -> list[object]:
    """The command line that is measured."""
    files = ["--model", model, "--input", texts, "--output", vectors]
    return [EXECUTABLE, "encode", *files, "--threads", threads, *shlex.split(extra)]
