"""Runs the one script of a cell. Compiled into the zygote; every cell inherits it by fork.

What happens here is under the script's control once the script runs, so nothing that this module says is
believed beyond the script's own answer. It keeps its own references to what it needs, so that a script
that changes a module by accident (json, sys.stdout, os) still gets a right answer.
"""

import ast
import builtins
import importlib.machinery
import io
import json
import linecache
import os
import sys
import types

import _cellblock_fault_report as fault_report
import _cellblock_json_result as json_result
import _cellblock_rich_display as rich_display
import _cellblock_strict_policy as strict_policy

# The names are protocol::OutcomeKind's numbers.
OK, MISSING_MAIN, SYNTAX_ERROR, EXCEPTION, MEMORY_ERROR, INVALID_RESULT, RESULT_TOO_LARGE, EXITED, POLICY = range(9)

FILE_NAME = "<script>"
# Not "__main__": the usual `if __name__ == "__main__": sys.exit(main())` would run main a second time.
MODULE_NAME = "script"
ERROR_LIMIT = 8 * 1024

_loads = json.loads
_getpid = os.getpid
_exit = os._exit
_stdout = sys.stdout
_stderr = sys.stderr
# Set by the zygote, of C++: see call_alone.hpp and late_writer.hpp.
call_alone = LateWriter = None

_compile = builtins.compile
_exec = builtins.exec
_StringIO = io.StringIO


class _Ended(Exception):
    """Carries an outcome out of the steps below."""

    def __init__(self, kind, error="", exception=None):
        told = fault_report.encoded(exception) if exception is not None else b""
        if len(error) > ERROR_LIMIT:
            error = error[:ERROR_LIMIT] + "…"
        self.outcome = (kind, b"", error.encode("utf-8", "replace"), told)


def flush():
    """Brings out what the script has printed; a script may have closed or replaced its streams."""
    for stream in (sys.stdout, sys.stderr, _stdout, _stderr):
        try:
            stream.flush()
        except BaseException:
            pass


def _raised(error, main=None):
    """The outcome of an exception that the script let through."""
    if isinstance(error, SystemExit):
        code = error.code
        if code is None:
            code = 0
        elif not isinstance(code, int):
            print(code, file=sys.stderr)
            code = 1
        return _Ended(EXITED, f"Script exited with code {code & 0xFF} before main() returned")
    info = fault_report.describe(error, main)
    kind = MEMORY_ERROR if isinstance(error, MemoryError) else EXCEPTION
    text = f"{info['type']}: {info['message']}" if info["message"] else info["type"]
    return _Ended(kind, text, info)


