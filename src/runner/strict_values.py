"""Policy `strict`: which modules the names of a script can stand for, as far as reading it tells.

A value is a set of texts: "os" for a module or what is in it by its dotted name, "[os" for what contains it, "{os" for
the dictionary of its names, "{" for the script's own, "'text" for a string. What goes through functions is not
followed.
"""

import ast

import _cellblock_strict_lists as lists
import _cellblock_strict_scopes as scopes
import _cellblock_strict_text as strict_text

NOTHING = frozenset()
MOST_VALUES = 64
DEEPEST = 40
MOST_PARTS = 6
MOST_ELEMENTS = 10_000
LONGEST_TEXT = 64

PATHS = ("pathlib.Path", "pathlib.PosixPath")
_MORE_PATHS = {"parent", "joinpath", "resolve", "absolute", "expanduser", "with_name", "with_suffix", "with_stem",
               "cwd", "home", "relative_to"}
_GETS = {"get", "pop", "setdefault", "__getitem__"}
_HANDS_ON = {"contextlib.nullcontext", "contextlib.closing", "builtins.list", "builtins.tuple", "builtins.set",
             "builtins.iter", "builtins.reversed", "builtins.sorted"}


def member(owner, name):
    """What an attribute of a module can be."""
    if owner in PATHS:
        return {"pathlib.Path"} if name in _MORE_PATHS else set()
    if owner == "pathlib" and name in ("PosixPath", "Path"):
        return {"pathlib.Path"}
    found = {f"{owner}.{name}"} if owner.count(".") < MOST_PARTS else set()
    # Many modules have others that they import as attributes: os.path.os, shutil.os, random._os.
    behind = lists.module_behind(name)
    return found | {behind} if behind else found


