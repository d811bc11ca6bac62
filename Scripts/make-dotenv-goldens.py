#!/usr/bin/env python3
# /// script
# requires-python = ">=3.10"
# dependencies = ["python-dotenv==1.2.4"]
# ///
"""Writes the goldens of Tests/CommandSupportTests: what python-dotenv makes of the texts of .env files."""

import importlib.metadata
import io
import json
import pathlib

from dotenv.main import DotEnv
from dotenv.parser import parse_stream

TEXTS = [
    "", "A=b", "A=b\r\nC=d\r\n", "A=b\rC=d", "\ufeffA=b\r\nC=d", "\n\n  \nA=b\n\n\nC=d\n",
    "export A=b", "export\tA=b", "exportA=b", "export A", "export 'A'=b", "A", "A\n=b\nC=d",
    "A=", 'A=""', "A=''", "A = b ", "  A=b", "\tA=b\u00a0", "A=\u2028b", "A=\x0bb",
    "A=b # c", "A=b#c", "A=b\t#c", "A=#c", "A= #c", "A=#", 'A="b # c" # d', "A='b # c'#d", "# A=b", "#A=b\nC=d",
    'A="b\\nc\\t\\"d\\\\"', "A='b\\nc\\'d\\\\'", 'A="\\u00e9\\x\\a"', "A=a\\nb", "A='b\\'", 'A="b\\"', 'A="b\\',
    'A="b\nc"\nD=e', "A='b\r\nc'", 'A="b', "A='b\nC=d", 'A="b" c\nD=e', "A='it''s'\nC=d", 'A="b" ',
    "=b\nC=d", "no setting\nC=d", "unset A\nC=d", "A:b", "A: b\nC=d", "'A B'=c", "'A=c", "A==b", "A=b=c", "A=b c d",
    "A=`b`", "A-B.C=d", "A=\u00fc", "\u00e9=b", "A=b \\\nC=d", "A=b;C=d", "A=b\nA=c",
    "A=${B}\nB=c", "B=c\nA=${B}x", "A=${NOPE:-fallback}", "A=${NOPE}", "B=\nA=${B:-f}", "A=$B", "B=c\nA='${B}'",
    'B=c\nA="x${B}y${B}"', "${A}=b", "A=${B:-a:-b}", 'A="\\$B"', "A=${}", "B=c\nA=${B", "A=a\nA=${A}b",
    "A=postgresql://u:p%40w#x@h/d?sslmode=require", 'A="postgresql://u:p#w@h/d"\r\n',
]


def read(text):
    """The settings of a text, and the lines that could not be read."""
    stream = lambda: io.StringIO(text, newline="")
    values = DotEnv(None, stream=stream(), override=False).dict()
    lines = [binding.original.line for binding in parse_stream(stream()) if binding.error]
    return {name: value for name, value in values.items() if value is not None}, lines


def main():
    path = pathlib.Path(__file__).parent.parent / "Tests/CommandSupportTests/Fixtures/dotenv.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    cases = []
    for text in TEXTS:
        values, lines = read(text)
        cases.append({"text": text, "values": values, "unreadable_lines": lines})
    reference = f"python-dotenv {importlib.metadata.version('python-dotenv')}"
    path.write_text(json.dumps({"reference": reference, "cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main()
