"""The rows of the README's tables, and how the figures of parts become their cells."""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import ROOT


@dataclass(frozen=True)
class Cell:
    """Figures as they are shown, and one for each number of the README's cell, or none where a ratio says nothing."""

    text: str
    figures: list[float | None]


@dataclass(frozen=True)
class Row:
    """A row of the README by its name there, the parts that measure it, and what makes cells of their figures."""

    name: str
    parts: tuple[str, ...]
    cells: Callable[..., list[Cell]]


def ratios(figures: list[dict], texts: str) -> tuple[float, float]:
    """How many times as fast we are, by processor time and by wall time."""
    ours, peer = {Path(one["source"]).name: one["contenders"] for one in figures}[texts]
    if peer["times_as_fast"] is None:
        raise ValueError(f"{peer['name']}: {peer['failure'] or ours['failure']}")
    return peer["times_as_fast_by_processor_time"], peer["times_as_fast"]


def times_as_fast(*figures: list[dict]) -> list[Cell]:
    """A cell for each file of texts, in it a figure for each part."""
    cells = []
    for texts in ("registry.jsonl", "short.jsonl"):
        pairs = [ratios(one, texts) for one in figures]
        text = ", ".join(f"{processor:.2f} ({wall:.2f})" for processor, wall in pairs)
        cells.append(Cell(text, [processor for processor, _ in pairs]))
    return cells


def against_sentence_transformers(figures: list[dict]) -> list[Cell]:
    """By wall time, as it was first measured."""
    (processor, wall), (short_processor, short_wall) = (ratios(figures, f"{name}.jsonl") for name in ("registry", "short"))
    text = f"{wall:.2f} / {short_wall:.2f} times as fast (by processor time {processor:.2f} / {short_processor:.2f})"
    return [Cell(text, [wall, short_wall])]


def shares(*figures: dict) -> list[Cell]:
    """Of the rate of sgemm just before."""
    percents = [100 * one["results"][0]["gemm_share"]["median"] for one in figures]
    return [Cell(" / ".join(f"{percent:.1f} %" for percent in percents), percents)]


def one(form: str, figure: Callable[[dict], float]) -> Callable[[dict], list[Cell]]:
    """A single figure in its form."""
    return lambda figures: [Cell(form.format(figure(figures)), [figure(figures)])]


def table_to_table(figures: dict) -> list[Cell]:
    """Percent of the rate of file to file, by wall time."""
    percent, by_processor_time = 100 * figures["ratio"], 100 * figures["processor_ratio"]
    return [Cell(f"{percent:.1f} % (by processor time {by_processor_time:.1f} %)", [percent])]


def database_half(figures: dict) -> list[Cell]:
    """Rows a second, and the share of the bare loop."""
    rate, percent = figures["run"]["rate"], 100 * figures["share"]
    return [Cell(f"{rate:,.0f} rows/s / {percent:.0f} %", [rate, percent])]


def document_costs(figures: list[dict]) -> list[Cell]:
    """Of both files of texts."""
    costs = [one["document"] for one in figures]
    return [Cell(" / ".join(f"{cost:.2f}" for cost in costs) + " ms server a row", costs)]


def searches(figures: dict) -> list[Cell]:
    """Those without a filter."""
    times = figures["all"]
    return [Cell(f"{times['median']:.0f} / {times['p95']:.0f} ms", [times["median"], times["p95"]])]


def requests(figures: dict) -> list[Cell]:
    """Of four clients, and the memory after all requests and after a tenth; the README's last number is that tenth."""
    times = {row["name"]: row for row in figures["searches"]}["4"]
    tenth, last = figures["memory"][2], figures["memory"][-1]
    rate, median, p95, memory = times["rate"], times["median"], times["p95"], last["resident"] / 1e6
    text = f"{rate:.0f} a second, {median:.0f} / {p95:.0f} ms; {memory:.0f} MB"
    text += f", {tenth['resident'] / 1e6:.0f} after {tenth['requests']:,}"
    return [Cell(text, [rate, median, p95, memory, None])]


def seeds(figures: dict) -> list[Cell]:
    """The first of both."""
    first = figures["empty table"]
    seconds, rate, memory = first["seconds"], first["rate"], first["memory"] / 1e6
    return [Cell(f"{seconds:.0f} s, {rate:,.0f} rows/s / {memory:.0f} MB", [seconds, rate, memory])]


TABLES = [
    [
        Row("`exact`, against float32, with AVX-512", ("exact-avx512",), times_as_fast),
        Row("`exact`, against float32, AVX2 alone", ("exact-avx2",), times_as_fast),
        Row("`fast`, against int8, with AVX-512", ("fast-avx512",), times_as_fast),
        Row("`fast`, against int8, AVX2 alone", ("fast-avx2",), times_as_fast),
        Row("both with AVX-512 and two threads", ("exact-two-threads", "fast-two-threads"), times_as_fast),
    ],
    [
        Row("registry / short, against sentence-transformers", ("sentence-transformers",), against_sentence_transformers),
        Row("share of the rate of matrix products alone, registry / short", ("products-registry", "products-short"), shares),
        Row("table to table, in percent of the rate of file to file", ("drain",), table_to_table),
        Row("peak memory, 10,000 registry records", ("memory",), one("{:.0f} MB", lambda figures: figures["memory"] / 1e6)),
        Row("start of the process to the end of a run of one row", ("drain",), one("{:.2f} s", lambda figures: figures["start"])),
        Row("the database's half, with an encoder that costs nothing, 100,000 rows / share of a bare loop of UPDATEs",
            ("ceiling",), database_half),
        Row("– documents for searches, of a registry record / of one line", ("documents",), document_costs),
        Row("a search among 100,000 rows, in the database: median / 95th percentile", ("search",), searches),
        Row("– by HTTP, 4 clients on two cores / memory after 100,000 requests", ("service",), requests),
        Row("Meta Kaggle, 600,000 datasets in 1 GB of CSV, into an empty table / memory", ("seed",), seeds),
    ],
]


def readme_tables() -> list[dict[str, list[str]]]:
    """The cells of the README's two tables by the names of their rows, which must be those of TABLES."""
    chapter = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Performance\n")[2].partition("\n## ")[0]
    tables = []
    for block in re.findall(r"(?m)(?:^\|.*\n)+", chapter):
        # The first two lines are headings and a ruler.
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()[2:]]
        tables.append({name: others for name, *others in cells})
    if [list(one) for one in tables] != [[row.name for row in rows] for rows in TABLES]:
        sys.exit("all: the tables of README.md's section Performance have other rows than Benchmarks/all")
    return tables


def quotients(cell: Cell, readme: str) -> str:
    """What was measured here over what the README says, figure by figure."""
    numbers = [float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?:\.\d+)?(?<!,)", readme)]
    if len(numbers) != len(cell.figures):
        raise ValueError(f"README.md says {readme!r}, which are not {len(cell.figures)} numbers")
    return " / ".join(f"{here / there:.2f}" for here, there in zip(cell.figures, numbers) if here is not None)
