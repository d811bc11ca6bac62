#!/usr/bin/env python3
"""Follows the user guide line by line, in a Debian that Scripts/guide-test has made.

usage: Scripts/guide/follow.py --check                      holds differences.toml against the chapters; runs nothing
       Scripts/guide/follow.py ROOT [CHAPTER]     a chapter's name without .md; all unless it is given

GUIDE_PORT is the port of db.example.org, GUIDE_SERVER_PORT that of the server behind it, GUIDE_SERVICE_PORT one that is free, and
GUIDE_PASSWORD the password of the roles that the guide creates.

Every line of a block `sh` and every statement of a block `sql` is run as the chapter has it, by one shell a chapter, and has to end
with 0. What is done otherwise stands in differences.toml with its reason. A rule there that fits nothing is an error, and so is a
line that cannot be run and that no rule fits. Where a line's comment begins with an object of JSON, or its block is followed by
one, the names of its keys are to be found in what the line prints.
"""

import collections
import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import sys
import tomllib

FOLDER = pathlib.Path(__file__).resolve().parent
CHECKOUT = FOLDER.parent.parent
GUIDE = CHECKOUT / "Sources/EmbeddingJob/EmbeddingJob.docc"
KINDS = {"leave-out": {"why"}, "change": {"to", "why"}, "before": {"run", "why"}, "after": {"run", "why"}, "status": {"is", "why"}}
SECONDS_OF_A_CHAPTER = 600


def say(message):
    print(f"guide-test: {message}", file=sys.stderr)


def fail(message):
    say(message)
    sys.exit(1)


# MARK: The guide

# `block` is the number of its block's first line: statements of one block share a session.
Line = collections.namedtuple("Line", "file block number language text keys")


def is_whole(text):
    """Whether the shell would wait for more."""
    shell = subprocess.run(["bash", "-n", "-c", text], capture_output=True, text=True)
    return not text.endswith("\\") and "unexpected end of file" not in shell.stderr and "unexpected EOF" not in shell.stderr


def split(block, first, language):
    """The lines of a block, as (number, text): with their continuations in the shell, up to a semicolon in SQL."""
    pending, start = [], first
    for number, line in enumerate(block, first):
        if not pending and not line.strip():
            continue
        start = start if pending else number
        pending.append(line)
        text = "\n".join(pending)
        if is_whole(text) if language == "sh" else re.search(r";\s*(--.*)?$", line):
            yield start, text
            pending = []
    if pending:
        fail(f"the block that ends before line {first + len(block)} breaks off: {pending[0]}")


def follows(content, line, fence):
    """Whether the block whose fence is before line `fence` comes after that of `line`, with a paragraph between them at most."""
    end = content.index("```", line.number)
    return not any(text.startswith(("#", "|", "```")) for text in content[end + 1 : fence - 1])


def keys_of(text):
    return re.findall(r'"(\w+)":', text)


def lines_of(path, sections):
    """All lines of a file's blocks, or of those below the headings of `sections`."""
    content = path.read_text().split("\n")
    lines, heading, index = [], "", 0
    seen = set()
    while index < len(content):
        if match := re.match(r"#+ (.*)", content[index]):
            heading = match[1]
            seen.add(heading)
        fence = re.match(r"```(\w*)$", content[index])
        index += 1
        if not fence:
            continue
        end = content.index("```", index)
        block = content[index:end]
        if not sections or heading in sections:
            if fence[1] in ("sh", "sql"):
                for number, text in split(block, index + 1, fence[1]):
                    shown = re.search(r" # (\{.*)", text) if fence[1] == "sh" else None
                    lines.append(Line(path.name, index + 1, number, fence[1], text, keys_of(shown[1]) if shown else []))
            elif fence[1] == "json" and lines and follows(content, lines[-1], index):
                lines[-1].keys.extend(keys_of("\n".join(block)))
        index = end + 1
    if missing := set(sections) - seen:
        fail(f"{path.name} has no section {', '.join(sorted(missing))}")
    return lines


# MARK: What is done otherwise


