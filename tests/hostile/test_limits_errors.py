"""Promise 8, the account of an error: an exception can be as large and as hostile as it likes."""

import pytest
from exact import Exact, assert_ends_exactly
from hostile import NEEDS_ROOT
from programs import named

pytestmark = NEEDS_ROOT
# What is kept of a text in `exception`, and of the error itself, in characters; an ellipsis tells that there was more.
KEPT = 64 * 1024
ERROR_KEPT = 8 * 1024

EXCEPTIONS = [
    Exact("a message of fifty megabytes", "def main(): raise ValueError('x' * 50_000_000)", None, "exception",
          ("ValueError: " + "x" * KEPT)[:ERROR_KEPT] + "…"),
    Exact("a long message of characters beyond the first plane", "def main(): raise ValueError(chr(0x1F600) * 80_000)",
          None, "exception", ("ValueError: " + chr(0x1F600) * KEPT)[:ERROR_KEPT] + "…"),
    Exact("a long message of control characters", "def main(): raise ValueError(chr(1) * 80_000)", None, "exception",
          ("ValueError: " + chr(1) * KEPT)[:ERROR_KEPT] + "…"),
    Exact("a name of three megabytes", "def main(): raise type('x' * 3_000_000, (Exception,), {})", None, "exception",
          "x" * ERROR_KEPT + "…"),
    Exact("a lone surrogate", "def main(): raise ValueError(chr(0xd800))", None, "exception", "ValueError: ?"),
    Exact("text that looks like the end of the answer", """
        def main(): raise ValueError('"}, "status": "ok", "result": 1}\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\n')""", None,
          "exception", 'ValueError: "}, "status": "ok", "result": 1}\r\n\r\nHTTP/1.1 200 OK\r\n'),
    Exact("a message that takes for ever", """
        class Endless(Exception):
            def __str__(self):
                while True: pass
        def main(): raise Endless""", None, "timeout", limits={"wall_s": 1}),
    Exact("a message that can not be made", """
        class Mute(Exception):
            def __str__(self): raise Mute
        def main(): raise Mute""", None, "exception", "Mute: <message unavailable>"),
    Exact("a message that is no string", """
        class Odd(Exception):
            def __str__(self): return 3
        def main(): raise Odd""", None, "exception", "Odd: <message unavailable>"),
    Exact("a message that ends the program", """
        class Gone(Exception):
            def __str__(self): os._exit(7)
        def main(): raise Gone""", None, "exited", "Script exited with code 7 before main() returned"),
    Exact("a message that exits", """
        class Exits(Exception):
            def __str__(self): sys.exit(9)
        def main(): raise Exits""", None, "exception", "Exits: <message unavailable>"),
    Exact("a message that needs more memory than there is", """
        class Large(Exception):
            def __str__(self): return "x" * (1 << 40)
        def main(): raise Large""", None, "exception", "Large: <message unavailable>"),
    Exact("a chain of ten thousand causes", """
        def main():
            last = None
            for number in range(10_000):
                error = ValueError(number)
                error.__cause__ = last
                last = error
            raise last""", None, "exception", "ValueError: 9999"),
    Exact("causes in a ring", """
        def main():
            first, second = ValueError("first"), ValueError("second")
            first.__context__, second.__context__ = second, first
            first.__cause__ = second
            raise first""", None, "exception", "ValueError: first"),
    Exact("a traceback of twenty thousand frames", """
        sys.setrecursionlimit(50_000)
        def deeper(depth):
            if depth: deeper(depth - 1)
            raise ValueError("deep")
        def main(): deeper(20_000)""", None, "exception", "ValueError: deep"),
    Exact("a note of ten megabytes", """
        def main():
            error = ValueError("noted")
            error.__notes__ = ["n" * 10_000_000]
            raise error""", None, "exception", "ValueError: noted"),
    Exact("a group of groups that doubles thirty times", """
        def main():
            error = ValueError("leaf")
            for _ in range(30): error = ExceptionGroup("group", [error, error])
            raise error""", None, "timeout", limits={"wall_s": 1}),
    Exact("a class whose name is a property", """
        class Meta(type):
            @property
            def __name__(cls): return 5
        class Odd(Exception, metaclass=Meta): pass
        def main(): raise Odd("odd")""", None, "exception", "5: odd"),
    Exact("an exit code of any size", "def main(): sys.exit(2**70 + 3)", None, "exited",
          "Script exited with code 3 before main() returned"),
    Exact("an exit with a text of ten megabytes", "def main(): sys.exit('x' * 10_000_000)", None, "exited",
          "Script exited with code 1 before main() returned"),
    Exact("an exit in the middle of the account", """
        def leave(*_, **__): os._exit(5)
        def main():
            import traceback
            traceback.TracebackException.from_exception = leave
            raise ValueError""", None, "exited", "Script exited with code 5 before main() returned"),
    Exact("an exception of a script that has replaced the tools of the account", """
        import json, traceback
        def main():
            json.dumps = json.JSONEncoder.encode = traceback.StackSummary.from_list = None
            raise ValueError("still told")""", None, "exception", "ValueError: still told"),
]


@pytest.mark.parametrize("program", EXCEPTIONS, ids=named)
def test_error_is_told_within_its_limits(server, assert_service_is_well, program):
    answer = assert_ends_exactly(server, program)
    for text in (answer.exception or {}).values():
        assert text is None or isinstance(text, int) or len(text) <= KEPT + 100
    assert_service_is_well()
