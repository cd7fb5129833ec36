"""The documents tell the truth: their commands run, their links lead somewhere, no status is left out."""

import http
import json
import re
import shlex
import subprocess
import unicodedata
from urllib.parse import unquote

import pytest
from support import BINARY, REPO, TIME_FACTOR

PROGRAM = "build/release/cellblock"
README = REPO / "README.md"
# What the answers of two runs of one request differ in.
MEASURED = ("id", "usage")


def documents():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=REPO, capture_output=True, text=True,
    )
    found = [REPO / name for name in listed.stdout.splitlines()] if listed.returncode == 0 else REPO.rglob("*.md")
    return sorted(path for path in found if path.is_file() and "build" not in path.relative_to(REPO).parts)


def blocks(path):
    """The fenced code blocks of a page, as (language, text)."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL)


def commands_of(block):
    """The commands of a block; one may go on over lines, by a backslash or within quotes."""
    commands, begun = [], ""
    for line in block.splitlines():
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


def readme_commands():
    return [command for language, text in blocks(README) if language == "sh" for command in commands_of(text)]


def operators_commands():
    """Those of docs/operate that stand in a block for the shell; what needs another host is indented instead."""
    return [(page.name, command) for page in sorted((REPO / "docs/operate").glob("*.md"))
            for language, text in blocks(page) if language == "sh" for command in commands_of(text)]


def readme_answers():
    """Each request of the README that is followed by its answer: (command, answer)."""
    found, last = [], None
    for language, text in blocks(README):
        if language == "json" and last is not None:
            found.append((last, json.loads(text)))
        last = commands_of(text)[-1] if language == "sh" else None
    return found


def starts_with(command, *words):
    return shlex.split(command, comments=True)[: len(words)] == list(words)


def shell(command, server):
    """Runs a command of the README as a reader would, but against this program and this server."""
    command = command.replace(PROGRAM, shlex.quote(BINARY)).replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
    return subprocess.run(
        ["sh", "-c", command], cwd=REPO, capture_output=True, text=True, timeout=120 * TIME_FACTOR
    )


def without_measurements(answer):
    assert isinstance(answer, dict) and set(MEASURED) <= set(answer), answer
    return {name: value for name, value in answer.items() if name not in MEASURED}


def test_readme_has_commands_and_answers():
    commands = readme_commands()
    assert any(starts_with(command, "make", "run") for command in commands)
    assert any(starts_with(command, PROGRAM, "serve") for command in commands)
    assert any(starts_with(command, "curl") for command in commands)
    assert len(readme_answers()) >= 2


@pytest.mark.parametrize("command", [c for c in readme_commands() if PROGRAM in c or "curl" in c])
def test_command_of_the_readme_succeeds(server, start_server, command):
    if starts_with(command, PROGRAM, "serve"):
        started = start_server(*shlex.split(command, comments=True)[2:])
        assert started.client.get("/healthz").status_code == 200
        return
    done = shell(command, server)
    assert done.returncode == 0, done
    assert done.stdout.strip(), "the command shows nothing"
    if starts_with(command, "curl"):
        # A stream ends with the answer.
        answer = done.stdout.strip().rpartition("\ndata: ")[2]
        assert json.loads(answer).get("status") not in ("invalid_request", "not_found", "method_not_allowed")


@pytest.mark.parametrize(("page", "command"), operators_commands())
def test_command_of_the_operators_pages_succeeds(server, page, command):
    assert starts_with(command, "cellblock") or starts_with(command, "curl"), f"{page}: {command}"
    done = shell(re.sub(r"^cellblock ", f"{PROGRAM} ", command), server)
    assert done.returncode == 0, done
    assert done.stdout.strip(), "the command shows nothing"


def test_every_alert_has_its_section():
    alerts = re.findall(r"- alert: (\w+)", (REPO / "packaging/monitoring/alerts.yml").read_text())
    headings = " ".join(re.findall(r"^## (.*)$", (REPO / "docs/operate/troubleshooting.md").read_text(), re.MULTILINE))
    assert len(alerts) > 10
    assert [alert for alert in alerts if alert not in headings] == []


def test_every_figure_is_explained(server):
    page = (REPO / "docs/operate/monitoring.md").read_text()
    families = set(re.findall(r"^# TYPE (\w+)", server.client.get("/metrics").text, re.MULTILINE))
    assert len(families) > 15
    unexplained = {name for name in families if name not in page and f"…_{name.partition('execution_')[2]}" not in page
                   and not name.endswith("_limit")}
    assert not unexplained


@pytest.mark.parametrize(("command", "answer"), readme_answers())
def test_answer_in_the_readme_is_the_real_one(server, command, answer):
    real = json.loads(shell(command, server).stdout)
    assert without_measurements(real) == without_measurements(answer)
    assert list(real) == list(answer), "the fields come in another order"
    assert set(real["usage"]) == set(answer["usage"])


def test_no_command_of_the_readme_goes_untested():
    known = (PROGRAM, "curl", "make", "git")
    assert [c for c in readme_commands() if not any(word in shlex.split(c, comments=True) for word in known)] == []


def test_make_targets_in_the_documents_exist():
    makefile = (REPO / "Makefile").read_text()
    targets = {name for line in re.findall(r"^([\w ]+):(?!=)", makefile, re.MULTILINE) for name in line.split()}
    for path in documents():
        named = re.findall(r"`make (\w+)`", path.read_text())
        for language, text in blocks(path):
            if language == "sh":
                named += [shlex.split(c)[1] for c in commands_of(text) if starts_with(c, "make")]
        assert set(named) <= targets, path


def anchors(path):
    """What GitHub makes of a page's headings."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    found = set()
    for heading in re.findall(r"^#+ +(.*?) *$", text, re.MULTILINE):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        kept = (c for c in plain if c in " -_" or unicodedata.category(c)[0] in "LN")
        found.add("".join(kept).replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", documents(), ids=lambda path: str(path.relative_to(REPO)))
def test_links_inside_the_repository_lead_somewhere(page):
    text = re.sub(r"^```.*?^```$|`[^`\n]*`", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = unquote(link).partition("#")
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), f"{link}: no such file"
        assert target.is_relative_to(REPO), f"{link}: leads out of the repository"
        if anchor:
            assert anchor in anchors(target), f"{link}: no such heading"


def http_sources():
    return [path.read_text() for path in sorted((REPO / "src/http").glob("*.cpp")) if "_test" not in path.name]


def words_of_refusals():
    """The statuses that the HTTP side gives itself: the last argument of error_reply()."""
    found = {word for text in http_sources() for call in re.findall(r"(?:error_reply|refusal)\((.*?);\n", text, re.DOTALL)
             for word in re.findall(r'"([a-z_]+)"[)},]', call)}
    assert {"not_found", "not_ready"} <= found
    return sorted(found)


def test_every_http_error_is_documented():
    names = {name for text in http_sources() for name in re.findall(r"bhttp::status::(\w+)", text)} - {"unknown"}
    spelled = {"http_version_not_supported": 505, "payload_too_large": 413, "uri_too_long": 414}
    codes = {spelled.get(name) or http.HTTPStatus[name.upper()].value for name in names}
    page = (REPO / "docs/statuses.md").read_text()
    columns = [cells.split("|")[1:3] for cells in re.findall(r"^(\|.*\|)$", page, re.MULTILINE)]
    told = {int(code) for cells in columns for code in re.findall(r"\b[2345]\d\d\b", " ".join(cells))}
    assert len(codes) > 10
    assert sorted(code for code in codes if code >= 400) == sorted(code for code in told if code >= 400)
    description = (REPO / "api/openapi.yaml").read_text()
    elsewhere = {204, 404, 405}  # of no operation: preflight requests, and what the introduction tells
    assert [code for code in codes - elsewhere if f'"{code}":' not in description] == []


def test_every_status_is_documented():
    names = re.findall(r'return "(\w+)";', (REPO / "src/engine/status.cpp").read_text())
    names += words_of_refusals()
    page = (REPO / "docs/statuses.md").read_text()
    described = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert len(set(names)) > 10
    assert sorted(set(described)) == sorted(set(names))


def test_every_rule_of_a_refusal_is_documented():
    policy = (REPO / "policies/seccomp.policy").read_text()
    reader = (REPO / "src/backends/native/claim_reader.cpp").read_text()
    rules = set(re.findall(r"^rule (\w+) ", policy, re.MULTILINE) + re.findall(r'what\), "(\w+)", "', reader))
    page = (REPO / "docs/statuses.md").read_text()
    table = page.partition("## What walls refused")[2].partition("\n## ")[0]
    assert {"network", "default", "tree"} <= rules
    assert set(re.findall(r"^\|[^|]+\| `(\w+)` \|", table, re.MULTILINE)) == rules


def test_files_that_the_documents_name_exist():
    """As `src/engine/judge.hpp`, or shorter where the folder is clear: `engine/judge.hpp`, `judge.hpp`."""
    files = [f"/{path.relative_to(REPO)}" for folder in ("src", "tests", "policies", "scripts", "examples", "docs", "packaging")
             for path in (REPO / folder).rglob("*")]
    placeholder = re.compile(r"\bNN_|^x_(test|fuzz)\.cpp$")
    for page in documents():
        named = re.findall(r"`(\w[\w./-]*\.(?:cpp|hpp|py|json|policy|md))`", page.read_text())
        missing = [name for name in named if not placeholder.search(name) and not (REPO / name).exists()
                   and not any(file.endswith(f"/{name}") for file in files)]
        assert not missing, f"{page.relative_to(REPO)} names {missing}"
