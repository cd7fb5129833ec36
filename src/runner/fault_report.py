"""What the answer tells of a script's fault: the place among the lines that the user wrote, and a hint. Compiled into
the zygote. Nothing of this runs for a script that ends well.

Columns are counted in characters from 1; the end is the first one after the place.
"""

import io
import itertools
import json
import linecache
import re
import sys
import traceback

import _cellblock_fault_hints as fault_hints

SCRIPT = "<script>"
MODULE_NAME = "script"
TEXT_LIMIT = 64 * 1024

# The working directory, where files of the request are; Interpreter::use_directory() sets another.
home = "/tmp"

_encode = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode
_excepthook = sys.__excepthook__
_StringIO = io.StringIO


def own_name(path):
    """How a file of the user's is shown; None for those of anybody else."""
    if path == SCRIPT:
        return path
    return path[len(home) + 1:] if path.startswith(home + "/") else None


def message_of(error):
    try:
        return str(error)[:TEXT_LIMIT]
    except BaseException:
        return "<message unavailable>"


def encoded(info):
    """The exception of an outcome, as bytes."""
    bounded = {name: field[:TEXT_LIMIT] if isinstance(field, str) else field for name, field in info.items()}
    # Not escaped: the service counts bytes, and an escape has up to twelve for one character.
    return _encode(bounded).encode("utf-8", "replace")


def _keep_user_frames(report, seen):
    if report is None or id(report) in seen:
        return
    seen.add(id(report))
    kept = []
    for frame in report.stack:
        name = own_name(frame.filename)
        if name is not None:
            frame.filename = name
            kept.append(frame)
    report.stack = traceback.StackSummary.from_list(kept)
    if getattr(report, "filename", None):  # of a syntax error
        report.filename = own_name(report.filename) or report.filename
    for other in (report.__cause__, report.__context__, *(getattr(report, "exceptions", None) or ())):
        _keep_user_frames(other, seen)


