"""Holds answers against the document at /openapi.json of the server that gave them.

Every answer that goes through `Server.client` or `Wire` is looked at, so that each end-to-end test is a test of the
document as well.
"""

import json

from jsonschema import Draft202012Validator, RefResolver

REFUSED = ("not_found", "method_not_allowed")
# More than this is a result of megabytes, of which the size is the point and not the form.
LARGEST = 1 << 20


def parsed(content: bytes):
    # A number may have more digits than Python turns into one; of the form only its kind matters.
    return json.loads(content, parse_int=lambda digits: int(digits[:18]))


class Interface:
    def __init__(self, document: dict):
        self.document = document
        self.resolver = RefResolver("", document)
        self.validators = {}

    def resolved(self, value: dict) -> dict:
        while "$ref" in value:
            value = self.resolver.resolve(value["$ref"])[1]
        return value

    def schema_errors(self, key, schema, value) -> list:
        if key not in self.validators:
            self.validators[key] = Draft202012Validator(schema, resolver=self.resolver)
        return list(self.validators[key].iter_errors(value))

    def check(self, method: str, path: str, code: int, headers, content: bytes) -> None:
        """Asserts that the document describes this answer."""
        if method == "OPTIONS":  # what browsers ask beforehand; of no operation
            return None
        operation = self.document["paths"].get(path, {}).get("get" if method == "HEAD" else method.lower())
        described = operation and operation["responses"].get(str(code))
        if not described:
            status = parsed(content).get("status") if content else None
            # A line that is refused before anybody has looked for its path.
            known = status in REFUSED or (not operation and code in (400, 414, 431))
            assert method == "HEAD" or known, f"{method} {path[:99]}: {code} is not described: {content[:500]}"
            return self.check_value("Refusal", parsed(content)) if content else None
        described = self.resolved(described)
        for name, header in described.get("headers", {}).items():
            header = self.resolved(header)
            value = headers.get(name)
            # The two answers that are given without looking at the request have no id.
            assert value is not None or code in (503, 408) or not header.get("required", True), f"{code} without {name}"
            if value is not None:
                typed = int(value) if header["schema"].get("type") == "integer" else value
                assert not self.schema_errors((path, method, code, name), header["schema"], typed), (name, value)
        kind = headers.get("content-type", "").partition(";")[0]
        assert kind in described["content"], f"{method} {path}: {code} as {kind} is not described"
        if kind == "application/json" and content and len(content) <= LARGEST:
            self.check_schema((path, method, code), described["content"][kind]["schema"], parsed(content))

    def check_any(self, code: int, content: bytes) -> None:
        """For an answer of which the request is not known: one of the forms in which errors come."""
        if code >= 401 and content:
            value = parsed(content)
            self.check_value("InternalError" if code == 500 else "Health" if "pool" in value else "Refusal", value)

    def check_value(self, name: str, value) -> None:
        self.check_schema(name, {"$ref": f"#/components/schemas/{name}"}, value)

    def check_schema(self, key, schema, value) -> None:
        errors = self.schema_errors(key, schema, value)
        assert not errors, f"{key}: {errors[0].message} in {json.dumps(value)[:2000]}"


class Checked:
    """For httpx's event hooks. Fetches the document once, with the first answer that it looks at."""

    known = {}  # by program: servers of one test run are of the same build

    def __init__(self, program, fetch):
        self.program = program
        self.fetch = fetch

    def interface(self) -> Interface:
        if self.program not in self.known:
            self.known[self.program] = Interface(self.fetch())
        return self.known[self.program]

    def __call__(self, response) -> None:
        kind = response.headers.get("content-type", "").partition(";")[0]
        # Reading a stream here would keep its parts from the test.
        streamed = "content-length" not in response.headers
        content = b"" if streamed or kind != "application/json" else response.read()
        request = response.request
        self.interface().check(request.method, request.url.path, response.status_code, response.headers, content)
