"""The pages of the project as their readers meet them: blocks that are commands or programs, and the answers shown.

A page is a session. Its blocks run in order in one folder that looks like the sources, a file that the page saves is
there for what follows, so is an exported variable, and a service that it starts answers from then on. A comment in the
page's source, directly before a block, tells what is special about it:

    <!-- not run: REASON -->   needs what no test has
    <!-- file: NAME -->        to be saved under this name; another block uses it
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

from support import BINARY, REPO, TIME_FACTOR, Server

PROGRAM = "build/release/cellblock"
ADDRESS = "127.0.0.1:8080"
RUN = {  # a program goes into a file of this name, which these words then run
    "python": ("block.py", ["/usr/bin/python3"]),
    "js": ("block.mjs", ["node"]),
    "go": ("block.go", ["go", "run"]),
    "sh": ("block.sh", ["sh", "-eu"]),
}
SHOWN = {"", "json", "text"}  # the languages of answers, and of what is only looked at
ONLY_LOOKED_AT = {"toml", "ini", "yaml", "nginx", "mermaid", "cpp", "diff"}
MARK = r"(?: *<!-- (?P<mark>not run|file): (?P<word>[^>]*?) -->\n+)?"
FENCE = re.compile(
    rf"^{MARK}(?P<indent> *)```(?P<language>\S*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)


@dataclass
class Block:
    page: Path
    line: int
    language: str
    text: str
    mark: str | None
    word: str | None
    answer: "Block | None" = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(REPO)}:{self.line}"

    @property
    def runnable(self) -> bool:
        return self.language in RUN and self.mark != "not run"


def pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=REPO, capture_output=True, text=True,
    )
    found = [REPO / name for name in listed.stdout.splitlines()] if listed.returncode == 0 else REPO.rglob("*.md")
    return sorted(path for path in found if path.is_file() and "build" not in path.relative_to(REPO).parts)


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page. The next block of the same section is a command's answer, if it is no command."""
    text, found, end = page.read_text(), [], 0
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start("language")) + 1
        block = Block(page, line, match["language"], textwrap.dedent(match["text"]), match["mark"], match["word"])
        command = found and found[-1].runnable and found[-1].mark != "file"
        if command and block.language in ("json", "text") and "\n#" not in text[end:match.start()]:
            found[-1].answer = block
        found.append(block)
        end = match.end()
    return found


def commands_of(text: str) -> list[str]:
    """The commands of a block; one may go on over lines, by a backslash or within quotes."""
    commands, begun = [], ""
    for line in text.splitlines():
        begun += line
        try:
            whole = not begun.endswith("\\") and bool(shlex.split(begun, comments=True))
        except ValueError:
            whole = False
        if whole:
            commands.append(begun)
        begun = "" if whole or not begun.strip() else begun + "\n"
    assert not begun.strip(), f"a command without an end: {begun}"
    return commands


def starts_service(block: Block) -> str | None:
    """The flags of a block that does nothing but start the service."""
    if block.language != "sh":
        return None
    found = re.fullmatch(rf"(?:{PROGRAM}|cellblock) serve\b((?:[^&|;\n]|\\\n)*)\n", block.text)
    return found and found[1]