class Differences:
    """The rules of differences.toml."""

    def __init__(self):
        table = tomllib.loads((FOLDER / "differences.toml").read_text())
        self.chapters, self.tables, self.elsewhere = table.pop("chapter"), table.pop("table"), table.pop("elsewhere")
        self.rules = []
        for kind, rules in table.items():
            for rule in rules:
                if kind not in KINDS or set(rule) - {"chapter"} != KINDS[kind] | {"line"}:
                    fail(f"differences.toml has a rule that is none: [[{kind}]] {rule}")
                self.rules.append(rule | {"kind": kind, "fits": 0})

    def of(self, line):
        """The rules that fit a line, in the order of the file."""
        found = []
        for rule in self.rules:
            if rule.get("chapter", line.file) == line.file and re.search(rule["line"], line.text):
                rule["fits"] += 1
                found.append(rule)
        return found

    def check(self, plan):
        """Ends unless each rule fits a line, and each chapter with a block is one to follow."""
        for chapter, lines in plan:
            for line in lines:
                self.of(line)
        if idle := [f"[[{rule['kind']}]] {rule['line']}" for rule in self.rules if not rule["fits"]]:
            fail("no line of the guide is one for these rules of differences.toml:\n  " + "\n  ".join(idle))
        followed = {chapter["file"] for chapter in self.chapters}
        for path in GUIDE.glob("*.md"):
            if path.name not in {*followed, *self.elsewhere} and re.search(r"^```(sh|sql)$", path.read_text(), re.MULTILINE):
                fail(f"{path.name} has commands, and differences.toml does not say when they are followed")
        for name in followed:
            path = path_of(name)
            named = [chapter.get("sections", []) for chapter in self.chapters if chapter["file"] == name]
            if all(named) and name != "README.md":
                total = len(lines_of(path, []))
                if total != sum(len(lines_of(path, sections)) for sections in named):
                    fail(f"{name} has commands in a section that differences.toml does not name")


def path_of(name):
    return CHECKOUT / name if name == "README.md" else GUIDE / name


# MARK: Following

DRIVER = r"""
cd ~/embedding-job || exit
set -o pipefail
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
guide_step() {
    { eval "$(<"$GUIDE/$1")"; } >"$GUIDE/$1.out" 2>"$GUIDE/$1.err" </dev/null
    guide_status=$?
    echo "$guide_status" >"$GUIDE/$1.status"
    [[ $guide_status == "$2" ]] || exit
}
"""


