"""The objects of OpenAPI 3.1 with the fields that each may have, and where a document breaks them.

Debian 12 has no validator for 3.1, so this is the specification's tables of fields as data: for each object its fields
and, where these are objects again, of which kind. `*` stands for names that the document's author chooses.
"""

PARTS = {
    "document": {"openapi!": None, "info!": "info", "servers": ["server"], "paths": {"*": "path"},
                 "webhooks": {"*": "path"}, "components": "components", "security": [{"*": None}], "tags": ["tag"],
                 "externalDocs": "external", "jsonSchemaDialect": None},
    "info": {"title!": None, "summary": None, "description": None, "termsOfService": None, "contact": "contact",
             "license": "license", "version!": None},
    "contact": {"name": None, "url": None, "email": None},
    "license": {"name!": None, "identifier": None, "url": None},
    "external": {"url!": None, "description": None},
    "server": {"url!": None, "description": None, "variables": {"*": None}},
    "tag": {"name!": None, "description": None, "externalDocs": "external"},
    "components": {"schemas": {"*": "schema"}, "responses": {"*": "response"}, "parameters": {"*": "parameter"},
                   "examples": {"*": "example"}, "requestBodies": {"*": "body"}, "headers": {"*": "header"},
                   "securitySchemes": {"*": "security"}, "links": {"*": None}, "callbacks": {"*": None},
                   "pathItems": {"*": "path"}},
    "path": {"summary": None, "description": None, "servers": ["server"], "parameters": ["parameter"],
             **dict.fromkeys(("get", "put", "post", "delete", "options", "head", "patch", "trace"), "operation")},
    "operation": {"tags": None, "summary": None, "description": None, "externalDocs": "external", "operationId": None,
                  "parameters": ["parameter"], "requestBody": "body", "responses": {"*": "response"},
                  "callbacks": {"*": None}, "deprecated": None, "security": [{"*": None}], "servers": ["server"]},
    "parameter": {"name!": None, "in!": None, "description": None, "required": None, "deprecated": None,
                  "allowEmptyValue": None, "style": None, "explode": None, "allowReserved": None, "schema": "schema",
                  "example": None, "examples": {"*": "example"}, "content": {"*": "media"}},
    "header": {"description": None, "required": None, "deprecated": None, "style": None, "explode": None,
               "schema": "schema", "example": None, "examples": {"*": "example"}, "content": {"*": "media"}},
    "body": {"description": None, "content!": {"*": "media"}, "required": None},
    "media": {"schema": "schema", "example": None, "examples": {"*": "example"}, "encoding": {"*": None}},
    "response": {"description!": None, "headers": {"*": "header"}, "content": {"*": "media"}, "links": {"*": None}},
    "example": {"summary": None, "description": None, "value": None, "externalValue": None},
    "security": {"type!": None, "description": None, "name": None, "in": None, "scheme": None, "bearerFormat": None,
                 "flows": None, "openIdConnectUrl": None},
    "schema": {**dict.fromkeys(
        ("type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum",
         "maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxProperties", "minProperties",
         "required", "format", "contentEncoding", "contentMediaType", "title", "description", "default", "deprecated",
         "readOnly", "writeOnly", "example", "examples", "$comment")),
        "properties": {"*": "schema"}, "patternProperties": {"*": "schema"}, "additionalProperties": "schema",
        "items": "schema", "prefixItems": ["schema"], "allOf": ["schema"], "anyOf": ["schema"], "oneOf": ["schema"],
        "not": "schema"},
}
REFERENCE = {"$ref!": None, "summary": None, "description": None}
WORDS = ("description", "summary", "title")


def faults(value, kind="document", place=""):
    """What in a document is not as the specification has it, each with its place."""
    if isinstance(kind, list):
        if not isinstance(value, list):
            return [f"{place}: no list"]
        return [fault for index, inner in enumerate(value) for fault in faults(inner, kind[0], f"{place}/{index}")]
    if kind is None or (kind == "schema" and isinstance(value, bool)):
        return []
    if not isinstance(value, dict):
        return [f"{place}: no object"]
    if isinstance(kind, dict):
        return [fault for name, inner in value.items() for fault in faults(inner, kind["*"], f"{place}/{name}")]
    table = REFERENCE if "$ref" in value else PARTS[kind]
    fields = {name.rstrip("!"): inner for name, inner in table.items()}
    found = [f"{place}: {kind} without {name[:-1]}" for name in table if name[-1] == "!" and name[:-1] not in value]
    for name, inner in value.items():
        if name not in fields:
            found.append(f"{place}: {kind} with {name}")
        elif name in WORDS and not isinstance(inner, str):
            found.append(f"{place}/{name}: no text")
        else:
            found += faults(inner, fields[name], f"{place}/{name}")
    return found
