"""Policy `strict`: what a script may not name, judged on its syntax tree before it runs.

A courtesy to authors and a second wall, never the wall: the cell holds whatever a script does. What it follows and
what not is in docs/use/strict.md; the lists are in policies/strict.json.
"""

import ast
import re

import _cellblock_strict_lists as lists
import _cellblock_strict_values as strict_values
from _cellblock_strict_sure import begin

load = lists.load

_GETTERS = {f"builtins.{name}" for name in ("getattr", "setattr", "delattr", "hasattr")}
# Functions that make one which reads an attribute by the name given here.
_GETTER_MAKERS = {"operator.attrgetter", "operator.methodcaller"}
_FIELD = re.compile(r"\{([^{}]*)")
_FIELDS_NAME = re.compile(r"[.\[](\w+)")


class _Checker:
    def __init__(self, tree):
        self.violation = None
        self.values = strict_values.Values(tree)
        self.values.keep()
        for node, scope in self.values.map.uses:
            getattr(self, f"_{type(node).__name__}")(node, scope)

    def refuse(self, what, node, reason):
        """Keeps the first in the text; in the same place, what says most."""
        if reason and (self.violation is None or begin(node) < begin(self.violation[1])):
            self.violation = (what, node, reason)

    def modules(self, node, scope):
        return sorted(one for one in self.values.of(node, scope) if one[0] not in "'[{")

    def _Import(self, node, scope):
        for alias in node.names:
            self.refuse(alias.name, alias, lists.module(alias.name))

    def _ImportFrom(self, node, scope):
        module = node.module or ""
        if node.level:
            return
        for alias in node.names:
            full = f"{module}.{alias.name}"
            behind = lists.module_behind(alias.name)
            if lists.module(module):
                self.refuse(module, node, lists.module(module))
            elif alias.name == "*":
                self.refuse(full, alias, lists.starred(module))
            else:
                self.refuse(full, alias, lists.module(full) or lists.attribute(module, alias.name)
                            or (behind and lists.module(behind)))

    def _Name(self, node, scope):
        name = node.id
        if name.startswith("__"):
            self.refuse(name, node, lists.reaching(name))
        if lists.built_in(name) and not self._is_the_scripts_own(name, node, scope):
            self.refuse(name, node, lists.built_in(name))

    def _is_the_scripts_own(self, name, node, scope):
        """Whether a name cannot mean a built-in here."""
        home = self.values.map.home(scope, name)
        if home is None:
            return False
        if home.kind in ("function", "comprehension"):
            return True
        if name in home.deleted:
            return False
        if name in home.early and scope.runs_later():
            return True
        return any(start <= begin(node) and (last is None or begin(node) <= last)
                   for start, last in home.sure.get(name, ()))

    def _Attribute(self, node, scope):
        self.check_by_name(self.modules(node.value, scope), node.attr, node, told=node.attr)
        if node.attr in ("format", "format_map"):
            self.check_format(self.values.text(node.value, scope), node)

    def _Subscript(self, node, scope):
        # vars(os)["system"] and os.__dict__["system"] say the same as os.system.
        owners = self.dictionaries(node.value, scope)
        for name in self.values.texts(node.slice, scope) if owners else ():
            self.check_by_name(owners, name, node)

    def dictionaries(self, node, scope):
        return sorted(one[1:] for one in self.values.of(node, scope) if one[0] == "{" and "(" not in one)

    def _Call(self, node, scope):
        found = self.values.of(node.func, scope)
        arguments = node.args
        # partial(getattr, os, "system") hands the same arguments on.
        if arguments and isinstance(arguments[0], ast.Name) and self.values.of(arguments[0], scope) & _GETTERS:
            self.check_getter(arguments[1:], node, scope)
        if found & _GETTERS:
            self.check_getter(arguments, node, scope)
        elif found & _GETTER_MAKERS:
            self.check_made_getter(arguments, None, node, scope)
        elif isinstance(node.func, ast.Call) and self.values.of(node.func.func, scope) & _GETTER_MAKERS:
            self.check_made_getter(node.func.args, arguments, node, scope)
        if "builtins.vars" in found and arguments:
            for owner in self.modules(arguments[0], scope):
                self.refuse(f"{owner}.__dict__", node, lists.attribute(owner, "__dict__"))
        if "builtins.format_map" in found or "builtins.str.format" in found:
            self.check_format(self.values.text(arguments[0], scope) if arguments else None, node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in strict_values._GETS and arguments:
            owners = self.dictionaries(node.func.value, scope)
            for name in self.values.texts(arguments[0], scope) if owners else ():
                self.check_by_name(owners, name, node)

    def check_by_name(self, owners, name, node, told=None):
        if lists.reaching(name):
            self.refuse(name, node, lists.reaching(name))
        for owner in owners:
            full = f"{owner}.{name}"
            reason = lists.attribute(owner, name)
            if owner and not owner.startswith("builtins"):
                behind = lists.module_behind(name)
                reason = reason or lists.module(full) or (behind and lists.module(behind))
            self.refuse(name if owner == "builtins" and told else full, node, reason)

    def check_format(self, text, node):
        for field in _FIELD.findall(text or ""):
            for name in _FIELDS_NAME.findall(field):
                self.refuse(name, node, lists.reaching(name))

    def check_getter(self, arguments, node, scope):
        # getattr(os, "system") says the same as os.system.
        if len(arguments) >= 2:
            for name in self.values.texts(arguments[1], scope):
                self.check_by_name(self.modules(arguments[0], scope), name, node)

    def check_made_getter(self, arguments, subjects, node, scope):
        owners = self.modules(subjects[0], scope) if subjects else []
        for argument in arguments:
            for text in self.values.texts(argument, scope):
                for name in text.split("."):
                    self.check_by_name(owners, name, node)


def first_violation(tree):
    """(what, line, node, reason) of the first thing in the script that is not allowed, or None."""
    violation = _Checker(tree).violation
    if violation is None:
        return None
    what, node, reason = violation
    return what, node.lineno, node, reason
