"""Requests that are not what the contract says: 400 and a sentence that names what is wrong."""

import json

import pytest
from support import Answer

GOOD = "def main(): return 1"
SCRIPT_WORDS = "Field 'script' is required and must be a string"
JSON_TYPE = {"content-type": "application/json"}


def send(server, content, headers=JSON_TYPE) -> Answer:
    return Answer(server.client.post("/execute", content=content, headers=headers))


def assert_invalid(answer: Answer, *words: str) -> None:
    assert (answer.http, answer.status) == (400, "invalid_request"), answer
    assert answer.result is None
    assert answer.error
    for word in words:
        assert word in answer.error, answer


NOT_JSON = [
    b"", b" ", b"{", b"not json", b"{'script': 1}", b'{"script": "x",}', b'{"script": "x"} trailing',
    b'{"script": "def main(): return 1"}{}', b'{"script": "tab\tin a string"}', b'{"script": NaN}',
    b"\xef\xbb\xbf" + b'{"script": 1', b"[" * 100_000, b'{"args":' + b"[" * 100_000,
    b'{"script": "\\u12"}', b"\x00" * 100,
]


@pytest.mark.parametrize("content", NOT_JSON, ids=range(len(NOT_JSON)))
def test_body_that_is_not_json(server, content):
    assert_invalid(send(server, content))


@pytest.mark.parametrize("content", [
    b'{"script": "def main(): return \'\xff\'"}',
    b'{"script": "def main(): return \'\xc3\'"}',
    b'{"script": "def main(): return \'\xed\xa0\x80\'"}',  # a surrogate in UTF-8's clothes
    b'{"script": "def main(): return 1", "stdin": "\xc0\x80"}',
], ids=["ff", "cut", "surrogate", "overlong"])
def test_body_that_is_not_utf8(server, content):
    assert_invalid(send(server, content))


@pytest.mark.parametrize("content", [
    r'{"script": "def main(): return \"\ud800\""}',
    r'{"script": "def main(): return 1", "stdin": "\udc00"}',
    r'{"script": "def main(a): return 1", "args": ["\ud83d"]}',
    r'{"script": "def main(**k): return 1", "kwargs": {"\udfff": 1}}',
], ids=["script", "stdin", "args", "kwargs"])
def test_lone_surrogate(server, content):
    assert_invalid(send(server, content.encode()))


@pytest.mark.parametrize("value", ["[]", '"text"', "1", "null", "true"])
def test_json_that_is_not_an_object(server, value):
    assert_invalid(send(server, value.encode()))


@pytest.mark.parametrize("body", [
    {}, {"args": []}, {"script": None}, {"script": 1}, {"script": ["def main(): pass"]},
    {"script": {"code": "x"}}, {"script": True},
], ids=str)
def test_script_missing_or_not_a_string(server, body):
    answer = server.post(**body)
    assert_invalid(answer)
    assert answer.error == SCRIPT_WORDS


def test_empty_script_is_refused(server):
    for script in ("", "   \n"):
        answer = server.post(script=script)
        assert (answer.http, answer.result) == (400, None)
        # An empty string is a string, so that both readings of the contract are right.
        assert answer.status in ("invalid_request", "missing_main"), answer


@pytest.mark.parametrize("field, value", [
    ("args", {}), ("args", "text"), ("args", 1), ("kwargs", []), ("kwargs", "text"), ("stdin", 1),
    ("stdin", ["text"]), ("limits", []), ("limits", {"wall_s": "1"}), ("limits", {"wall_s": -1}),
    ("limits", {"wall_s": 0}), ("limits", {"memory_mb": True}),
    ("policy", "none"), ("policy", 1), ("policy", ""),
], ids=lambda value: json.dumps(value))
def test_field_of_the_wrong_type_or_value_is_named(server, field, value):
    assert_invalid(server.post(script=GOOD, **{field: value}), field)


@pytest.mark.parametrize("limit, above", [
    ("wall_s", 31), ("cpu_s", 31), ("memory_mb", 513), ("processes", 129), ("file_mb", 11),
    ("output_kb", 1025), ("wall_s", 1e300), ("memory_mb", 2**64),
])
def test_limit_above_the_operators_is_named(server, limit, above):
    assert_invalid(server.post(script=GOOD, limits={limit: above}), limit)


