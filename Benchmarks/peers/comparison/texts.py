"""The texts that everybody gets."""

import json
from pathlib import Path

from .processes import LOCAL, Failure


def prepare(source: Path, cut: int | None) -> Path:
    """Writes the texts of a file of JSON lines as `{"text": ...}`, cut to so many characters, and returns that file."""
    try:
        lines = source.read_text(encoding="utf-8").split("\n")
        texts = [_text(json.loads(line))[:cut] for line in lines if line.strip()]
    except (OSError, ValueError, KeyError) as error:
        raise Failure(f"not a file of texts: {error}") from None
    if not texts:
        raise Failure("the file has no text")
    file = LOCAL / "texts" / f"{source.stem}-{cut or 'whole'}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="ascii")
    return file


def _text(record: dict) -> str:
    """The text of a row: the title counts twice, and what is missing is left out."""
    if "text" in record:
        return record["text"]
    title = record["title"]
    return " ".join(part for part in (title, title, record.get("description")) if part)
