"""The result as Markdown."""

import datetime
import json
import os

from comparison import machine
from comparison.processes import Failure, run
from comparison.report import table

from . import ROOT
from .measuring import SAMPLE, Outcome, State
from .prerequisites import BUILT, MODEL
from .rows import TABLES, Row, quotients

HEADINGS = [
    ["", "registry: README", "here", "ratio", "short: README", "here", "ratio", "aim"],
    ["what", "README", "here", "ratio", "aim"],
]
NOTE = """Times as fast as CTranslate2 are by processor time, in brackets by wall time. A ratio is the figure of this machine
over that of the README."""


def facts(command: str, before: State, after: State, variables: dict[str, str], texts: list[str], removed: list[str]) -> str:
    """Where, with what and how it was measured."""
    allowed = len(os.sched_getaffinity(0))
    lines = {
        "command": f"`{command}`",
        "processor": f"{machine.processor()}, {os.cpu_count()} processors",
        "threads": f"those of the commands, else {allowed}, for which affinity allows",
        "products of matrices": _or_reason(lambda: _engines(variables)),
        "load before and after": f"{before.load}; {after.load}",
        "core before and after (instructions/ns, GFLOP/s in registers)": f"{before.core}; {after.core}",
        "embedding-job": _or_reason(machine.our_version),
        "other libraries": _or_reason(machine.versions),
        "database": _or_reason(_database),
        "texts": "; ".join(texts),
        "removed from the environment": ", ".join(removed) or "nothing",
    }
    return "\n".join(f"- {name}: {value}" for name, value in lines.items())


def _or_reason(fact) -> str:
    try:
        return fact()
    except Failure as failure:
        return f"unknown: {failure}"


def _engines(variables: dict[str, str]) -> str:
    """Our own, and what openblas_get_corename says in the environment of the parts."""
    command = [BUILT / "microbenchmarks", "--filter", "gemm qkv, 512 rows", "--repetitions", "1", "--json"]
    command += ["--model", MODEL, "--input", SAMPLE]
    return ", ".join(json.loads(run(command, variables).stdout)["engines"])


def _database() -> str:
    """Versions, and who else is connected: the server's processor time counts them too."""
    query = (
        "SELECT format('PostgreSQL %s, pgvector %s, other sessions at the end: %s',"
        " split_part(current_setting('server_version'), ' ', 1),"
        " (SELECT default_version FROM pg_available_extensions WHERE name = 'vector'),"
        " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()))"
    )
    return run([ROOT / "Scripts/postgres", "psql", "--no-psqlrc", "-Atc", query]).stdout.strip()


def tables(readme: list[dict[str, list[str]]], outcomes: dict[str, Outcome]) -> list[str]:
    """Both tables. Parts whose figures are not understood have failed then."""
    made = []
    for heading, rows, said in zip(HEADINGS, TABLES, readme, strict=True):
        lines = [heading]
        for row in rows:
            *figures, aim = said[row.name]
            lines.append([row.name, *_compared(row, figures, [outcomes[name] for name in row.parts]), aim])
        made.append(table(lines))
    return made


def _compared(row: Row, readme: list[str], parts: list[Outcome]) -> list[str]:
    """For each cell of the README: it, what was measured here, and the ratio."""
    if all(part.figures is not None for part in parts):
        try:
            cells = zip(readme, row.cells(*(part.figures for part in parts)), strict=True)
            return [text for there, cell in cells for text in (there, cell.text, quotients(cell, there))]
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            for part in parts:
                part.fail(f"figures of the row {row.name!r} are not understood: {type(error).__name__}: {error}")
    reason = next(part.reason for part in parts if part.figures is None).replace("|", "\\|")
    return [text for there in readme for text in (there, reason, "")]


def report(warnings: list[str], heading: str, both: list[str], outcomes: dict[str, Outcome]) -> str:
    """All of it."""
    parts = [["part", "seconds", "core before", "core after", "load before", "load after", ""]]
    for name, outcome in outcomes.items():
        if outcome.seconds is not None:
            cores, loads = [state.core for state in outcome.states], [state.load for state in outcome.states]
            parts.append([name, f"{outcome.seconds:.0f}", *cores, *loads, outcome.reason.replace("|", "\\|")])
    title = f"# Benchmarks, {datetime.date.today()}"
    emphasized = [f"**{warning}**" for warning in warnings]
    return "\n\n".join([title, *emphasized, heading, NOTE, *both, "## Parts", table(parts)]) + "\n"
