"""The interface's description, and the page that shows it. Live answers are held against it everywhere else."""

import json
import re
import shutil
import subprocess

import pytest
from interface import Interface
from jsonschema import Draft202012Validator
from openapi_objects import faults
from support import REPO, TIME_FACTOR, Server


@pytest.fixture(scope="module")
def document(server):
    response = server.client.get("/openapi.json")
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    return response.json()


def test_description_is_complete(document):
    assert document["openapi"] == "3.1.0"
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names) > 8
    tags = {tag["name"] for tag in document["tags"]}
    for operation in operations:
        assert operation["summary"] and set(operation["tags"]) <= tags
        described = map(Interface(document).resolved, operation["responses"].values())
        assert all(answer["description"] for answer in described)


def test_description_has_the_version_of_the_program(server, document):
    assert document["info"]["version"] == server.client.get("/version").json()["version"]


def every(value, key, path=()):
    """Each place in the document where this key is, with what is there."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == key and path[-1:] != ("properties",):
                yield path, inner
            if name not in ("example", "value"):  # in them, a key is the user's
                yield from every(inner, key, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from every(inner, key, (*path, str(index)))


def test_every_reference_leads_somewhere(document):
    interface = Interface(document)
    references = [target for _, target in every(document, "$ref")]
    assert len(references) > 50
    for target in references:
        assert interface.resolver.resolve(target)[1]


def test_document_is_openapi(document):
    assert faults(document) == []


def test_what_is_no_openapi_is_noticed(document):
    """The comma in a YAML flow mapping that makes two fields of one, a list for an object, a field that is missing."""
    response = {"content": {"application/json": {"schema": {"type": "object", "propertys": {}}}}}
    for broken, words in [
        ({**document, "security": {}}, "/security: no list"),
        ({**document, "paths": {"/a": {"get": {"responses": {"200": response}}}}}, "response without description"),
        ({**document, "paths": {"/a": {"get": {"responses": {"200": response}}}}}, "schema with propertys"),
        ({**document, "components": {"securitySchemes": {"a": {"type": "http", "or so": None}}}}, "with or so"),
    ]:
        assert any(words in fault for fault in faults(broken)), words


def test_every_schema_is_one(document):
    for name, schema in document["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert name


def test_every_example_fits_its_schema(document):
    interface = Interface(document)
    seen = 0
    for path, content in every(document, "content"):
        for kind, media in content.items():
            values = [media["example"]] if "example" in media else []
            values += [one["value"] for one in media.get("examples", {}).values()]
            assert values or kind.startswith("text/"), f"{path} has no example"
            for value in values:
                interface.check_schema((path, kind), media["schema"], value)
                seen += 1
    assert seen > 20


@pytest.mark.parametrize("example", ["hello", "pandas", "named", "stdin", "display", "limits"])
def test_examples_of_requests_run(server, document, example):
    operation = document["paths"]["/execute"]["post"]
    value = operation["requestBody"]["content"]["application/json"]["examples"][example]["value"]
    assert server.post(**value).http == 200


def test_every_status_of_a_400_has_an_example(document):
    examples = document["paths"]["/execute"]["post"]["responses"]["400"]["content"]["application/json"]["examples"]
    statuses = document["components"]["schemas"]["Fault"]["properties"]["status"]["enum"]
    assert set(examples) == set(statuses) == {one["value"]["status"] for one in examples.values()}


def test_an_answer_of_another_form_is_noticed(server, document):
    """The check that all other tests rely on can fail."""
    interface, good = Interface(document), server.client.post("/execute", json={"script": "def main(): return 1"})
    check = [good.request.method, "/execute", 200, good.headers]
    interface.check(*check, good.content)
    for change in ({"surprise": 1}, {"status": "fine"}, {"usage": {}}, {"id": "x"}, {"error": "none"}):
        with pytest.raises(AssertionError):
            interface.check(*check, json.dumps({**good.json(), **change}).encode())
    without = {name: value for name, value in good.json().items() if name != "denied"}
    with pytest.raises(AssertionError):
        interface.check(*check, json.dumps(without).encode())
    with pytest.raises(AssertionError):
        interface.check("POST", "/execute", 418, good.headers, good.content)


def test_page_loads_nothing_from_elsewhere(server):
    page = server.client.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(part.strip().partition(" ")[::2] for part in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert {value for name, value in policy.items() if name != "img-src"} <= {"'none'", "'self'"}
    links = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert set(links) >= {"docs/page.css", "docs/page.js", "openapi.json"}
    for link in links:
        assert "//" not in link
        if link != "data:,":
            assert server.client.get(f"/{link}").status_code == 200
    # The policy would keep a browser from running these.
    assert not re.search(r"<style|<script(?! src)|\son\w+=|style=", page.text)


def test_page_puts_text_in_as_text():
    script = (REPO / "web/docs/page.js").read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", script)


def test_head_of_the_page_has_its_length(server: Server):
    head, whole = (server.client.request(method, "/docs") for method in ("HEAD", "GET"))
    assert head.headers["content-length"] == str(len(whole.content)) and not head.content


@pytest.mark.skipif(shutil.which("chromium") is None, reason="Debian's chromium is not installed")
def test_page_in_a_browser(server, document, tmp_path):
    seen = subprocess.run(
        ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-proxy-server", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
         f"--user-data-dir={tmp_path}", "--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom",
         f"{server.url}/docs"],
        capture_output=True, text=True, timeout=60 * TIME_FACTOR,
    )
    assert "CONSOLE" not in seen.stderr, seen.stderr  # what the policy refuses, or an error of the script
    assert document["info"]["version"] in re.search(r"<h1.*?</h1>", seen.stdout)[0]
    headings = re.findall(r'<h2 id="(\w+)">', seen.stdout)
    assert headings == [one["operationId"] for methods in document["paths"].values() for one in methods.values()]
    assert "<code>main()</code> returned a value that is JSON" in seen.stdout
