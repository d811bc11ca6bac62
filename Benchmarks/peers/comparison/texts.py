"""The texts that everybody gets."""

import json
from pathlib import Path

from .processes import LOCAL, Failure

ASCII_WHITE_SPACE = " \t\n\v\f\r"


def prepare(source: Path, cut: int | None) -> Path:
    """Writes the texts of a file of JSON lines as `{"text": ...}`, cut to so many characters, and returns that file."""
    try:
        lines = source.read_text(encoding="utf-8").split("\n")
        texts = [text_of(json.loads(line))[:cut] for line in lines if line.strip()]
    except (OSError, ValueError, KeyError) as error:
        raise Failure(f"not a file of texts: {error}") from None
    if not texts:
        raise Failure("the file has no text")
    file = LOCAL / "texts" / f"{source.stem}-{cut or 'whole'}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="ascii")
    return file


def text_of(record: dict[str, str | None]) -> str:
    """The text of a record, or its title twice and its description, as `encode` takes them: what is blank is left out."""
    if (text := record.get("text")) is not None:
        return text
    title = record["title"] or ""
    parts = (title, title, record.get("description") or "")
    return " ".join(part for part in parts if part.strip(ASCII_WHITE_SPACE))
