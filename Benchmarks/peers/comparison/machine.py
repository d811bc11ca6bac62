"""What was measured, and where."""

import os
import platform
import re
from pathlib import Path

from .processes import EXECUTABLE, Failure, run, worker

LIBRARIES = (
    "onnxruntime", "ctranslate2", "openvino", "torch", "transformers", "sentence-transformers", "tokenizers", "numpy",
)  # fmt: skip


def processor() -> str:
    """The processor's name as the kernel knows it."""
    match = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return match[1] if match else platform.machine()


def load() -> str:
    """The load averages of 1, 5 and 15 minutes."""
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def versions() -> str:
    """Python and every library that is installed."""
    installed = worker("versions")
    named = [f"{name} {installed[name]}" for name in LIBRARIES if name in installed]
    return ", ".join([f"Python {installed['python']}", *named])


def our_version() -> str:
    """The executable's own word, and the commit of the working tree."""
    version = run([EXECUTABLE, "--version"]).stdout.strip()
    try:
        return f"{version} ({run(['git', 'describe', '--always', '--dirty']).stdout.strip()})"
    except Failure:
        return version