class Stage:
    """The fresh Debian with its reader, and the server."""

    def __init__(self, tables, root):
        self.tables, self.root, self.ready = tables, pathlib.Path(root), set()
        settings = "tcp_keepalives_idle, tcp_keepalives_interval, tcp_keepalives_count"
        self.as_superuser(
            f"CREATE ROLE owner LOGIN CREATEROLE PASSWORD '{os.environ['GUIDE_PASSWORD']}'",
            f"GRANT ALTER SYSTEM ON PARAMETER {settings} TO owner")

    def environment(self, role):
        variables = {
            "HOME": "/home/reader", "USER": "reader", "LOGNAME": "reader", "LC_ALL": "C.UTF-8",
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "PGPORT": os.environ["GUIDE_PORT"], "EMBEDDING_PORT": os.environ["GUIDE_SERVICE_PORT"],
            "GUIDE_PASSWORD": os.environ["GUIDE_PASSWORD"], "GUIDE": "/home/reader/guide",
        }  # fmt: skip
        if role:
            variables["DATABASE_URL"] = f"postgresql://{role}@db.example.org/catalog?sslrootcert=system"
            variables["EMBEDDING_MODEL"] = "all-MiniLM-L6-v2"
        return variables

    def run(self, script, role=None, seconds=SECONDS_OF_A_CHAPTER):
        """Runs a script of bash as the reader; (status, what it printed)."""
        command = ["chroot", "--userspec=reader:reader", "--groups=reader", str(self.root), "/usr/bin/env", "--ignore-environment"]
        command += [f"{name}={value}" for name, value in self.environment(role).items()]
        process = subprocess.Popen(
            [*command, "/bin/bash", "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True)  # fmt: skip
        try:
            output, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return 124, f"it took longer than {seconds} seconds"
        return process.returncode, output

    def prepare(self, script, role):
        status, output = self.run("set -euo pipefail; cd ~/embedding-job\n" + script, role)
        if status:
            fail(f"the stage cannot be set: {output.strip()}")

    def psql(self, role, database="catalog"):
        """The command with which SQL is run, straight on the server."""
        url = f"postgresql://{role}@127.0.0.1:{os.environ['GUIDE_SERVER_PORT']}/{database}"
        return f"psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 {url}"

    def as_superuser(self, *statements):
        for statement in statements:
            self.prepare(f"{self.psql('postgres', 'postgres')} <<'SQL'\n{statement};\nSQL", None)

    def set_table(self, kind):
        """A database `catalog` of its own for a chapter, with the table that differences.toml says."""
        if kind not in self.ready:
            table = self.tables.get(kind, {})
            if "from" in table:
                self.set_table(table["from"])
            else:
                self.create("catalog")
            if "run" in table:
                self.prepare(f"psql=({self.psql('owner')})\n" + table["run"], "owner")
            self.as_superuser(f"ALTER DATABASE catalog RENAME TO catalog_{kind}")
            self.ready.add(kind)
        self.create("catalog", f"TEMPLATE catalog_{kind}")

    def create(self, database, template=""):
        """Makes a database of the owner's, with no role but his."""
        self.as_superuser(
            f"DROP DATABASE IF EXISTS {database} WITH (FORCE)",
            "DROP ROLE IF EXISTS embedder, fetcher, searcher",
            f"CREATE DATABASE {database} OWNER owner {template}")
        if not template:
            # Whoever has the chapter's rights to settings of the server has this one, too.
            self.prepare(
                f"{self.psql('postgres', database)} --command='CREATE EXTENSION vector' "
                "--command='GRANT EXECUTE ON FUNCTION pg_reload_conf() TO owner'", None)


@dataclasses.dataclass
class Step:
    """What the shell is given in one go: a line of the guide, the statements of a block, or what a rule says."""

    text: str
    lines: list
    status: int = 0
    counts: bool = True


def steps_of(stage, differences, lines):
    """The steps of a chapter, and the reasons for each line that is changed or left out."""
    steps, changed, left_out = [], [], []
    for line in lines:
        rules = differences.of(line)
        if reasons := [rule["why"] for rule in rules if rule["kind"] == "leave-out"]:
            left_out.append(reasons[0])
            continue
        changed.extend([rule["why"] for rule in rules if rule["kind"] in ("change", "status")][:1])
        step = Step(line.text, [line])
        for rule in rules:
            if rule["kind"] == "change":
                step.text = re.sub(rule["line"], rule["to"], step.text)
            elif rule["kind"] == "status":
                step.status = rule["is"]
            elif rule["kind"] == "before":
                steps.append(Step(rule["run"], [line], counts=False))
        before = steps[-1] if steps else None
        if line.language == "sql" and before and before.counts and before.lines[0].block == line.block:
            before.text += "\n" + step.text
            before.lines.append(line)
        else:
            steps.append(step)
        steps.extend(Step(rule["run"], [line], counts=False) for rule in rules if rule["kind"] == "after")
    for step in steps:
        if step.counts and step.lines[0].language == "sql":
            # Each statement is shown before it is run, so that the one that fails is known.
            step.text = f"{stage.psql('owner')} --echo-queries <<'SQL'\n{step.text}\nSQL"
    return steps, changed, left_out


def follow(stage, steps, role):
    """Runs steps up to the first that fails; how many lines of the guide ran, and what failed."""
    folder = stage.root / "home/reader/guide"
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    folder.mkdir()
    folder.chmod(0o777)
    for number, step in enumerate(steps):
        (folder / str(number)).write_text(step.text + "\n")
    _, said = stage.run(DRIVER + "".join(f"guide_step {number} {step.status}\n" for number, step in enumerate(steps)), role)

    ran = 0
    for number, step in enumerate(steps):
        place = f"{step.lines[0].file}:{step.lines[0].number}: {step.text}"
        try:
            found = (folder / f"{number}.status").read_text().strip()
        except FileNotFoundError:
            return ran, f"{place}\n  did not come to its end. {said.strip()}"
        printed, errors = ((folder / f"{number}.{stream}").read_text(errors="replace") for stream in ("out", "err"))
        if found != str(step.status):
            return ran, "\n  ".join([place, f"ended with {found}, not {step.status}", *(printed + errors).split("\n")[-16:]])
        if step.counts:
            if missing := [key for key in step.lines[0].keys if f'"{key}":' not in printed]:
                return ran, f"{place}\n  shows {', '.join(missing)} in the chapter, and nothing of that name here: {printed[:600]}"
            ran += len(step.lines)
    return ran, None


def main(arguments):
    differences = Differences()
    plan = [(chapter, lines_of(path_of(chapter["file"]), chapter.get("sections", []))) for chapter in differences.chapters]
    differences.check(plan)
    if arguments == ["--check"]:
        return
    if len(arguments) not in (1, 2):
        sys.exit(__doc__)
    stage = Stage(differences.tables, arguments[0])
    wanted = arguments[1] if len(arguments) == 2 else None
    failures, counts = [], collections.Counter()
    for chapter, lines in plan:
        name = chapter["file"].removesuffix(".md")
        # The first installs the package.
        if wanted and name != wanted and chapter is not plan[0][0]:
            continue
        stage.set_table(chapter["table"])
        steps, changed, left_out = steps_of(stage, differences, lines)
        ran, failure = follow(stage, steps, chapter.get("role"))
        counts.update({"ran": ran, "changed": len(changed), "left out": len(left_out)})
        said = [f"{ran} of {len(lines)} lines ran", *tell("changed", changed), *tell("left out", left_out)]
        say(f"{name}: {'; '.join(said)}")
        if failure:
            failures.append(failure)
            say(f"FAILED {failure}")
            if chapter is plan[0][0]:
                break
    for name, why in differences.elsewhere.items():
        say(f"{name.removesuffix('.md')}: not followed here: {why}")
    if failures:
        fail(f"{len(failures)} chapters cannot be followed")
    say(f"{counts['ran']} lines of the guide ran, {counts['changed']} of them changed; {counts['left out']} were left out")


def tell(what, reasons):
    """What was done to lines, and how often for which reason."""
    return [f"{count} {what}: {why}" for why, count in collections.Counter(reasons).items()]


main(sys.argv[1:])
