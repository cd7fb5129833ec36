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
import traceback
import types

# The names are protocol::OutcomeKind's numbers.
OK, MISSING_MAIN, SYNTAX_ERROR, EXCEPTION, MEMORY_ERROR, INVALID_RESULT, RESULT_TOO_LARGE, EXITED, POLICY = range(9)

FILE_NAME = "<script>"
# Not "__main__": the usual `if __name__ == "__main__": sys.exit(main())` would run main a second time.
MODULE_NAME = "script"
TEXT_LIMIT = 64 * 1024
RECURSION_LIMIT = sys.getrecursionlimit()

_encode = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode
_loads = json.loads
_getpid = os.getpid
_setrecursionlimit = sys.setrecursionlimit
_exit = os._exit
_stdout = sys.stdout
_stderr = sys.stderr
_compile = builtins.compile
_exec = builtins.exec
_StringIO = io.StringIO


class _Ended(Exception):
    """Carries an outcome out of the steps below."""

    def __init__(self, kind, error="", exception=None):
        self.outcome = (kind, b"", _text(error), _json(exception))


def _text(value):
    return value[:TEXT_LIMIT].encode("utf-8", "replace")


def _json(value):
    if value is None:
        return b""
    bounded = {name: field[:TEXT_LIMIT] if isinstance(field, str) else field for name, field in value.items()}
    # Not escaped: the service counts bytes, and an escape has up to twelve for one character.
    return _encode(bounded).encode("utf-8", "replace")


def flush():
    """Brings out what the script has printed; a script may have closed or replaced its streams."""
    for stream in (sys.stdout, sys.stderr, _stdout, _stderr):
        try:
            stream.flush()
        except BaseException:
            pass


def _message(error):
    try:
        return str(error)[:TEXT_LIMIT]
    except BaseException:
        return "<message unavailable>"


def _keep_user_frames(report, seen):
    if report is None or id(report) in seen:
        return
    seen.add(id(report))
    report.stack = traceback.StackSummary.from_list([frame for frame in report.stack if frame.filename == FILE_NAME])
    for other in (report.__cause__, report.__context__, *(getattr(report, "exceptions", None) or ())):
        _keep_user_frames(other, seen)


