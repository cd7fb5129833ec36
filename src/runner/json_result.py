"""The value of main() as JSON, or why it is none: what is wrong, where in the value, and a way out. Compiled into the
zygote. The looking around is only done for a value that the encoder has refused.
"""

import json
import math
import sys
import types

RECURSION_LIMIT = sys.getrecursionlimit()
# Beyond that many values a place is not worth the time that finding it takes.
MOST_LOOKED_AT = 1_000_000
PATH_LIMIT = 200

_encode = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode
_setrecursionlimit = sys.setrecursionlimit
_PLAIN = (str, int, float, bool, type(None))

# By the name of the type's module and its own; "*" is any other of the module.
WAYS_OUT = {
    "numpy.ndarray": "convert it with .tolist()",
    "numpy.*": "convert it with .item()",
    "pandas.DataFrame": "convert it with .to_dict()",
    "pandas.Series": "convert it with .tolist() or .to_dict()",
    "pandas.Timestamp": "convert it with .isoformat() or str()",
    "pandas.Timedelta": "convert it with .total_seconds() or str()",
    "pandas.Period": "convert it with str()",
    "pandas.NaTType": "use None instead",
    "pandas.NAType": "use None instead",
    "pandas.*": "convert it with .tolist() or str()",
    "datetime.timedelta": "convert it with .total_seconds() or str()",
    "datetime.*": "convert it with .isoformat() or str()",
    "decimal.Decimal": "convert it with float() or str()",
    "fractions.Fraction": "convert it with float() or str()",
    "uuid.UUID": "convert it with str()",
    "pathlib.*": "convert it with str()",
    "enum.*": "use its .value",
    "builtins.set": "convert it with list() or sorted()",
    "builtins.frozenset": "convert it with list() or sorted()",
    "builtins.bytes": "convert it with .decode() or base64.b64encode(...).decode()",
    "builtins.bytearray": "convert it with .decode() or base64.b64encode(...).decode()",
    "builtins.complex": "return its .real and .imag",
    "builtins.function": "call it",
    "builtins.method": "call it",
    "builtins.*": None,
    "collections.deque": "convert it with list()",
    "types.SimpleNamespace": "convert it with vars()",
}
ITERABLE = "convert it with list()"


class NotJson(Exception):
    """With the sentence for the author."""


def serialised(value):
    """The JSON text, as bytes."""
    # A script may have raised it; the service reads no deeper nesting.
    _setrecursionlimit(RECURSION_LIMIT)
    try:
        return _encode(value).encode("utf-8")
    except MemoryError:
        raise
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    except UnicodeEncodeError:
        reason = "a string contains a lone surrogate"
    except Exception as error:
        reason = _text(error)
    raise NotJson(reason + _more(value)) from None


def _text(error):
    try:
        return str(error)
    except BaseException:
        return "the value could not be read"


def _more(value):
    try:
        name, path, way_out = _culprit(value)
        if type(value) is types.CoroutineType:
            # Otherwise the interpreter warns on the script's stderr that it was never awaited.
            value.close()
        if len(path) > 2 * PATH_LIMIT:
            path = path[: PATH_LIMIT] + " … " + path[-PATH_LIMIT:]
        if path == "result" and type(value).__module__ == "builtins" and type(value) is not types.CoroutineType:
            way_out = None  # the sentence says it all, and clients know its words
        place = f"at {path}" if path not in ("", "result") else ""
        hint = "; ".join(part for part in (place, way_out) if part)
        return (f": {name}" if name else "") + (f" ({hint})" if hint else "")
    except Exception:
        return ""


def _culprit(value):
    """(name, path, way out) of the first thing in the value that has no JSON, in the encoder's own order."""
    todo = [iter([("result", value)])]
    around = [None]  # what contains the present place, innermost last; one for each of `todo`
    for _ in range(MOST_LOOKED_AT):
        path, found = next(todo[-1], (None, None))
        if path is None:
            todo.pop()
            around.pop()
            if not todo:
                break
        elif isinstance(found, str):
            if _has_surrogate(found):
                return "", path, "write it with errors='replace'"
        elif isinstance(found, float):
            if not math.isfinite(found):
                return _name_of(found), path, "use None instead"
        elif isinstance(found, (dict, list, tuple)):
            if any(found is outer for outer in around):
                return "", path, "it contains itself"
            todo.append(_entries(path, found) if isinstance(found, dict) else _elements(path, found))
            around.append(found)
        elif not isinstance(found, _PLAIN):
            return "", path, _way_out(found)
    return "", "", None


def _elements(path, found):
    for index, inner in enumerate(found):
        yield f"{path}[{index}]", inner


def _entries(path, found):
    for key, inner in found.items():
        if not isinstance(key, _PLAIN):
            yield f"a key of {path}", _Key()
        where = f"{path}[{_shown(key)}]"
        if isinstance(key, (str, float)):
            yield where, key
        yield where, inner


def _shown(key):
    text = repr(key)
    return text if len(text) <= PATH_LIMIT else text[: PATH_LIMIT] + "…"


class _Key:
    """Stands for a key that can't be one."""


def _has_surrogate(text):
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _name_of(number):
    return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"


def _way_out(value):
    kind = type(value)
    if kind is _Key:
        return "convert the key with str()"
    if kind is types.CoroutineType:
        return "main() is asynchronous: define a plain main() that calls asyncio.run()"
    for base in kind.__mro__:
        module = base.__module__.partition(".")[0]
        for name in (f"{module}.{base.__name__}", f"{module}.*"):
            if WAYS_OUT.get(name):
                return WAYS_OUT[name]
    if hasattr(kind, "__dataclass_fields__"):
        return "convert it with dataclasses.asdict()"
    return ITERABLE if hasattr(kind, "__iter__") else None