class Values:
    def __init__(self, tree):
        self.map = scopes.Map(tree)
        self._kept = {}
        self._keep = lambda node, found: None
        self.known = {}  # (scope, name) and (None, attribute) → values
        waiting = {}  # key → bindings to look at again when it has changed
        todo = list(self.map.bindings)
        for binding in todo:
            for key in self._keys_in(binding[3], binding[4]):
                waiting.setdefault(key, []).append(binding)
        while todo:
            scope, target, how, value, value_scope = todo.pop()
            found = self._elements(value, value_scope) if how == scopes.ELEMENT else self.of(value, value_scope)
            if not found:
                continue
            for key in self._keys_of(scope, target):
                before = self.known.get(key, NOTHING)
                after = before | found
                if after != before and len(after) <= MOST_VALUES:
                    self.known[key] = after
                    todo += waiting.get(key, ())

    def _keys_of(self, scope, target):
        if isinstance(target, ast.Attribute):
            return [(None, target.attr)]
        keys = [(self.map.home(scope, target), target)]
        # What a class binds is also an attribute, of it and of its instances.
        return [*keys, (None, target)] if scope.kind == "class" else keys

    def _keys_in(self, value, scope):
        """What a value depends on."""
        if not isinstance(value, ast.AST):
            return
        todo = [value]
        while todo:
            node = todo.pop()
            if isinstance(node, ast.Name):
                yield self.map.home(scope, node.id), node.id
            elif isinstance(node, ast.Attribute):
                yield None, node.attr
            if not isinstance(node, ast.Constant):
                todo += ast.iter_child_nodes(node)

    def of(self, node, scope, depth=0):
        if isinstance(node, str):
            return frozenset((node,))
        if isinstance(node, tuple):
            return frozenset(member(*node))
        steps = []
        found = self._kept.get(node)
        while found is None and isinstance(node, (ast.Attribute, ast.Call)):
            steps.append(node)
            node = node.func if isinstance(node, ast.Call) else node.value
            found = self._kept.get(node)
        if found is None:
            found = self._base(node, scope, depth) if depth < DEEPEST else NOTHING
            self._keep(node, found)
        for step in reversed(steps):
            called = isinstance(step, ast.Call)
            found = self._call(step, found, scope, depth) if called else self._attribute(step, found)
            self._keep(step, found)
        return found

    def keep(self):
        """From now on nothing changes: what has been looked at once is not looked at again."""
        self._keep = self._kept.__setitem__

    def _base(self, node, scope, depth):
        if isinstance(node, ast.Name):
            home = self.map.home(scope, node.id)
            return self.known.get((home, node.id), NOTHING) if home else frozenset((f"builtins.{node.id}",))
        if isinstance(node, ast.Constant):
            short = isinstance(node.value, str) and len(node.value) <= LONGEST_TEXT
            return frozenset((f"'{node.value}",)) if short else NOTHING
        if isinstance(node, (ast.NamedExpr, ast.Starred, ast.Await)):
            return self.of(node.value, scope, depth + 1)
        if isinstance(node, ast.IfExp):
            return self.of(node.body, scope, depth + 1) | self.of(node.orelse, scope, depth + 1)
        if isinstance(node, ast.BoolOp):
            return frozenset().union(*(self.of(part, scope, depth + 1) for part in node.values))
        if isinstance(node, (ast.Tuple, ast.List, ast.Set, ast.Dict)):
            parts = node.values if isinstance(node, ast.Dict) else node.elts
            inner = (self.of(part, scope, depth + 1) for part in parts[:MOST_ELEMENTS])
            return frozenset(f"[{one}" for found in inner for one in found if one[0] not in "[{")
        if isinstance(node, ast.Subscript):
            owner = self.of(node.value, scope, depth + 1)
            found = {one[1:] for one in owner if one[0] == "["}
            for name in self.texts(node.slice, scope) if any(one[0] == "{" for one in owner) else ():
                found |= self._named(owner, name, scope)
            return frozenset(found)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            return self.of(node.left, scope, depth + 1) & {"pathlib.Path"}
        text = self.text(node, scope)
        return frozenset((f"'{text}",)) if text is not None and len(text) <= LONGEST_TEXT else NOTHING

    def _attribute(self, step, found):
        made = set()
        for one in found:
            if one[0] == "{" and step.attr in _GETS | {"values", "items"}:
                made.add(f"{one}.{step.attr}")
            elif one[0] == "[" and step.attr in _GETS | {"values", "items", "copy"}:
                made.add(one)
            elif one[0] not in "'[{":
                made |= {"{" + one} if step.attr == "__dict__" else member(one, step.attr)
        return frozenset(made) if made else self.known.get((None, step.attr), NOTHING)

    def _call(self, step, found, scope, depth):
        made = set()
        for one in found:
            if one == "builtins.vars" and step.args:
                made |= {"{" + owner for owner in self.of(step.args[0], scope, depth + 1) if owner[0] not in "'[{"}
            elif one in ("builtins.globals", "builtins.locals", "builtins.vars"):
                made.add("{")
            elif one == "builtins.getattr" and len(step.args) >= 2:
                for name in self.texts(step.args[1], scope):
                    made |= self._attribute(ast.Attribute(attr=name), self.of(step.args[0], scope, depth + 1))
            elif one == "builtins.next" and step.args:
                made |= self._elements(step.args[0], scope, depth + 1)
            elif one in _HANDS_ON and step.args:
                made |= self.of(step.args[0], scope, depth + 1)
            elif one[0] == "{" and one.rpartition(".")[2] in _GETS and step.args:
                for name in self.texts(step.args[0], scope):
                    made |= self._named({one.rpartition(".")[0]}, name, scope)
            elif one[0] == "[" or one in PATHS:
                made |= {one, one[1:]} if one[0] == "[" else {one}
        return frozenset(made)

    def _named(self, owners, name, scope):
        """A name out of the dictionary of a module's or the script's own."""
        found = set()
        for owner in owners:
            if owner == "{":
                found |= self.known.get((self.map.home(scope, name), name), NOTHING)
            elif owner[0] == "{":
                found |= member(owner[1:], name)
        return found

    def _elements(self, node, scope, depth=0):
        return frozenset(one[1:] for one in self.of(node, scope, depth) if one[0] == "[")

    def text(self, node, scope):
        def known(name):
            texts = [one[1:] for one in self.of(name, scope) if one[0] == "'"]
            return texts[0] if len(texts) == 1 else None
        return strict_text.fold(node, known)

    def texts(self, node, scope):
        """The strings that an expression can be."""
        text = self.text(node, scope)
        if text is not None:
            return [text]
        return sorted(one[1:] for one in self.of(node, scope) if one[0] == "'") if isinstance(node, ast.AST) else []
