"""Every program in examples/ answers exactly what the file beside it says."""

import json
import re

import pytest
from support import ENVELOPE, REPO

EXAMPLES = sorted((REPO / "examples").glob("*.py"))


def test_there_are_examples_and_each_has_its_expectation():
    assert len(EXAMPLES) >= 20
    assert [path.stem for path in EXAMPLES] == sorted(
        path.stem for path in (REPO / "examples").glob("*.json")
    )


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_answers_exactly_what_it_promises(server, path):
    case = json.loads(path.with_suffix(".json").read_text())
    expect = case["expect"]
    answer = server.post(script=path.read_text(), **case["request"])

    assert answer.http == expect["http"], answer
    for field in ("status", "stdout", "stderr", "error"):
        assert answer.body[field] == expect[field], (field, answer)
    # Through json.dumps, so that 1, 1.0 and true stay different.
    assert json.dumps(answer.result, sort_keys=True) == json.dumps(expect["result"], sort_keys=True)
    assert answer.body["truncated"] == {"stdout": False, "stderr": False}
    assert ENVELOPE <= answer.body.keys()

    if "exception" in expect:
        assert answer.exception | expect["exception"] == answer.exception
        frames = re.findall(r'^ *File "(.*)", line (\d+), in (.*)$', answer.exception["traceback"], re.M)
        assert [{"file": f, "line": int(line), "function": name} for f, line, name in frames] == [
            {"file": "<script>", **frame} for frame in expect["frames"]
        ]
    else:
        assert answer.exception is None
