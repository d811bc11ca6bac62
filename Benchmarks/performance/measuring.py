"""Runs a part, in an environment that falsifies nothing, and reads its figures."""

import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from comparison import machine
from comparison.processes import Failure, clean_environment, core_rates

from . import ROOT
from .parts import AVX2_ALONE, Part

SAMPLE = ROOT / "Scripts/sample/datasets.jsonl"
QUICK_TEXTS = 32


def say(text: str) -> None:
    """Progress goes to standard error."""
    print(f"all: {text}", file=sys.stderr, flush=True)


@dataclass
class State:
    """Of the machine, at a moment."""

    core: str
    """Instructions a nanosecond, and GFLOP/s of multiply-adds in registers."""
    load: str

    @staticmethod
    def now() -> "State":
        try:
            instructions, multiply_adds = core_rates()
        except Failure:
            return State("unknown", machine.load())
        return State(f"{instructions:.1f}, {multiply_adds:.0f}", machine.load())


@dataclass
class Outcome:
    """What became of a part: its figures, or why there are none."""

    figures: object = None
    reason: str = "not asked for"
    is_to_do: bool = False
    is_left_out: bool = False
    has_failed: bool = False
    seconds: float | None = None
    states: list[State] = field(default_factory=list)
    """Before and after."""

    def leave_out(self, reason: str) -> None:
        self.is_left_out, self.reason = True, f"left out: {reason}"

    def fail(self, reason: str) -> None:
        self.figures, self.has_failed, self.reason = None, True, f"failed: {reason}"


def prepare_texts(registry: Path | None, short: Path | None, is_quick: bool, folder: Path) -> tuple[dict[str, str], list[str]]:
    """The words of commands that stand for files, which lie in the folder under names that all parts know; what they are."""
    files, described = {}, []
    for name, chosen in (("registry", registry), ("short", short)):
        lines = [line for line in (chosen or SAMPLE).read_text(encoding="utf-8").split("\n") if line.strip()]
        origin = f"those of {chosen.name}" if chosen else "records of the committed sample"
        if not chosen and name == "short":
            lines = [json.dumps({"text": json.loads(line)["title"]}) for line in lines]
            origin = "titles of the committed sample"
        lines = lines[:QUICK_TEXTS] if is_quick else lines
        described.append(f"{name}: {len(lines):,} texts, {origin}")
        file = folder / f"{name}.jsonl"
        file.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        files[name.upper()] = str(file)
    return files, described


def clean_settings() -> tuple[dict[str, str], list[str]]:
    """The environment of all parts, and the names of what was taken out of it. The private server's settings stay."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("EMBEDDING_PG_")}
    variables = {name: value for name, value in (clean_environment() | kept).items() if name not in AVX2_ALONE}
    return variables, sorted(os.environ.keys() - variables.keys())


def measure(part: Part, words: list[str], variables: dict[str, str], folder: Path, outcome: Outcome) -> None:
    """Runs a part to its end; what it prints goes into the folder as NAME.txt, its figures as NAME.json."""
    output, figures = folder / f"{part.name}.txt", folder / f"{part.name}.json"
    if not part.prints_json:
        words = [*words, "--json", str(figures)]
    if part.reports:
        words = [*words, "--results", str(folder / "peers")]
    outcome.is_to_do, outcome.states = False, [State.now()]
    start = time.monotonic()
    # Both append, so that neither writes over the other.
    with output.open("a", encoding="utf-8") as errors, (figures if part.prints_json else output).open("a") as printed:
        errors.write(f"$ {shlex.join(words)}\n\n")
        errors.flush()
        process = subprocess.Popen(
            words, cwd=ROOT, env=variables | part.environment, stdin=subprocess.DEVNULL, stdout=printed, stderr=errors
        )
        try:
            status = process.wait()
        except KeyboardInterrupt:
            # The part has been interrupted as well, and drops the tables that it has made.
            process.wait()
            raise
    outcome.seconds = time.monotonic() - start
    outcome.states.append(State.now())
    if status:
        outcome.fail(f"exit status {status}, see {output.name}")
        return
    outcome.reason = "done"
    try:
        outcome.figures = json.loads(figures.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        outcome.fail(f"no figures in {figures.name}: {error}")
