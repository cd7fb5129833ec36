"""Every command and program in the documents runs, and answers as the page shows."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from pages import (ONLY_LOOKED_AT, PROGRAM, RUN, SHOWN, Session, blocks, pages, same_answer, same_json, same_text,
                   tools_of)
from support import BINARY, REPO, TIME_FACTOR, free_port

ALL = [block for page in pages() for block in blocks(page)]
# How commands begin. A block that is only looked at has none of them, and neither has indented text.
COMMANDS = re.compile(
    r"^\s*(?:\$ |sudo |[A-Z_]+=\S* \S*(?:/|make)|(?:build/release/|scripts/|packaging/\S+/)\w+ |(?:cellblock|curl|make|docker|kubectl|"
    r"gcloud|systemctl|systemd-run|systemd-analyze|journalctl|apt|apt-get|cmake|ctest|promtool|go run|node|gdb|nsenter|"
    r"/usr/bin/python3|git|pip)\s+[\w.~/$'-])", re.MULTILINE)


@pytest.fixture(scope="session")
def session_of(server, tmp_path_factory):
    """One page at a time: its session ends when another page begins."""
    current = {}

    def reached(page: Path) -> Session:
        if page not in current:
            for session in current.values():
                session.close()
            current.clear()
            current[page] = Session(page, server, tmp_path_factory.mktemp(page.stem))
        return current[page]

    yield reached
    for session in current.values():
        session.close()


@pytest.mark.parametrize("block", [b for b in ALL if b.runnable and b.mark != "file"], ids=lambda block: block.name)
def test_block_runs_and_answers_as_shown(session_of, block):
    done = session_of(block.page).reach(block)
    if isinstance(done, str):
        pytest.skip(f"{block.name}: {done}")
    assert done.returncode == 0, f"{block.name}\n{done.stdout}{done.stderr}"
    if block.answer:
        assert same_answer(block.answer, done.stdout), f"{block.answer.name} shows another answer than\n{done.stdout}"
    else:
        # A page that means to show a refusal shows it.
        assert not re.search(r'"status": ?"(invalid_request|not_found|method_not_allowed)"', done.stdout), done.stdout


@pytest.mark.skipif(Path(BINARY) != REPO / PROGRAM, reason=f"make run starts {PROGRAM}, and this is another build")
def test_make_run_shows_an_example():
    """Its last step; the build before it is that of these tests."""
    assert re.search(r"^run: build\n\t@scripts/run-example$", (REPO / "Makefile").read_text(), re.MULTILINE)
    done = subprocess.run(["scripts/run-example"], cwd=REPO, env={**os.environ, "PORT": str(free_port())},
                          capture_output=True, text=True, timeout=60 * TIME_FACTOR)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.partition("The answer:\n")[2])
    assert (answer["status"], answer["result"]) == ("ok", {"Oslo": 8, "Rome": 4})


def test_blocks_that_do_not_run_have_a_reason(capsys):
    left_out = [block for block in ALL if block.mark == "not run"]
    # By language or by command: go and node are no part of what the project is built with.
    missing = {tool for block in ALL if block.runnable for tool in tools_of(block) if not shutil.which(tool)}
    with capsys.disabled():
        run = sum(block.runnable for block in ALL)
        print(f"\n{run} blocks of {len({b.page for b in ALL})} pages run, {len(left_out)} do not:")
        for block in left_out:
            print(f"  {block.name}: {block.word}")
        for tool in sorted(missing):
            print(f"  all that take {tool}: it is not installed")
    assert [block.name for block in left_out if len(block.word) < 12 or block.language not in RUN] == []


def test_no_command_hides_from_the_test():
    unknown = {block.name for block in ALL if block.language not in RUN.keys() | SHOWN | ONLY_LOOKED_AT}
    assert unknown == set(), "blocks in these languages are not looked at"
    hidden = {block.name for block in ALL if block.language not in RUN and COMMANDS.search(block.text)}
    assert hidden == set(), "commands stand in a block for the shell"
    for page in pages():
        indented = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        found = [line for line in re.findall(r"^ {4,}\S.*$", indented, re.MULTILINE) if COMMANDS.match(line)]
        assert found == [], f"{page.relative_to(REPO)}: commands stand in a block for the shell"


def test_marks_stand_before_blocks():
    for page in pages():
        marks = re.findall(r"^\s*<!-- (?:not run|file)", page.read_text(), re.MULTILINE)
        assert len(marks) == sum(block.mark is not None for block in blocks(page)), page


def test_saved_files_are_used():
    for block in ALL:
        if block.mark == "file":
            later = [other.text for other in blocks(block.page) if other.line > block.line and other.runnable]
            assert any(Path(block.word).stem in text for text in later), f"{block.name}: nothing runs {block.word}"


ID = "0d6c1f1ab9a54ce0a0ee8efb3a1a23b4"


@pytest.mark.parametrize(("shown", "real", "same"), [
    ("a\nb", "a\nb\n", True),
    ("a\nb", "a\nc", False),
    ("took … ms", "took 3.2 ms", True),
    ("took … ms", "took 3.2 s", False),
    ("a=… b=1", "a=17 b=1", True),
    ("a=… b=1", "a=17 c=2 b=1", False),
    ("first\n…\nlast", "first\nx\ny\nlast", True),
    ("first\n…\nlast", "first\nx\ny", False),
    (f"id {ID}", f"id {ID[::-1]}", True),
    (f"id {ID}", "id 17", False),
    ('{"wall_ms":1.25,"x":1}', '{"wall_ms":30,"x":1}', True),
    ('{"wall_ms":1.25,"x":1}', '{"wall_ms":30,"x":2}', False),
])
def test_text_is_compared_loosely_only_where_it_varies(shown, real, same):
    assert same_text(shown, real) is same


@pytest.mark.parametrize(("shown", "real", "same"), [
    ({"a": 1, "b": 2}, {"a": 1, "b": 2}, True),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}, False),
    ({"a": 1}, {"a": 1, "b": 2}, False),
    ({"a": 1}, {"a": 1.0}, False),
    ({"a": True}, {"a": 1}, False),
    ([1, 2], [1, 2, 3], False),
    ({"id": ID}, {"id": ID[::-1]}, True),
    ({"id": ID}, {"id": "x"}, False),
    ({"usage": {"wall_ms": 1.5}}, {"usage": {"wall_ms": 2}}, True),
    ({"usage": {"wall_ms": 1.5}}, {"usage": {"cpu_ms": 2}}, False),
    ({"a": "iVBOR…"}, {"a": "iVBORw0K\n"}, True),
    ({"a": "iVBOR…"}, {"a": "R0lG"}, False),
])
def test_json_is_compared_loosely_only_where_it_varies(shown, real, same):
    assert same_json(json.loads(json.dumps(shown)), real) is same
