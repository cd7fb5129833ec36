"""Policy `strict`: what it refuses, by which name and line, and what it must leave alone."""

import json
import re

import pytest
from support import REPO

POLICY = json.loads((REPO / "policies/strict.json").read_text())
MAIN = "\ndef main(): return 'ran'"


def refused(server, script):
    """The name and the line that the answer gives."""
    answer = server.post(script=script, policy="strict")
    assert (answer.http, answer.status, answer.result) == (400, "policy_violation", None), answer
    sentence = r"Script uses '(\S+)', which policy 'strict' does not allow \(line (\d+)\)"
    words = re.fullmatch(sentence, answer.error)
    assert words, answer
    return words[1], int(words[2])


@pytest.mark.parametrize("name", [entry["name"] for entry in POLICY["modules"]])
def test_listed_module_cannot_be_imported(server, name):
    assert refused(server, f"import {name}{MAIN}") == (name, 1)


@pytest.mark.parametrize("name", [entry["name"] for entry in POLICY["names"]])
def test_listed_name_cannot_be_used(server, name):
    assert refused(server, f"def main():\n    f = {name}\n    return f") == (name, 2)


@pytest.mark.parametrize("name", [entry["name"] for entry in POLICY["dunders"]])
def test_listed_dunder_cannot_be_reached(server, name):
    assert refused(server, f"def main():\n    return main.{name}") == (name, 2)


@pytest.mark.parametrize("module, name", [
    (entry["module"], entry["name"].replace("*", "x")) for entry in POLICY["attributes"]])
def test_listed_attribute_cannot_be_reached(server, module, name):
    script = f"import {module}\ndef main():\n    return {module}.{name}"
    assert refused(server, script) == (f"{module}.{name}", 3)


@pytest.mark.parametrize("script, name, line", [
    ("import os as o\ndef main():\n    o.system('ls')", "os.system", 3),
    ("from os import system\ndef main(): pass", "os.system", 1),
    ("from os import getcwd, popen as p\ndef main(): pass", "os.popen", 1),
    ("from os import *\ndef main(): pass", "os.*", 1),
    ("import json, subprocess as s\ndef main(): pass", "subprocess", 1),
    ("from subprocess import run\ndef main(): pass", "subprocess", 1),
    ("import multiprocessing.pool\ndef main(): pass", "multiprocessing.pool", 1),
    ("from importlib import util\ndef main(): pass", "importlib", 1),
    ("from concurrent import futures as f\ndef main(): return f.ProcessPoolExecutor()",
     "concurrent.futures.ProcessPoolExecutor", 2),
    ("def main():\n    import socket\n    return 1", "socket", 2),
    ("def main():\n    import os\n    return os.execv('/bin/ls', [])", "os.execv", 3),
    ("def main():\n    return ().__class__.__subclasses__()", "__subclasses__", 2),
    ("def main():\n    return __builtins__", "__builtins__", 2),
    ("class A:\n    @staticmethod\n    def f(): return [eval(x) for x in '1']\ndef main(): pass", "eval", 3),
    ("f = lambda: f'{eval(\"1\")}'\ndef main(): pass", "eval", 1),
])
def test_aliases_and_nesting_do_not_help(server, script, name, line):
    assert refused(server, script) == (name, line)


@pytest.mark.parametrize("script", [
    "import pandas as pd\ndef main(): return int(pd.DataFrame({'a': [1, 2]}).eval('a + 1').sum())",
    "import re\ndef main(): return re.compile('a+').match('aa').end()",
    "# eval exec subprocess os.system\ndef main(): return 'eval(1); import subprocess; __globals__'",
    "'''import socket'''\ndef main(): return 'open'",
    "import os, os.path\ndef main(): return os.path.join(os.getcwd(), 'a')",
    "import sys\ndef main(): return sys.stdin.read() + sys.version[:1]",
    "class Door:\n    def open(self): return 1\n    def exec(self): return 2\n"
    "def main(): return Door().open() + Door().exec()",
    "class A:\n    def __init__(self): super().__init__()\n    def name(self): return type(self).__name__\n"
    "def main(): return [A().name(), A.__doc__, A().__class__.__name__]",
    "from collections import OrderedDict as system\ndef main(): return system(a=1)",
    "class os:\n    system = 5\ndef main(): return os.system",
    "import numpy as np\ndef main(): return np.fromstring('1 2', sep=' ').tolist()",
    "import asyncio\nasync def work(): return 1\ndef main(): return asyncio.run(work())",
])
def test_honest_scripts_are_not_refused(server, script):
    answer = server.post(script=script, policy="strict")
    assert (answer.http, answer.status) == (200, "ok"), answer


def test_nothing_runs_before_the_check(server):
    answer = server.post(script="print('ran')\ndef main(): return eval('1')", policy="strict")
    assert (answer.status, answer.stdout) == ("policy_violation", ""), answer


def test_default_policy_refuses_nothing(server):
    answer = server.post(script="import os\ndef main(): return eval('1') + len(os.listdir('.'))")
    assert (answer.http, answer.result) == (200, 1), answer


def test_operators_policy_cannot_be_loosened(start_server):
    server = start_server(CELLBLOCK_POLICY="strict")
    script = "def main(): return eval('1')"
    assert server.post(script=script).status == "policy_violation"
    loosened = server.post(script=script, policy="sandbox")
    assert (loosened.http, loosened.status) == (400, "invalid_request"), loosened
    assert "policy" in loosened.error


def test_the_page_has_every_entry_with_its_reason():
    page = (REPO / "docs/use/strict.md").read_text()
    told = re.findall(r"^\| `([^`]+)` \| (.+) \|$", page, re.MULTILINE)
    listed = [(f"{entry['module']}.{entry['name']}" if "module" in entry else entry["name"], entry["reason"])
              for kind in ("modules", "names", "attributes", "dunders") for entry in POLICY[kind]]
    assert told == listed


def test_every_entry_of_the_policy_has_a_reason():
    for kind in ("modules", "names", "attributes", "dunders"):
        assert POLICY[kind]
        for entry in POLICY[kind]:
            assert entry["reason"].strip(), entry
            more = {"attributes": {"module"}, "modules": {"common_word"} & set(entry)}.get(kind, set())
            assert set(entry) == {"name", "reason"} | more