def _traceback_text(error):
    try:
        report = traceback.TracebackException.from_exception(error, compact=True)
        _keep_user_frames(report, set())
        text = "".join(report.format())
    except BaseException:
        return ""
    text = text.replace(f"\n{MODULE_NAME}.", "\n")
    if len(text) > TEXT_LIMIT:
        text = text[: TEXT_LIMIT // 2] + "\n  ...\n" + text[-TEXT_LIMIT // 2 :]
    return text


def _line_of(error):
    line = None
    walker = error.__traceback__
    while walker is not None:
        if walker.tb_frame.f_code.co_filename == FILE_NAME:
            line = walker.tb_lineno
        walker = walker.tb_next
    return line


def _describe(error):
    return {
        "type": type(error).__name__,
        "message": _message(error),
        "traceback": _traceback_text(error),
        "line": _line_of(error),
    }


def _raised(error):
    """The outcome of an exception that the script let through."""
    if isinstance(error, SystemExit):
        code = error.code
        if code is None:
            code = 0
        elif not isinstance(code, int):
            print(code, file=sys.stderr)
            code = 1
        return _Ended(EXITED, f"Script exited with code {code & 0xFF} before main() returned")
    info = _describe(error)
    kind = MEMORY_ERROR if isinstance(error, MemoryError) else EXCEPTION
    text = f"{info['type']}: {info['message']}" if info["message"] else info["type"]
    return _Ended(kind, text, info)


def _syntax_error(error):
    """The outcome of source that does not compile."""
    name = type(error).__name__
    if not isinstance(error, SyntaxError):
        # NUL characters, nesting beyond the parser's stack, numbers beyond the digit limit.
        info = {"type": name, "message": _message(error), "traceback": "", "line": None}
        if isinstance(error, ValueError):
            info["type"] = name = "SyntaxError"
        return _Ended(SYNTAX_ERROR, f"{name}: {info['message']}", info)
    info = {
        "type": name,
        "message": error.msg,
        "traceback": "".join(traceback.format_exception_only(error)),
        "line": error.lineno,
        "column": error.offset,
        "text": error.text.rstrip("\n") if error.text else None,
    }
    where = f" (line {error.lineno})" if error.lineno else ""
    return _Ended(SYNTAX_ERROR, f"{name}: {error.msg}{where}", info)


def _compiled(source, strict):
    try:
        if not strict:
            return _compile(source, FILE_NAME, "exec", dont_inherit=True)
        tree = ast.parse(source, FILE_NAME)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise _syntax_error(error) from None
    violation = strict_policy.first_violation(tree)  # noqa: F821 - set by the zygote
    if violation is not None:
        what, line = violation
        raise _Ended(POLICY, f"Script uses '{what}', which policy 'strict' does not allow (line {line})")
    try:
        return _compile(tree, FILE_NAME, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise _syntax_error(error) from None


def _hint(value, depth=3):
    """A word on how to turn a well-known value into JSON."""
    kind = type(value)
    module = (getattr(kind, "__module__", "") or "").partition(".")[0]
    if module == "numpy":
        return "convert it with .tolist() or .item()"
    if module == "pandas":
        return "convert it with .to_dict(), .tolist() or str()"
    if kind is types.CoroutineType:
        return "main() is asynchronous: define a plain main() that calls asyncio.run()"
    if depth and isinstance(value, dict):
        children = value.values()
    elif depth and isinstance(value, (list, tuple)):
        children = value
    else:
        return None
    for _, child in zip(range(1000), children):
        found = _hint(child, depth - 1)
        if found:
            return found
    return None


def _serialised(value, limit):
    # A script may have raised it; the service reads no deeper nesting.
    _setrecursionlimit(RECURSION_LIMIT)
    try:
        text = _encode(value).encode("utf-8")
    except UnicodeEncodeError:
        raise _Ended(INVALID_RESULT, "Returned value is not valid JSON: a string contains a lone surrogate") from None
    except MemoryError as error:
        raise _raised(error) from None
    except RecursionError:
        raise _Ended(INVALID_RESULT, "Returned value is not valid JSON: it is nested too deeply") from None
    except Exception as error:
        reason = _message(error)
        try:
            hint = _hint(value)
            if type(value) is types.CoroutineType:
                # Otherwise the interpreter warns on the script's stderr that it was never awaited.
                value.close()
        except Exception:
            hint = None
        raise _Ended(
            INVALID_RESULT,
            f"Returned value is not valid JSON: {reason}" + (f" ({hint})" if hint else ""),
        ) from None
    if len(text) > limit:
        raise _Ended(RESULT_TOO_LARGE, f"Result is too large ({len(text)} bytes)")
    return text


def _leave_forked_child(pid, code):
    """A child that the script forked and let run out of main() ends here, as it would end a program."""
    if _getpid() != pid:
        flush()
        _exit(code)


def _run(script, args, kwargs, strict, limit):
    pid = _getpid()
    source = script.decode("utf-8")
    code = _compiled(source, strict)
    # As linecache reads a file: traceback places its marks by the line's end, which the last line may lack.
    lines = _StringIO(source + "\n", None).readlines()
    linecache.cache[FILE_NAME] = (len(source), None, lines, FILE_NAME)
    module = types.ModuleType(MODULE_NAME)
    module.__file__ = FILE_NAME
    module.__builtins__ = builtins
    # With this name, an interpreter that multiprocessing starts anew does not look for the script's file.
    module.__spec__ = importlib.machinery.ModuleSpec("__main__", None, origin=FILE_NAME)
    # Pickling and dataclasses look classes up here.
    sys.modules[MODULE_NAME] = sys.modules["__main__"] = module
    try:
        _exec(code, module.__dict__)
        main = module.__dict__.get("main")
        if not callable(main):
            _leave_forked_child(pid, 0)
            raise _Ended(MISSING_MAIN, "Script must define a main() function")
        value = main(*_loads(args), **_loads(kwargs))
    except _Ended:
        raise
    except BaseException as error:
        ended = _raised(error)
        if _getpid() != pid:
            if ended.outcome[0] != EXITED:
                traceback.print_exception(error)
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
        rich_display.begin(*display)  # noqa: F821 - set by the zygote
    try:
        outcome = _outcome(script, args, kwargs, strict, limit)
        if display is not None:
            rich_display.show_figures()  # noqa: F821
        return outcome
    finally:
        flush()


def prime(snippet):
    """Goes once through what every script goes through, so that its pages are there beforehand."""
    kind = execute(snippet, b"[]", b"{}", False, 1 << 20)[0]
    for name in (MODULE_NAME, "__main__"):
        sys.modules.pop(name, None)
    linecache.cache.pop(FILE_NAME, None)
    return kind == OK


def settle():
    """In the zygote, once: what every cell shall find."""
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None:
        # Names are drawn from a generator that is made on first use: it must be made in the cell.
        tempfile._name_sequence = None
    for stream in (_stdout, _stderr):
        # By lines, so that a script that is ended has lost at most one; and nothing that it prints is an error.
        stream.reconfigure(line_buffering=True, errors="backslashreplace")
    sys.argv[:] = [FILE_NAME]
