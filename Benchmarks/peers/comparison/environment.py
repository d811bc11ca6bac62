"""Makes everything ready: the executable, the model, a virtual environment, and the model in each peer's format."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from libraries import CATALOG, REFERENCE

from .processes import EXECUTABLE, HERE, LOCAL, MICROBENCHMARKS, PYTHON, REPOSITORY, Failure, run, worker

MODEL = Path(os.environ.get("EMBEDDING_WEIGHTS", REPOSITORY / "weights")).resolve() / "all-MiniLM-L6-v2"
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"


def say(text: str) -> None:
    """Progress goes to standard error."""
    print(f"peers: {text}", file=sys.stderr, flush=True)


def build() -> None:
    """Builds the executable unless it is there, and verifies the model."""
    if not (EXECUTABLE.exists() and MICROBENCHMARKS.exists()):
        _run_visibly("swift", "build", "-c", "release")
    _run_visibly("Scripts/fetch-weights", MODEL.name)


def _run_visibly(*command: str) -> None:
    """Runs a command of the repository whose messages are for the reader."""
    say(" ".join(command))
    try:
        subprocess.run(command, cwd=REPOSITORY, stdout=sys.stderr, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failure(f"{command[0]} has failed: {error}") from None


def is_installed(peers: list[str]) -> bool:
    """Whether nothing needs to be fetched for these peers and the reference."""
    names = ["torch", "base", *(CATALOG[peer].requirements for peer in peers)]
    return PYTHON.exists() and all(map(_is_recorded, filter(None, names)))


def prepare(peers: list[str]) -> tuple[dict[str, Path], dict[str, str]]:
    """The peers' folders with the model, and why some have none. The reference must have one."""
    if not PYTHON.with_name("pip").exists():
        say(f"creating {PYTHON.parent.parent}")
        try:
            run([sys.executable, "-m", "venv", "--clear", PYTHON.parent.parent])
        except Failure as failure:
            raise Failure(f"no virtual environment (Debian has the module in python3-venv): {failure}") from None
    _install("torch")
    _install("base")
    folders, failures = {REFERENCE: _export(REFERENCE)}, {}
    for peer in peers:
        try:
            if requirements := CATALOG[peer].requirements:
                _install(requirements)
            folders[peer] = _export(peer)
        except Failure as failure:
            failures[peer] = str(failure)
            say(f"{peer}: {failure}")
    return folders, failures


def _requirements(name: str) -> tuple[Path, Path]:
    """A requirements file, and its copy from when it was installed."""
    return HERE / "requirements" / f"{name}.txt", PYTHON.parent.parent / f"installed-{name}.txt"


def _is_recorded(name: str) -> bool:
    requirements, record = _requirements(name)
    return record.exists() and record.read_bytes() == requirements.read_bytes()


def _install(name: str) -> None:
    """Installs one requirements file, unless that very file was installed before."""
    if _is_recorded(name):
        return
    requirements, record = _requirements(name)
    say(f"installing {requirements.name}")
    # The files are complete, so pip has nothing to resolve.
    install = [PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    install += ["--requirement", requirements]
    try:
        run(install)
    except Failure as failure:
        if name != "torch":
            raise Failure(f"cannot be installed: {failure}") from None
        run([*install, "--index-url", TORCH_INDEX])
    shutil.copy(requirements, record)


def _export(peer: str) -> Path:
    """The folder with the model as the peer wants it, written unless model, pins and exporting code are unchanged."""
    folder = LOCAL / "models" / peer
    record = folder / "made-from.txt"
    state = _state(peer)
    if not record.exists() or record.read_text() != state:
        say(f"exporting the model for {peer}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            worker("export", peer, "--model", MODEL, "--folder", folder)
        except Failure as failure:
            raise Failure(f"cannot be exported: {failure}") from None
        record.write_text(state)
    return folder


def _state(peer: str) -> str:
    """The checksums of what an export depends on."""
    pins = ["torch.txt", "base.txt"]
    if requirements := CATALOG[peer].requirements:
        pins.append(f"{requirements}.txt")
    sources = ["batches.py", "onnx_graph.py", f"{CATALOG[peer].module}.py"]
    files = [MODEL / "model.safetensors", MODEL / "tokenizer.json"]
    files += [HERE / "requirements" / name for name in pins] + [HERE / "libraries" / name for name in sources]
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file}\n" for file in files)