def traceback_text(error, suggestion=None):
    """As Python prints it, with the user's frames only."""
    try:
        report = traceback.TracebackException.from_exception(error, compact=True)
        _keep_user_frames(report, set())
        if suggestion:
            report._str += f". {suggestion}"
        text = "".join(report.format())
    except BaseException:
        return ""
    text = text.replace(f"\n{MODULE_NAME}.", "\n")
    if len(text) > TEXT_LIMIT:
        text = text[: TEXT_LIMIT // 2] + "\n  ...\n" + text[-TEXT_LIMIT // 2 :]
    return text


def _character(line, offset):
    """The column of a byte offset, as the compiler counts."""
    return len(line.encode("utf-8", "replace")[:offset].decode("utf-8", "ignore")) + 1


def place(path, line, end_line=None, offset=None, end_offset=None):
    """The fields that tell a place in a file of the user's; offsets as the compiler has them."""
    found = {"line": line, "file": own_name(path)}
    text = linecache.getline(path, line).rstrip("\n") if line else ""
    if text:
        found["text"] = text
    if text and offset is not None:
        found["column"] = _character(text, offset)
        if end_line is not None and end_offset is not None:
            found["end_line"] = end_line
            found["end_column"] = _character(linecache.getline(path, end_line), end_offset)
    return found


def _place_of(error):
    """Where the innermost frame of the user's was."""
    innermost = None
    walker = error.__traceback__
    while walker is not None:
        if own_name(walker.tb_frame.f_code.co_filename) is not None:
            innermost = walker
        walker = walker.tb_next
    if innermost is None:
        return {}
    code = innermost.tb_frame.f_code
    spans = itertools.islice(code.co_positions(), innermost.tb_lasti // 2, None)
    _, end_line, offset, end_offset = next(spans, (None, None, None, None))
    return place(code.co_filename, innermost.tb_lineno, end_line, offset, end_offset)


def _place_in_source(error):
    """Where source does not compile."""
    found = {"line": error.lineno}
    if error.filename and own_name(error.filename) is not None:
        found["file"] = own_name(error.filename)
    if error.text:
        found["text"] = error.text.rstrip("\n")
    # Columns below 1 stand for none.
    if error.offset and error.offset > 0:
        found["column"] = error.offset
        if error.end_lineno and error.end_offset and error.end_offset > 0:
            found |= {"end_line": error.end_lineno, "end_column": error.end_offset}
    return found


def _place_of_main(main):
    """The line that defines main(), for a call that it does not take."""
    for _ in range(20):  # decorators around it
        main = getattr(main, "__wrapped__", main)
    code = getattr(main, "__code__", None)
    if code is None or code.co_filename != SCRIPT:
        return {}
    first = code.co_firstlineno  # of its decorators, if it has any
    for number in range(first, first + 100):
        text = linecache.getline(SCRIPT, number)
        found = re.match(rf"\s*(async\s+)?def\s+{re.escape(code.co_name)}\b", text)
        if found:
            begin = len(text) - len(text.lstrip())
            return place(SCRIPT, number, number, begin, len(text[: found.end()].encode()))
    return {"line": first, "file": SCRIPT}


def _suggestion(error):
    """What Python's own printer ends its last line with. In 3.11 only C code computes that, so it prints."""
    if isinstance(error, ImportError):
        # Later versions do so here too: the name is looked for among the module's.
        wanted = re.match(r"cannot import name '([^']+)' from", error.msg or "")
        module = sys.modules.get(error.name) if wanted else None
        if module is None:
            return None
        error = AttributeError("as", name=wanted[1], obj=module)
    if not isinstance(error, (NameError, AttributeError)):
        return None
    stream, sys.stderr = sys.stderr, _StringIO()
    try:
        _excepthook(type(error), error, None)
        printed = sys.stderr.getvalue()
    finally:
        sys.stderr = stream
    begin, found, rest = printed.rpartition(". Did you mean: '")
    if not found or message_of(error) not in begin[-TEXT_LIMIT:]:
        return None
    return f"Did you mean: '{rest.partition(chr(39))[0]}'?"


def describe(error, main=None):
    """The fields of an exception that the script let through. `main` is what was called, if anything was."""
    info = {"type": type(error).__name__, "message": message_of(error), "line": None}
    try:
        suggestion = _suggestion(error)
    except BaseException:
        suggestion = None
    info["traceback"] = traceback_text(error, suggestion)
    try:
        if isinstance(error, SyntaxError) and error.filename and own_name(error.filename) is not None:
            info |= _place_in_source(error)
        else:
            info |= _place_of(error) or _place_of_main(main)
    except BaseException:
        pass
    try:
        called_wrongly = main is not None and error.__traceback__.tb_next is None
        hint = suggestion or fault_hints.hint_for(error, info.get("text", ""), called_wrongly)
    except BaseException:
        hint = None
    if hint:
        info["hint"] = hint
    return info


def syntax_error(error):
    """(text, fields) of the script's source when it does not compile."""
    name = type(error).__name__
    if not isinstance(error, SyntaxError):
        # NUL characters, nesting beyond the parser's stack, numbers beyond the digit limit.
        if isinstance(error, ValueError):
            name = "SyntaxError"
        message = message_of(error)
        if isinstance(error, RecursionError):
            message = "the script is nested too deeply for Python's compiler"
        return f"{name}: {message}", {"type": name, "message": message, "traceback": "", "line": None}
    info = {
        "type": name,
        "message": error.msg,
        "traceback": "".join(traceback.format_exception_only(error)),
        **_place_in_source(error),
    }
    where = f" (line {error.lineno})" if error.lineno else ""
    return f"{name}: {error.msg}{where}", info


def policy_violation(what, line, node, reason):
    """(text, fields) of what the policy refuses, with the syntax tree's node."""
    text = f"Script uses '{what}', which policy 'strict' does not allow (line {line})"
    info = {"type": "PolicyViolation", "message": text, "traceback": "", "hint": f"{what}: {reason}"}
    return text, info | place(SCRIPT, line, node.end_lineno, node.col_offset, node.end_col_offset)