class Session:
    """Runs the blocks of one page in order."""

    def __init__(self, page: Path, shared: Server, folder: Path):
        self.blocks = [block for block in blocks(page) if block.runnable]
        self.address = f"127.0.0.1:{shared.port}"
        self.folder = folder / "page"
        self.started = None
        self.seen = {}  # by line: what the block printed, or the reason why it could not run
        self.folder.mkdir()
        for entry in REPO.iterdir():
            if entry.name not in (".git", "build"):
                (self.folder / entry.name).symlink_to(entry)
        (self.folder / "build").mkdir()
        (self.folder / "build/release").symlink_to(Path(BINARY).resolve().parent)
        programs = folder / "programs"
        programs.mkdir()
        (programs / "cellblock").write_text(f'#!/bin/sh\nexec {shlex.quote(BINARY)} "$@"\n')
        (programs / "cellblock").chmod(0o755)
        self.exported = folder / "exported"
        self.exported.touch()
        # Proxies of the machine are nothing for a service on it.
        self.environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        self.environment["PATH"] = f"{programs}:{os.environ['PATH']}"

    def close(self):
        if self.started:
            self.started.stop()

    def reach(self, block: Block) -> subprocess.CompletedProcess | str:
        """What became of this block; those before it run first, unless they have."""
        for earlier in self.blocks:
            if earlier.line not in self.seen:
                self.seen[earlier.line] = self._run(earlier)
            if earlier.line == block.line:
                break
        return self.seen[block.line]

    def _run(self, block: Block):
        text = block.text.replace(ADDRESS, self.address)
        if block.mark == "file":
            assert not (REPO / block.word).exists(), f"{block.name}: {block.word} is a name of the project's"
            (self.folder / block.word).write_text(text)
            return subprocess.CompletedProcess([], 0, "", "")
        if (flags := starts_service(block)) is not None:
            return self._serve(flags)
        name, words = RUN[block.language]
        missing = [tool for tool in tools_of(block) if not shutil.which(tool)]
        if missing:
            return f"{missing[0]} is not installed"
        if os.geteuid() != 0 and re.search(r"\b(nsenter|gdb) ", text):
            return "only root may look into a cell"
        if block.language == "sh":
            text = (f". {shlex.quote(str(self.exported))}\n" + re.sub(rf"{PROGRAM}(?!-)", "cellblock", text)
                    + f"export -p >{shlex.quote(str(self.exported))}\n")
        (self.folder / name).write_text(text)
        return self._call([*words, name])

    def _call(self, words):
        environment = self.environment | exported_by(self.exported)
        return subprocess.run(words, cwd=self.folder, env=environment, capture_output=True, text=True,
                              timeout=180 * TIME_FACTOR)

    def _serve(self, flags: str):
        """The service that the rest of the page talks to."""
        # The port is the test's choice, by the environment.
        flags = re.sub(r"--port[ =]\d+", "", flags.replace("\\\n", " ")).strip()
        words = self._call(["sh", "-euc", f"for word in {flags}; do printf '%s\\n' \"$word\"; done"]).stdout.splitlines()
        self.close()
        self.started = Server(*words)
        self.address = f"127.0.0.1:{self.started.port}"
        return subprocess.CompletedProcess([], 0, "", "")


def exported_by(file: Path) -> dict:
    """Variables that the page's shell blocks have exported, for its programs."""
    if not file.stat().st_size:
        return {}
    shown = subprocess.run(["env", "-i", "sh", "-c", f". {shlex.quote(str(file))}; exec /usr/bin/env -0"],
                           capture_output=True, text=True, check=True).stdout
    return dict(entry.split("=", 1) for entry in shown.split("\0") if "=" in entry)


def tools_of(block: Block) -> list[str]:
    if block.language != "sh":
        return [RUN[block.language][1][0]]
    named = re.findall(r"\b(go|node|jq|promtool|gdb|nsenter) ", block.text)
    return sorted(set(named))


# ── answers ────────────────────────────────────────────────────────────────────────────────────────


def as_pattern(line: str) -> str:
    """A line of an answer as a pattern: `…` stands for anything in it, `=…` for a value, and alone for any lines."""
    if line.strip() == "…":
        return "(?:.*\n)*?"
    pattern = re.escape(line).replace("=…", r"=\S*").replace("…", ".*")
    pattern = re.sub(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", "[0-9a-f]{32}", pattern)
    return re.sub(r'("(?:wall_ms|cpu_ms|memory_peak_kb)":(?:\\ )?)[0-9.\\]+', r"\1[0-9.]+", pattern) + "\n"


def same_text(shown: str, real: str) -> bool:
    pattern = "".join(as_pattern(line) for line in shown.strip("\n").split("\n"))
    return re.fullmatch(pattern, real.strip("\n") + "\n") is not None


def same_json(shown, real, name: str = "") -> bool:
    """Ids and measurements by their form, `…` in a string for anything, all else exactly and in this order."""
    if name == "usage" and isinstance(shown, dict) and isinstance(real, dict):
        return list(shown) == list(real) and all(isinstance(v, (int, float)) for v in real.values())
    if name == "id" and isinstance(shown, str):
        return isinstance(real, str) and all(re.fullmatch("[0-9a-f]{32}", text) for text in (shown, real))
    if isinstance(shown, dict):
        return (isinstance(real, dict) and list(shown) == list(real)
                and all(same_json(value, real[key], key) for key, value in shown.items()))
    if isinstance(shown, list):
        return (isinstance(real, list) and len(shown) == len(real)
                and all(same_json(one, other) for one, other in zip(shown, real)))
    if isinstance(shown, str) and "…" in shown:
        return isinstance(real, str) and re.fullmatch(re.escape(shown).replace("…", "(?s:.*)"), real) is not None
    return json.dumps(shown) == json.dumps(real)


def same_answer(shown: Block, real: str) -> bool:
    if shown.language != "json":
        return same_text(shown.text, real)
    try:
        return same_json(json.loads(shown.text), json.loads(real))
    except json.JSONDecodeError:
        return False
