"""The documents tell the truth: their links lead somewhere, no status, rule or figure is left out."""

import http
import re
import shlex
import unicodedata
from urllib.parse import unquote

import pytest
import yaml
from pages import blocks, commands_of, pages
from support import REPO



def test_every_alert_has_its_section():
    alerts = re.findall(r"- alert: (\w+)", (REPO / "packaging/monitoring/alerts.yml").read_text())
    headings = " ".join(re.findall(r"^## (.*)$", (REPO / "docs/operate/troubleshooting.md").read_text(), re.MULTILINE))
    assert len(alerts) > 10
    assert [alert for alert in alerts if alert not in headings] == []


def test_every_figure_is_explained(server):
    server.post(script="import socket\ndef main(): socket.socket()")  # so that there are denials,
    server.post(script=1)  # and refused requests
    table = (REPO / "docs/operate/monitoring.md").read_text().partition("| figure |")[2].partition("\n\n")[0]
    cells = re.findall(r"^\|([^|]*)\|", table, re.MULTILINE)
    explained = {name for cell in cells for name in re.findall(r"`(\w+)(?:\{[\w,]+\})?`", cell)}
    families = set(re.findall(r"^# TYPE (\w+)", server.client.get("/metrics").text, re.MULTILINE))
    assert len(families) > 25
    assert explained == families


def test_make_targets_in_the_documents_exist():
    makefile = (REPO / "Makefile").read_text()
    targets = {name for line in re.findall(r"^([\w ]+):(?!=)", makefile, re.MULTILINE) for name in line.split()}
    for page in pages():
        named = re.findall(r"`make (\w+)`", page.read_text())
        named += [shlex.split(command)[1] for block in blocks(page) if block.language == "sh"
                  for command in commands_of(block.text) if command.startswith("make ")]
        assert set(named) <= targets, page


def anchors(path):
    """What GitHub makes of a page's headings."""
    text = re.sub(r"^ *```.*?^ *```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    found = set()
    for heading in re.findall(r"^#+ +(.*?) *$", text, re.MULTILINE):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        kept = (c for c in plain if c in " -_" or unicodedata.category(c)[0] in "LN")
        found.add("".join(kept).replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", pages(), ids=lambda path: str(path.relative_to(REPO)))
def test_links_inside_the_repository_lead_somewhere(page):
    text = re.sub(r"^ *```.*?^ *```$|`[^`\n]*`", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
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


def test_every_step_is_explained():
    steps = re.findall(r'^      "(.*)",$', (REPO / "src/sandbox/step.cpp").read_text(), re.MULTILINE)[1:]
    page = (REPO / "docs/contribute/debugging.md").read_text().partition("## What the steps mean")[2]
    assert len(steps) > 30
    assert re.findall(r"^\| `(.*?)` \|", page, re.MULTILINE) == steps


def test_every_status_is_documented():
    names = re.findall(r'return "(\w+)";', (REPO / "src/engine/status.cpp").read_text())
    names += words_of_refusals()
    page = (REPO / "docs/statuses.md").read_text()
    described = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert len(set(names)) > 10
    assert sorted(set(described)) == sorted(set(names))
    inside = {"cancelled", "internal_error"}  # never a status on the wire
    schemas = yaml.safe_load((REPO / "api/openapi.yaml").read_text())["components"]["schemas"]
    told = {word for name in ("Fault", "Refusal") for word in schemas[name]["properties"]["status"]["enum"]} | {"ok"}
    assert sorted(told) == sorted(set(names) - inside)
    glance = (REPO / "README.md").read_text().partition("## The statuses at a glance")[2].partition("\n## ")[0]
    engine = set(re.findall(r'return "(\w+)";', (REPO / "src/engine/status.cpp").read_text())) - inside
    assert engine <= set(re.findall(r"`(\w+)`", glance))


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
    for page in pages():
        named = re.findall(r"`(\w[\w./-]*\.(?:cpp|hpp|py|json|policy|md))`", page.read_text())
        saved = {block.word for block in blocks(page) if block.mark == "file"}
        missing = [name for name in named if not placeholder.search(name) and name not in saved and not (REPO / name).exists()
                   and not any(file.endswith(f"/{name}") for file in files)]
        assert not missing, f"{page.relative_to(REPO)} names {missing}"
