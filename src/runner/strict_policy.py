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


_GETTERS = ("getattr", "setattr", "delattr", "hasattr")
# Functions that make one which reads an attribute by the name given here.
_GETTER_MAKERS = ("operator.attrgetter", "operator.methodcaller")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def _text_of(node):
    """The string that an expression of constants is, else None."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text_of(node.left), _text_of(node.right)
        return left + right if left is not None and right is not None else None
    if isinstance(node, ast.JoinedStr):
        parts = [_text_of(part.value if isinstance(part, ast.FormattedValue) else part) for part in node.values]
        return "".join(parts) if None not in parts else None
    return None


def _parameters(arguments):
    listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return [argument.arg for argument in listed if argument is not None]


def _bound_in(scope):
    """The names that a function or class binds, and those that it says belong to another."""
    bound = set() if isinstance(scope, ast.ClassDef) else set(_parameters(scope.args))
    foreign = set()
    todo = [scope.body] if isinstance(scope, ast.Lambda) else list(scope.body)
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(node.name)
            continue  # a scope of its own
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.comprehension):
            # Of what a comprehension binds only `:=` reaches out.
            todo += [node.iter, *node.ifs]
            continue
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            foreign.update(node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            bound.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            bound.add(node.rest)
        todo.extend(ast.iter_child_nodes(node))
    return bound - foreign, foreign


def _bindings(tree):
    """(target, value) of everything that gives a value a second name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield target, node.value
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            yield node.target, node.value
        elif isinstance(node, _FUNCTIONS):
            arguments = node.args
            positional = [*arguments.posonlyargs, *arguments.args]
            defaulted = positional[len(positional) - len(arguments.defaults):]
            for argument, value in [*zip(defaulted, arguments.defaults),
                                    *zip(arguments.kwonlyargs, arguments.kw_defaults)]:
                if value is not None:
                    yield ast.Name(argument.arg, ast.Store()), value
        elif isinstance(node, (ast.For, ast.comprehension)) and isinstance(node.iter, (ast.Tuple, ast.List)):
            for value in node.iter.elts:
                yield node.target, value


def _pairs(target, value):
    """The same for each element of `a, b = os, sys`."""
    if isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
        if len(target.elts) == len(value.elts):
            for inner, part in zip(target.elts, value.elts):
                yield from _pairs(inner, part)
    elif isinstance(target, ast.Name):
        yield target.id, value


class _Checker(ast.NodeVisitor):
    def __init__(self, tree):
        self.violation = None
        # For each function around the present place: the names that are its own, which can't mean a built-in, not
        # even before they are bound; and those that are not.
        self.scopes = []
        # Local names of modules: {"o": "os"}. Gathered beforehand, since a function may use a later import.
        self.aliases = {}
        self.getters = set(_GETTERS)
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
        # `o = os` is an alias as well. Again until nothing is new: `p = o` may come first.
        renamed = [pair for target, value in _bindings(tree) for pair in _pairs(target, value)]
        known = -1
        while known != len(self.aliases) + len(self.getters):
            known = len(self.aliases) + len(self.getters)
            for name, value in renamed:
                module = self.module_of(value)
                if module is not None:
                    self.aliases.setdefault(name, module)
                elif isinstance(value, ast.Name) and value.id in self.getters:
                    self.getters.add(name)

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

    def is_a_functions_own(self, name):
        for bound, foreign in reversed(self.scopes):
            if name in bound:
                return True
            if name in foreign:
                return False
        return False

    def visit_Name(self, node):
        if node.id in _dunders:
            self.refuse(node.id, node)
        elif node.id in _names and isinstance(node.ctx, ast.Load) and not self.is_a_functions_own(node.id):
            self.refuse(node.id, node)

    def visit_function(self, node):
        # What surrounds the body is evaluated outside of the function.
        for outside in [*getattr(node, "decorator_list", ()), node.args, getattr(node, "returns", None)]:
            if outside is not None:
                self.visit(outside)
        self.scopes.append(_bound_in(node))
        for inside in [node.body] if isinstance(node, ast.Lambda) else node.body:
            self.visit(inside)
        self.scopes.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = visit_function

    def visit_ClassDef(self, node):
        for outside in [*node.decorator_list, *node.bases, *node.keywords]:
            self.visit(outside)
        # A name that a class binds is looked for among the built-ins until then, past all functions around.
        bound, foreign = _bound_in(node)
        self.scopes.append((set(), bound | foreign))
        for inside in node.body:
            self.visit(inside)
        self.scopes.pop()

    def visit_comprehension_scope(self, node):
        first = node.generators[0]
        self.visit(first.iter)
        bound = {name.id for generator in node.generators for name in ast.walk(generator.target)
                 if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
        self.scopes.append((bound, set()))
        for inside in ast.iter_child_nodes(node):
            if inside is first:
                for part in [first.target, *first.ifs]:
                    self.visit(part)
            else:
                self.visit(inside)
        self.scopes.pop()

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_comprehension_scope

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

    def visit_Subscript(self, node):
        # vars(os)["system"] and os.__dict__["system"] say the same as os.system.
        base, name = self.dictionary_of(node.value), _text_of(node.slice)
        if base is not None and name is not None:
            self.check_by_name(base, name, node)
        self.generic_visit(node)

    def dictionary_of(self, node):
        """The module whose names an expression is the dictionary of."""
        if isinstance(node, ast.Attribute) and node.attr == "__dict__":
            return self.module_of(node.value)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "vars" and node.args:
            return self.module_of(node.args[0])
        return None

    def module_of(self, node):
        """The dotted module that an expression names, as far as the imports tell."""
        if isinstance(node, ast.Name):
            return self.aliases.get(node.id)
        if isinstance(node, ast.NamedExpr):
            return self.module_of(node.value)
        if isinstance(node, ast.Attribute):
            base = self.module_of(node.value)
            # Many modules have others that they import as attributes: os.path.os, shutil.os.
            return node.attr if base and node.attr in _attributes else f"{base}.{node.attr}" if base else None
        return None

    def check_by_name(self, base, name, node):
        if name in _dunders:
            self.refuse(name, node)
        elif base is not None and (_refused_attribute(base, name) or (base == "builtins" and name in _names)):
            self.refuse(f"{base}.{name}", node)

    def visit_Call(self, node):
        arguments = node.args
        # partial(getattr, os, "system") hands the same arguments on.
        if arguments and isinstance(arguments[0], ast.Name) and arguments[0].id in self.getters:
            self.check_getter(arguments[1:], node)
        if isinstance(node.func, ast.Name) and node.func.id in self.getters:
            self.check_getter(arguments, node)
        elif self.module_of(node.func) in _GETTER_MAKERS:
            self.check_made_getter(arguments, None, node)
        elif isinstance(node.func, ast.Call) and self.module_of(node.func.func) in _GETTER_MAKERS:
            self.check_made_getter(node.func.args, arguments, node)
        self.generic_visit(node)

    def check_getter(self, arguments, node):
        # getattr(os, "system") says the same as os.system.
        name = _text_of(arguments[1]) if len(arguments) >= 2 else None
        if name is not None:
            self.check_by_name(self.module_of(arguments[0]), name, node)

    def check_made_getter(self, arguments, subjects, node):
        base = self.module_of(subjects[0]) if subjects else None
        for argument in arguments:
            for name in (_text_of(argument) or "").split("."):
                self.check_by_name(base, name, node)


def first_violation(tree):
    """(what, line) of the first thing in the script that is not allowed, or None."""
    checker = _Checker(tree)
    checker.visit(tree)
    if checker.violation is None:
        return None
    what, (line, _) = checker.violation
    return what, line
