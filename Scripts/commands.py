"""What the executables say of themselves: their commands and options, by --experimental-dump-help.

Shared by make-man-pages and make-command-reference, which explain an option that several commands share only once.
"""

import json
import subprocess
import sys
from pathlib import Path

EXECUTABLES = {
    "catalog-fetch": "Fills a table from Hugging Face and Kaggle",
    "catalog-server": "Searches a table of datasets over HTTP",
    "embedding-job": "Gives rows of a PostgreSQL table their sentence embeddings",
}
# In every command, and explained once for all.
GENERAL = ("help", "version")


def said(executable: Path, option: str) -> str:
    """What an executable prints for an option."""
    return subprocess.run([executable, option], check=True, stdout=subprocess.PIPE, text=True, cwd="/").stdout.strip()


def description(executable: Path) -> dict:
    """The program as its first command."""
    tree = json.loads(said(executable, "--experimental-dump-help"))
    if tree["serializationVersion"] != 0:
        sys.exit(f"{executable.name} describes itself in a form that is not known; change Scripts/commands.py")
    return tree["command"]


# MARK: Commands


def leaves(command: dict, path: list[str]):
    """The commands that do something, each with its words."""
    children = [child for child in command.get("subcommands", []) if child.get("shouldDisplay", True)]
    if not children:
        yield path, command
    for child in children:
        # "help" is said once, for the whole program.
        if child["commandName"] != "help":
            yield from leaves(child, [*path, child["commandName"]])


def groups(command: dict, path: list[str]):
    """The commands that only have others, the program itself aside, each with its words."""
    for child in command.get("subcommands", []):
        if child.get("subcommands"):
            yield [*path, child["commandName"]], child
            yield from groups(child, [*path, child["commandName"]])


def order(root: dict, words: list[str]) -> list[int]:
    """Where a command stands in the help, a group before its commands."""
    places = []
    for word in words:
        names = [child["commandName"] for child in root["subcommands"]]
        places.append(names.index(word))
        root = root["subcommands"][places[-1]]
    return places


# MARK: Options


def spelled(name: dict) -> str:
    return ("--" if name["kind"] == "long" else "-") + name["name"]


def is_general(option: dict) -> bool:
    return any(name["name"] in GENERAL for name in option.get("names", []))


def shown(command: dict) -> list[dict]:
    """The arguments of a command that its help shows, but for those of every command."""
    return [
        option for option in command.get("arguments", []) if option.get("shouldDisplay", True) and not is_general(option)]


def identity(option: dict) -> str:
    """What makes two options of two commands the same."""
    return json.dumps(option, sort_keys=True)


def shared(commands: list) -> set[str]:
    """The identities of options that more than one command has."""
    seen, twice = set(), set()
    for _, command in commands:
        for option in map(identity, shown(command)):
            (twice if option in seen else seen).add(option)
    return twice


def explanation(option: dict) -> str:
    """What the help says of an option in its first lines, its values and its default included."""
    text = option.get("abstract") or ""
    if "allValues" in option:
        text += f" One of: {', '.join(option['allValues'])}."
    if option.get("defaultValue") and "default" not in text:
        text += f" Default: {option['defaultValue']}."
    return text.strip()