@pytest.mark.parametrize("limit, equal", [
    ("wall_s", 30), ("cpu_s", 30), ("memory_mb", 512), ("processes", 128), ("file_mb", 10),
    ("output_kb", 1024), ("wall_s", 2.5),
])
def test_limit_up_to_the_operators_is_accepted(server, limit, equal):
    answer = server.post(script=GOOD, limits={limit: equal})
    assert (answer.http, answer.result) == (200, 1), answer


def test_unknown_fields_are_named(server):
    assert_invalid(server.post(script=GOOD, timeout=3), "timeout")
    assert_invalid(server.post(script=GOOD, limits={"wall": 1}), "wall")
    assert_invalid(server.post(script=GOOD, Script=GOOD), "Script")


def test_field_given_twice_is_refused(server):
    content = json.dumps({"script": GOOD})[:-1] + ', "script": "def main(): return 2"}'
    assert_invalid(send(server, content.encode()), "script")


@pytest.mark.parametrize("headers", [
    {}, {"content-type": "text/plain"}, {"content-type": "application/x-www-form-urlencoded"},
    {"content-type": "multipart/form-data; boundary=x"}, {"content-type": "application/jsonx"},
    {"content-type": ""},
], ids=str)
def test_content_type_other_than_json(server, headers):
    assert_invalid(send(server, json.dumps({"script": GOOD}).encode(), headers), "application/json")


@pytest.mark.parametrize("value", [
    "application/json; charset=utf-8", "Application/JSON", "application/json;charset=UTF-8",
])
def test_content_type_json_in_other_spellings(server, value):
    answer = send(server, json.dumps({"script": GOOD}).encode(), {"content-type": value})
    assert (answer.http, answer.result) == (200, 1), answer


def test_script_with_nul_is_a_syntax_error(server):
    answer = server.post(script="def main():\n    return '\0'")
    assert (answer.http, answer.status) == (400, "syntax_error"), answer
    assert "null bytes" in answer.error


def test_null_for_an_optional_field_is_the_same_as_leaving_it_out(server):
    answer = server.post(script=GOOD, args=None, kwargs=None, stdin=None, limits={"wall_s": None})
    assert (answer.http, answer.result) == (200, 1), answer


def test_unicode_and_escapes_in_the_request_arrive_unchanged(server):
    value = {"k": "\u0000\u001f\"\\/é世🌍\u2028", "n": [-0.0, 1e-7, 2**63, None, True]}
    answer = server.post(script="def main(v): return [v, v['k'].encode().hex()]", args=[value])
    assert json.dumps(answer.result) == json.dumps([value, value["k"].encode().hex()])


@pytest.mark.parametrize(("content", "words"), [
    (b'{"script": "x", "args": [1e400]}', "the number 1e400 is too large"),
    (b'{"script": "x", "args": [' + b"1" * 4301 + b"]}", "4301 digits"),
    (b'{"script": "x", "args": [NaN]}', "'NaN' is no JSON value"),
    (b'{"script": "x", "kwargs": {"a": 1, "a": 2}}', "Field 'kwargs.a' is given twice"),
    (b'{"script": "x", "limits": {"wall": 1}}', "known are wall_s, cpu_s"),
    (b'{"script": "x", "limits": {"processes": "1"}}', "must be a positive whole number, not a string"),
    (b'{"script": "x", "files": [{"name": "a"}]}', "known are path, content, content_base64"),
    (b'{"script": "x", "display": {"figure": "png"}}', "known is figures"),
], ids=range(8))
def test_what_is_wrong_is_named_with_the_way_out(server, content, words):
    assert_invalid(send(server, content), words)


@pytest.mark.parametrize(("headers", "words"), [
    ({"content-encoding": "gzip"}, "Content-Encoding must be identity"),
    ({"content-type": "application/json; charset=latin-1"}, "must be utf-8"),
])
def test_a_body_in_another_coding_is_not_guessed_at(server, headers, words):
    assert_invalid(send(server, json.dumps({"script": GOOD}), {**JSON_TYPE, **headers}), words)
    same = send(server, json.dumps({"script": GOOD}),
                {"content-type": 'application/json; charset="UTF-8"', "content-encoding": "identity"})
    assert (same.http, same.result) == (200, 1), same
