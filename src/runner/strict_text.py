"""Policy `strict`: the text that an expression of constants comes to, as far as reading it tells."""

import ast
import re

LONGEST = 1000
DEEPEST = 40
# A width or a repetition of three digits makes much of little; no name is written that way.
_WIDE = re.compile(r"[%{][^%{}]*\d{3}")
_PLAIN_METHODS = ("lower", "upper", "strip", "lstrip", "rstrip", "title", "swapcase", "casefold", "capitalize",
                  "replace", "removeprefix", "removesuffix")


def fold(node, known, depth=0):
    """The string, else None. `known` tells the text of a name, if it has one."""
    text = _fold(node, known, depth) if depth < DEEPEST else None
    return text if isinstance(text, str) and len(text) <= LONGEST else None


def _fold(node, known, depth):
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return known(node)
    if isinstance(node, ast.NamedExpr):
        return fold(node.value, known, depth + 1)
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Add):
            return _sum(node, known, depth)
        if isinstance(node.op, ast.Mod):
            return _formatted(node, known, depth)
    elif isinstance(node, ast.JoinedStr):
        return _joined([_part(part, known, depth) for part in node.values])
    elif isinstance(node, ast.Subscript):
        return _sliced(node, known, depth)
    elif isinstance(node, ast.Call):
        return _called(node, known, depth)
    return None


def _joined(parts, between=""):
    return between.join(parts) if all(isinstance(part, str) for part in parts) else None


def _sum(node, known, depth):
    parts = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and len(parts) <= LONGEST:
        parts.append(node.right)
        node = node.left
    return _joined([fold(part, known, depth + 1) for part in [node, *reversed(parts)]])


def _part(node, known, depth):
    if not isinstance(node, ast.FormattedValue):
        return fold(node, known, depth + 1)
    if node.format_spec is not None:
        return None
    found = _value(node.value, known, depth)
    return str(found) if found is not None else None


def _value(node, known, depth):
    """A string or number."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, str)):
        return node.value
    return fold(node, known, depth + 1)


def _formatted(node, known, depth):
    text = fold(node.left, known, depth + 1)
    listed = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
    values = [_value(part, known, depth) for part in listed]
    if text is None or None in values or _WIDE.search(text):
        return None
    try:
        return text % tuple(values)
    except (TypeError, ValueError):
        return None


def _sliced(node, known, depth):
    text = fold(node.value, known, depth + 1)
    try:
        if text is None:
            return None
        if isinstance(node.slice, ast.Slice):
            ends = [part and ast.literal_eval(part) for part in (node.slice.lower, node.slice.upper, node.slice.step)]
            return text[slice(*ends)]
        return text[ast.literal_eval(node.slice)]
    except (ValueError, TypeError, IndexError, RecursionError):
        return None


def _called(node, known, depth):
    function = node.func
    if isinstance(function, ast.Name):
        values = [_value(part, known, depth) for part in node.args]
        if function.id == "chr" and len(values) == 1 and isinstance(values[0], int) and 0 <= values[0] < 0x110000:
            return chr(values[0])
        if function.id == "str" and len(values) == 1:
            return values[0]
        return None
    if not isinstance(function, ast.Attribute):
        return None
    text = fold(function.value, known, depth + 1)
    if text is None:
        return None
    if function.attr == "join" and len(node.args) == 1:
        return _joined(_pieces(node.args[0], known, depth) or [None], text)
    values = [_value(part, known, depth) for part in node.args]
    named = {part.arg: _value(part.value, known, depth) for part in node.keywords}
    if None in values or None in named or None in named.values() or _WIDE.search(text):
        return None
    try:
        if function.attr == "format":
            return text.format(*values, **named)
        if function.attr in _PLAIN_METHODS and not named:
            return getattr(text, function.attr)(*values)
    except (TypeError, ValueError, LookupError, AttributeError):
        pass
    return None


def _pieces(node, known, depth):
    """What a join gets: a list of texts, a text by its characters, either of them backwards."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        inner = _pieces(node.args[0], known, depth + 1) if depth < DEEPEST else None
        return inner and {"reversed": inner[::-1], "list": inner, "tuple": inner}.get(node.func.id)
    if isinstance(node, (ast.List, ast.Tuple)):
        return [fold(part, known, depth + 1) for part in node.elts[:LONGEST]]
    text = fold(node, known, depth + 1)
    return list(text) if text is not None else None
