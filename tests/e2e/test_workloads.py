"""Real work under every wall: each program of tests/workloads answers exactly what it says itself.

A program has a constant EXPECTED, the result of its main(), and may have LIMITS for its request.
"""

import ast

import pytest
from support import REPO

WORKLOADS = sorted((REPO / "tests/workloads").glob("*.py"))


def constants(source: str) -> dict:
    assignments = [node for node in ast.parse(source).body if isinstance(node, ast.Assign)]
    return {node.targets[0].id: ast.literal_eval(node.value) for node in assignments
            if node.targets[0].id in ("EXPECTED", "LIMITS")}


def test_there_are_workloads():
    assert len(WORKLOADS) >= 12


@pytest.mark.parametrize("path", WORKLOADS, ids=lambda path: path.stem)
def test_workload(server, path):
    source = path.read_text()
    said = constants(source)
    answer = server.post(script=source, limits=said.get("LIMITS", {}))
    assert (answer.http, answer.status, answer.stderr) == (200, "ok", ""), answer
    assert answer.result == said["EXPECTED"]
