"""The result as Markdown and as JSON."""

import json
import textwrap
from dataclasses import asdict
from pathlib import Path
from statistics import median

from libraries import CATALOG

from .measurement import OURS, Contender, Measurement

HEADINGS = (
    "", "batch size", "seconds: median (min–max)", "processor seconds", "texts/s", "tokens/s",
    "we are … times as fast", "by processor time", "instructions/ns", "GFLOP/s in registers", "smallest cosine",
    "largest difference",
)  # fmt: skip


def table(rows: list[list[str]]) -> str:
    """Rows as Markdown, names to the left and figures to the right; the first row has the headings."""
    ruler = ["---"] + ["---:"] * (len(rows[0]) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (rows[0], ruler, *rows[1:]))


def section(measurement: Measurement) -> str:
    """One file of texts."""
    cut = f", each cut to {measurement.cut:,} characters" if measurement.cut else ""
    tokens = f"{measurement.tokens:,} tokens after truncation" if measurement.tokens else "tokens unknown"
    rows = [list(HEADINGS)] + [_row(contender, measurement) for contender in measurement.contenders]
    parts = [f"## {measurement.source.name}{cut}", f"{measurement.texts:,} texts, {tokens}.", table(rows)]
    if sweeps := [contender for contender in measurement.contenders if contender.sweep]:
        sizes = sorted({size for one in sweeps for size in one.sweep})
        rates = [
            [_title(one)] + [f"{one.sweep[size]:.1f}" if size in one.sweep else "–" for size in sizes] for one in sweeps
        ]
        parts += ["Texts/s of a sample by batch size:", table([[""] + [str(size) for size in sizes], *rates])]
    return "\n\n".join(parts)


def _title(contender: Contender) -> str:
    return f"**{OURS}**" if contender.name == OURS else CATALOG[contender.name].title


def _row(contender: Contender, measurement: Measurement) -> list[str]:
    seconds = contender.median
    if seconds is None:
        reason = textwrap.shorten((contender.failure or "not measured").replace("|", "\\|"), 160, placeholder="…")
        return [_title(contender), "–", f"failed: {reason}"] + ["–"] * (len(HEADINGS) - 3)
    ratios = measurement.times_as_fast(contender)
    return [
        _title(contender),
        str(contender.batch_size or "–"),
        _range(contender.seconds, 3),
        _range(contender.processor_seconds, 2),
        f"{measurement.texts / seconds:.1f}",
        f"{measurement.tokens / seconds:,.0f}" if measurement.tokens else "–",
        *([f"{ratio:.2f}" for ratio in ratios] if ratios else ["–", "–"]),
        _range(contender.instructions, 1),
        _range(contender.multiply_adds, 0),
        f"{contender.cosine:.7f}",
        f"{contender.difference:.1e}",
    ]


def _range(values: list[float], places: int) -> str:
    """The median, and the ends in brackets."""
    return f"{median(values):.{places}f} ({min(values):.{places}f}–{max(values):.{places}f})"


def as_json(measurements: list[Measurement]) -> str:
    """All figures of all files of texts."""

    def figures(contender: Contender, measurement: Measurement) -> dict:
        wall, processor = measurement.times_as_fast(contender) or (None, None)
        return asdict(contender) | {"times_as_fast": wall, "times_as_fast_by_processor_time": processor}

    files = [
        asdict(one) | {"contenders": [figures(contender, one) for contender in one.contenders]} for one in measurements
    ]
    return json.dumps(files, indent=2, default=str) + "\n"


def write(text: str, folder: Path, date: str) -> Path:
    """Writes the report to DATE.md, or to DATE-2.md and so on: what was measured before stays."""
    folder.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        file = folder / (f"{date}.md" if number == 1 else f"{date}-{number}.md")
        try:
            with file.open("x", encoding="utf-8") as stream:
                stream.write(text)
            return file
        except FileExistsError:
            number += 1
