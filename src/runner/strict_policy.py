"""Policy `strict`: what a script may not name, judged on its syntax tree before it runs.

A courtesy to authors and a second wall, never the wall: the cell holds whatever a script does.
The lists come from policies/strict.json.
"""

import ast
import fnmatch
import json

_modules = {}
_names = {}
_attributes = {}
_dunders = {}


def load(text):
    """Takes the lists from the text of policies/strict.json."""
    data = json.loads(text)
    _modules.update((entry["name"], entry["reason"]) for entry in data["modules"])
    _names.update((entry["name"], entry["reason"]) for entry in data["names"])
    _dunders.update((entry["name"], entry["reason"]) for entry in data["dunders"])
    for entry in data["attributes"]:
        _attributes.setdefault(entry["module"], []).append(entry["name"])


def _refused_module(name):
    parts = name.split(".")
    return any(".".join(parts[:count]) in _modules for count in range(1, len(parts) + 1))


def _refused_attribute(module, name):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in _attributes.get(module, ()))


class _Checker(ast.NodeVisitor):
    def __init__(self, tree):
        self.violation = None
        # Local names of modules: {"o": "os"}. Gathered beforehand, since a function may use a later import.
        self.aliases = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self.aliases[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and not node.level:
                for alias in node.names:
                    # `from os import path` binds a module too; harmless for names that are none.
                    self.aliases.setdefault(alias.asname or alias.name, f"{node.module}.{alias.name}")
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
                # `o = os` is an alias as well.
                for target in node.targets:
                    if isinstance(target, ast.Name) and node.value.id in self.aliases:
                        self.aliases.setdefault(target.id, self.aliases[node.value.id])

    def refuse(self, what, node):
        place = (node.lineno, node.col_offset)
        if self.violation is None or place < self.violation[1]:
            self.violation = (what, place)

    def visit_Import(self, node):
        for alias in node.names:
            if _refused_module(alias.name):
                self.refuse(alias.name, node)

    def visit_ImportFrom(self, node):
        module = node.module or ""
        if _refused_module(module):
            self.refuse(module, node)
            return
        for alias in node.names:
            if _refused_module(f"{module}.{alias.name}") or _refused_attribute(module, alias.name):
                self.refuse(f"{module}.{alias.name}", node)
            elif alias.name == "*" and module in _attributes:
                self.refuse(f"{module}.*", node)
            elif module == "builtins" and alias.name in _names:
                self.refuse(alias.name, node)

    def visit_Name(self, node):
        if node.id in _dunders or (node.id in _names and isinstance(node.ctx, ast.Load)):
            self.refuse(node.id, node)

    def visit_Attribute(self, node):
        if node.attr in _dunders:
            self.refuse(node.attr, node)
        base = self.module_of(node.value)
        if base is not None:
            full = f"{base}.{node.attr}"
            if _refused_attribute(base, node.attr) or _refused_module(full):
                self.refuse(full, node)
            elif base == "builtins" and node.attr in _names:
                self.refuse(node.attr, node)
        self.generic_visit(node)

    def module_of(self, node):
        """The dotted module that an expression names, as far as the imports tell."""
        if isinstance(node, ast.Name):
            return self.aliases.get(node.id)
        if isinstance(node, ast.Attribute):
            base = self.module_of(node.value)
            return f"{base}.{node.attr}" if base else None
        return None

    def visit_Call(self, node):
        # getattr(os, "system") says the same as os.system.
        if isinstance(node.func, ast.Name) and node.func.id in ("getattr", "setattr", "delattr", "hasattr"):
            if len(node.args) >= 2 and isinstance(node.args[1], ast.Constant) and isinstance(node.args[1].value, str):
                name = node.args[1].value
                base = self.module_of(node.args[0])
                if name in _dunders:
                    self.refuse(name, node)
                elif base is not None and (_refused_attribute(base, name) or (base == "builtins" and name in _names)):
                    self.refuse(f"{base}.{name}", node)
        self.generic_visit(node)


def first_violation(tree):
    """(what, line) of the first thing in the script that is not allowed, or None."""
    checker = _Checker(tree)
    checker.visit(tree)
    if checker.violation is None:
        return None
    what, (line, _) = checker.violation
    return what, line
