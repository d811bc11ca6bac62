"""What parts need. Each function says what is missing and how to get it, or nothing if it is there."""

import functools
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from comparison import environment
from comparison.processes import Failure, run

from . import ROOT

BUILT = ROOT / ".build/release"
MODEL = ROOT / "weights/all-MiniLM-L6-v2"
PEERS = ["ctranslate2", "ctranslate2-int8"]

Need = Callable[[], str | None]


def built(product: str) -> Need:
    """An executable."""
    return lambda: None if (BUILT / product).exists() else f"{product} is not built; swift build -c release builds it"


def model() -> str | None:
    """The weights."""
    is_there = (MODEL / "model.safetensors").exists()
    return None if is_there else f"{MODEL.name} is not there; Scripts/fetch-weights fetches it (90 MB)"


def peers() -> str | None:
    """The environment of the other libraries."""
    command = f"Benchmarks/peers/run --peers {','.join(PEERS)}"
    return None if environment.is_installed(PEERS) else f"the libraries are not installed; {command} installs them (2 GB)"


def wrk() -> str | None:
    """The tool that sends requests."""
    return None if shutil.which("wrk") else "wrk is not installed; it is in Debian's package of that name"


@functools.cache
def database() -> str | None:
    """The private server, which is fetched and started if need be."""
    try:
        run([ROOT / "Scripts/postgres", "start"])
    except Failure as failure:
        return f"Scripts/postgres cannot start a server: {failure}"
    return None


def instructions(flag: str, name: str) -> Need:
    """What the processor can do, as the kernel calls it."""

    def missing() -> str | None:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        is_there = any(line.startswith("flags") and flag in line.split() for line in lines)
        return None if is_there else f"this processor has no {name}"

    return missing


def two_processors() -> str | None:
    """What two threads need."""
    return None if len(os.sched_getaffinity(0)) > 1 else "two threads need two processors, and this process may use one"


def room(gigabytes: float) -> Need:
    """In the temporary folder and in that of the private server."""

    def missing() -> str | None:
        for folder in (tempfile.gettempdir(), str(ROOT)):
            if shutil.disk_usage(folder).free < gigabytes * 1e9:
                return f"it needs {gigabytes:g} GB in {folder}, which are not free"
        return None

    return missing
