"""docs/use/reference.md and api/openapi.yaml have the same fields, and say the same of when they are there."""

import re

import pytest
import yaml
from support import REPO

PAGE = (REPO / "docs/use/reference.md").read_text()
DESCRIPTION = yaml.safe_load((REPO / "api/openapi.yaml").read_text())
SCHEMAS = DESCRIPTION["components"]["schemas"]
NOT_OBJECTS = {"VersionNumber"}
KINDS = {"whole number": "integer", "number": "number", "string": "string", "boolean": "boolean", "array": "array",
         "object": "object", "`null`": "null"}


def table_after(mark: str) -> dict[str, dict[str, str]]:
    """The rows of the table under a comment, by field; each with its cells by column."""
    text = PAGE.partition(f"<!-- {mark} -->\n")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    columns, rows = rows[0], rows[2:]
    return {row[0].strip("`"): dict(zip(columns, row, strict=True)) for row in rows}


def flat(schema: dict, prefix: str = "", required: bool = True) -> dict[str, tuple[dict, bool]]:
    """Fields of an object by name, those of objects within it too: name → (schema, always there)."""
    found = {}
    for name, value in schema.get("properties", {}).items():
        always = required and name in schema.get("required", [])
        found[prefix + name] = (value, always)
        for inner in [value, *value.get("oneOf", [])]:
            found |= flat(inner, f"{prefix}{name}.", always)
            further = inner.get("additionalProperties")
            if isinstance(further, dict):
                found |= flat(further, f"{prefix}{name}.{{name}}.", always)
    return found


def marks(kind: str) -> list[str]:
    return re.findall(rf"^<!-- {kind}: (.*?) -->$", PAGE, re.MULTILINE)


def kinds_of(schema: dict) -> set[str]:
    """The JSON types that a schema allows; empty where it allows any."""
    if "$ref" in schema:
        return kinds_of(SCHEMAS[schema["$ref"].rpartition("/")[2]])
    if "oneOf" in schema and "type" not in schema:
        return set().union(*(kinds_of(one) for one in schema["oneOf"]))
    if "const" in schema or "enum" in schema and "type" not in schema:
        return {"string"}
    kind = schema.get("type", [])
    return {kind} if isinstance(kind, str) else set(kind)


def kinds_told(cell: str) -> set[str]:
    plain = re.sub(r"array of .*", "array", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", cell))
    return {KINDS.get(word, "object") for word in plain.split(" or ")}


def compare(told: dict, fields: dict):
    assert list(told) == list(fields)
    for name, (schema, always) in fields.items():
        row = told[name]
        if "there" in row:
            assert row["there"].startswith("always") is always, f"{name}: {row['there']}"
        else:
            absent = row.get("if absent", row.get("at most, and if absent"))
            assert (absent == "required") is always, f"{name}: {absent}"
        allowed = kinds_of(schema) - ({"null"} if "there" not in row else set())
        assert not allowed or kinds_told(row["type"]) == allowed, f"{name}: {row['type']}, not {allowed}"


@pytest.mark.parametrize("names", marks("schema"))
def test_table_has_the_fields_of_its_schema(names):
    each = [flat(SCHEMAS[name]) for name in names.split()]
    fields = {name: (schema, all(name in one and one[name][1] for one in each))
              for one in each for name, (schema, _) in one.items()}
    if names == "Done Fault":  # in one of them the result, in the other the error is null
        for name in ("result", "error"):
            fields[name] = ({"type": []} if name == "result" else {"type": ["string", "null"]}, True)
    compare(table_after(f"schema: {names}"), fields)


def test_every_object_has_its_table():
    assert {name for names in marks("schema") for name in names.split()} == set(SCHEMAS) - NOT_OBJECTS


@pytest.mark.parametrize("name", marks("operation"))
def test_table_has_the_fields_of_its_answer(name):
    operation, = [o for path in DESCRIPTION["paths"].values() for o in path.values() if o["operationId"] == name]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    compare(table_after(f"operation: {name}"), flat(schema))


def test_every_route_is_in_the_first_table():
    table = PAGE.partition("\n## ")[0]
    assert [path for path in DESCRIPTION["paths"] if path not in table and not path.startswith("/docs/")] == []


def test_headers_are_those_of_the_description():
    parts = DESCRIPTION["components"]
    asked = {one["name"] for one in parts["parameters"].values()} | {parts["securitySchemes"]["apiKey"]["name"]}
    assert set(table_after("headers: request")) == asked | {"Content-Type", "Accept", "Authorization"}
    answered = {name for response in parts["responses"].values() for name in response.get("headers", {})}
    answered |= {name for path in DESCRIPTION["paths"].values() for operation in path.values()
                 for response in operation["responses"].values() for name in response.get("headers", {})}
    assert set(table_after("headers: answer")) == answered - {"Content-Security-Policy"}


def test_words_of_enumerations_are_complete():
    refusal = set(SCHEMAS["Refusal"]["properties"]["status"]["enum"])
    assert set(re.findall(r"`(\w+)`", table_after("schema: Refusal")["status"]["meaning"])) == refusal
    events = set(SCHEMAS["Event"]["properties"]["event"]["enum"])
    assert set(re.findall(r"`(\w+)`", table_after("schema: Event")["event"]["meaning"])) == events


def defaults() -> dict[str, float]:
    """Default of each option that has a unit or is a number, as docs/configuration.md tells."""
    page = (REPO / "docs/configuration.md").read_text()
    return {name: float(value) for name, value in
            re.findall(r"^\| `([\w-]+)` \|[^|]*\| (\d+(?:\.\d+)?)(?: \w+)? \|", page, re.MULTILINE)}


def test_numbers_beside_options_are_their_defaults():
    """`16 MB (`max-body-mb`)`: number, unit, option. What is 1 MB here may be 1024 KB there."""
    told = re.findall(r"([\d,]+)( [KM]B| bytes)? \(`([\w-]+)`\)", PAGE)
    scale = {" KB": 1 << 10, " MB": 1 << 20}
    units = {"kb": 1 << 10, "mb": 1 << 20}
    known = defaults()
    assert len(told) > 12
    for number, unit, option in told:
        real = known[option] * (units.get(option.rpartition("-")[2], 1) if unit in scale else 1)
        assert int(number.replace(",", "")) * scale.get(unit, 1) == real, f"{number}{unit} ({option})"