def _compiled(source, strict):
    try:
        if not strict:
            return _compile(source, FILE_NAME, "exec", dont_inherit=True)
        tree = ast.parse(source, FILE_NAME)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise _Ended(SYNTAX_ERROR, *fault_report.syntax_error(error)) from None
    violation = strict_policy.first_violation(tree)
    if violation is not None:
        raise _Ended(POLICY, *fault_report.policy_violation(*violation))
    try:
        return _compile(tree, FILE_NAME, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise _Ended(SYNTAX_ERROR, *fault_report.syntax_error(error)) from None


def _serialised(value, limit):
    try:
        text = json_result.serialised(value)
    except MemoryError as error:
        raise _raised(error) from None
    except json_result.NotJson as error:
        raise _Ended(INVALID_RESULT, f"Returned value is not valid JSON: {error}") from None
    if len(text) > limit:
        raise _Ended(RESULT_TOO_LARGE, f"Result is too large ({len(text)} bytes)")
    return text


def _leave_forked_child(pid, code):
    """A child that the script forked and let run out of main() ends here, as it would end a program."""
    if _getpid() != pid:
        flush()
        _exit(code)


def _new_module():
    """What a script runs in."""
    module = types.ModuleType(MODULE_NAME)
    module.__file__ = FILE_NAME
    module.__builtins__ = builtins
    # With this name, an interpreter that multiprocessing starts anew does not look for the script's file.
    module.__spec__ = importlib.machinery.ModuleSpec("__main__", None, origin=FILE_NAME)
    return module


_module = _new_module()


def _run(script, args, kwargs, strict, limit):
    pid = _getpid()
    source = script.decode("utf-8")
    if source[:1] == "\ufeff":
        # As Python does with a file: some editors begin every text with this mark.
        source = source[1:]
    # As linecache reads a file: traceback places its marks by the line's end, which the last line may lack.
    lines = _StringIO(source + "\n", None).readlines()
    linecache.cache[FILE_NAME] = (len(source), None, lines, FILE_NAME)
    code = _compiled(source, strict)
    module = _module
    # Pickling and dataclasses look classes up here.
    sys.modules[MODULE_NAME] = sys.modules["__main__"] = module
    main = None
    try:
        call_alone(_exec, (code, module.__dict__), {})
        main = module.__dict__.get("main")
        if not callable(main):
            _leave_forked_child(pid, 0)
            raise _Ended(MISSING_MAIN, "Script must define a main() function")
        # Mostly there are none, and reading that takes as long as a short script.
        args = () if args == b"[]" else tuple(_loads(args))
        value = call_alone(main, args, {} if kwargs == b"{}" else _loads(kwargs))
    except _Ended:
        raise
    except BaseException as error:
        ended = _raised(error, main)
        if _getpid() != pid:
            if ended.outcome[0] != EXITED:
                sys.stderr.write(fault_report.traceback_text(error))
            _leave_forked_child(pid, 1)
        raise ended from None
    _leave_forked_child(pid, 0)
    return (OK, _serialised(value, limit), b"", b"")


def _outcome(script, args, kwargs, strict, limit):
    try:
        try:
            return _run(script, args, kwargs, strict, limit)
        except _Ended as ended:
            return ended.outcome
        except BaseException as error:
            # An exception out of an exception's own methods, or memory that ran out while reporting.
            return _raised(error).outcome
    except BaseException:
        return (EXCEPTION, b"", b"The script failed and its error could not be read", b"")


def execute(script, args, kwargs, strict, limit, display=None):
    """Runs one script: (kind, result, error, exception), the last three as bytes. `display` is what
    rich_display.begin() takes, where values are to be shown."""
    if display is not None:
        rich_display.begin(*display)
    try:
        outcome = _outcome(script, args, kwargs, strict, limit)
        if display is not None:
            rich_display.show_figures()
        return outcome
    finally:
        flush()


def prime(snippet):
    """Goes once through what every script goes through, so that its pages are there beforehand."""
    kind = execute(snippet, b"[]", b"{}", False, 1 << 20)[0]
    for name in (MODULE_NAME, "__main__"):
        sys.modules.pop(name, None)
    linecache.cache.pop(FILE_NAME, None)
    # Made here, before the next script is there.
    global _module
    _module = _new_module()
    return kind == OK


def _prompt(stream):
    """A stream of which nothing is lost when the script is ended, and for which nothing that it prints is an error."""
    made = io.TextIOWrapper(LateWriter(stream.detach().detach()), encoding="utf-8", errors="backslashreplace",
                            newline="\n", line_buffering=True, write_through=True)
    made.mode = "w"
    return made


def settle():
    """In the zygote, once: what every cell shall find."""
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None:
        # Names are drawn from a generator that is made on first use: it must be made in the cell.
        tempfile._name_sequence = None
    global _stdout, _stderr
    _stdout = sys.stdout = sys.__stdout__ = _prompt(_stdout)
    _stderr = sys.stderr = sys.__stderr__ = _prompt(_stderr)
    sys.argv[:] = [FILE_NAME]
    # The working directory, at the end: a file of the user's can be imported and takes nobody's place.
    sys.path.append("")
