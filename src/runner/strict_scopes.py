"""Policy `strict`: which scope each part of a script is in, what each scope binds, and what is bound to what.

No step here calls itself: a script may be nested as deeply as the compiler takes it.
"""

import ast

import _cellblock_strict_sure as strict_sure
from _cellblock_strict_sure import DEFINITIONS


_SILENT = (ast.expr_context, ast.Constant, ast.operator, ast.boolop, ast.unaryop, ast.cmpop)

IS, ELEMENT = range(2)  # a target is the value, or one of its elements


class Scope:
    def __init__(self, kind, parent):
        self.kind = kind  # "module", "class", "function", or "comprehension"
        self.parent = parent
        self.bound = set()
        self.deleted = set()
        self.declared = {}  # name → Global or Nonlocal, the statement's class
        self.sure = {}  # in a module or class: name → [(from, to)], the places where it is bound for certain
        self.early = set()  # in a module: names that are bound before any function of the script can run

    def owner_of_walrus(self):
        scope = self
        while scope.kind == "comprehension":
            scope = scope.parent
        return scope

    def outer(self):
        """Where a name is looked for next: what a class binds is out of sight in what it contains."""
        scope = self.parent
        while scope is not None and scope.kind == "class":
            scope = scope.parent
        return scope

    def runs_later(self):
        """Whether this is, or is in, the body of a function."""
        scope = self
        while scope is not None and scope.kind != "function":
            scope = scope.parent
        return scope is not None


class Map:
    """All scopes of a tree. `uses` has each node that can matter, with its scope; `bindings` has
    (scope, target, how, value, scope of the value). A target is a name or an ast.Attribute; a value is an expression,
    the dotted name of a module, or (module, name) for what is imported from it."""

    def __init__(self, tree):
        self.module = Scope("module", None)
        self.uses = []
        self.bindings = []
        self._todo = [(tree, self.module)]
        visits = {}
        while self._todo:
            node, scope = self._todo.pop()
            kind = type(node)
            if kind not in visits:
                visits[kind] = getattr(self, f"_{kind.__name__}", None)
            visit = visits[kind]
            if visit is None or visit(node, scope) is None:
                self._children(node, scope)

    def _children(self, node, scope):
        """As ast.iter_child_nodes(), without those that say nothing here: most of a tree are contexts and constants."""
        todo = self._todo
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, list):
                todo += [(part, scope) for part in value if isinstance(part, ast.AST)]
            elif isinstance(value, ast.AST) and not isinstance(value, _SILENT):
                todo.append((value, scope))

    def _later(self, nodes, scope):
        self._todo += [(node, scope) for node in nodes if node is not None]

    def _bind(self, scope, name, how=IS, value=None, value_scope=None):
        self._note(scope, name)
        if value is not None:
            self.bindings.append((scope, name, how, value, value_scope or scope))

    def _note(self, scope, name):
        declared = scope.declared.get(name)
        if declared is None:
            scope.bound.add(name)
        elif declared is ast.Global:
            self.module.bound.add(name)

    def home(self, scope, name):
        """The scope whose name is meant where it is used; None for a built-in or an unknown one."""
        while scope is not None:
            if scope.declared.get(name) is ast.Global:
                scope = self.module
            if name in scope.bound:
                return scope
            scope = scope.outer()
        return None

    def _target(self, target, scope, how, value, value_scope=None):
        """Of `a, b = os, sys` each name gets its own."""
        todo = [(target, how, value)]
        while todo:
            target, how, value = todo.pop()
            if isinstance(target, (ast.Tuple, ast.List)):
                same = isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts)
                if how == IS and same and not any(isinstance(part, ast.Starred) for part in target.elts + value.elts):
                    todo += [(part, IS, inner) for part, inner in zip(target.elts, value.elts)]
                else:
                    todo += [(part, ELEMENT, value) for part in target.elts]
            elif isinstance(target, ast.Starred):
                todo.append((target.value, IS, value))
            elif isinstance(target, ast.Name):
                self._bind(scope, target.id, how, value, value_scope)
            elif isinstance(target, ast.Attribute):
                self.bindings.append((scope, target, how, value, value_scope or scope))

    # What binds a value to a name.

    def _Assign(self, node, scope):
        for target in node.targets:
            self._target(target, scope, IS, node.value)

    def _AnnAssign(self, node, scope):
        if node.value is not None:
            self._target(node.target, scope, IS, node.value)

    def _AugAssign(self, node, scope):
        self._target(node.target, scope, IS, node.value)

    def _NamedExpr(self, node, scope):
        self._bind(scope.owner_of_walrus(), node.target.id, IS, node.value, scope)

    def _For(self, node, scope):
        self._target(node.target, scope, ELEMENT, node.iter)

    _AsyncFor = _For

    def _With(self, node, scope):
        for item in node.items:
            if item.optional_vars is not None:
                self._target(item.optional_vars, scope, IS, item.context_expr)

    _AsyncWith = _With

    def _Match(self, node, scope):
        for case in node.cases:
            for part in ast.walk(case.pattern):
                name = getattr(part, "rest", None) or getattr(part, "name", None)
                if isinstance(name, str):
                    self._bind(scope, name, IS, node.subject)
                    self._bind(scope, name, ELEMENT, node.subject)

    def _ExceptHandler(self, node, scope):
        if node.name:
            self._bind(scope, node.name)

    def _Import(self, node, scope):
        self.uses.append((node, scope))
        for alias in node.names:
            first = alias.name.partition(".")[0]
            self._bind(scope, alias.asname or first, IS, alias.name if alias.asname else first)

    def _ImportFrom(self, node, scope):
        self.uses.append((node, scope))
        for alias in node.names:
            value = (node.module, alias.name) if node.module and not node.level else None
            self._bind(scope, alias.asname or alias.name, IS, value)

    # What names it.

    def _Name(self, node, scope):
        if isinstance(node.ctx, ast.Load):
            self.uses.append((node, scope))
            return
        self._note(scope, node.id)
        if isinstance(node.ctx, ast.Del):
            owner = self.module if scope.declared.get(node.id) is ast.Global else scope
            owner.deleted.add(node.id)

    def _Attribute(self, node, scope):
        self.uses.append((node, scope))

    _Subscript = _Call = _Attribute

    # What has a scope of its own.

    def _Module(self, node, scope):
        strict_sure.note(node, scope)
        strict_sure.note_early(node, scope)

    def _FunctionDef(self, node, scope):
        self._bind(scope, node.name)
        self._function(node, scope)
        return True

    _AsyncFunctionDef = _FunctionDef

    def _Lambda(self, node, scope):
        self._function(node, scope)
        return True

    def _function(self, node, scope):
        arguments = node.args
        inner = Scope("function", scope)
        listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        inner.bound.update(argument.arg for argument in listed if argument is not None)
        positional = [*arguments.posonlyargs, *arguments.args]
        defaulted = positional[len(positional) - len(arguments.defaults):]
        for argument, value in [*zip(defaulted, arguments.defaults),
                                *zip(arguments.kwonlyargs, arguments.kw_defaults)]:
            if value is not None:
                self._bind(inner, argument.arg, IS, value, scope)
        # What surrounds the body is evaluated outside of the function.
        self._later([*getattr(node, "decorator_list", ()), arguments, getattr(node, "returns", None)], scope)
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        self._declare(body, inner)
        self._later(body, inner)

    def _declare(self, body, scope):
        """global and nonlocal hold for the whole scope, so they are read first."""
        todo = list(body)
        while todo:
            node = todo.pop()
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                scope.declared.update((name, type(node)) for name in node.names)
            elif isinstance(node, ast.stmt) and not isinstance(node, DEFINITIONS):
                for field in ("body", "orelse", "finalbody", "handlers", "cases"):
                    todo += getattr(node, field, None) or []
            elif isinstance(node, (ast.ExceptHandler, ast.match_case)):
                todo += node.body

    def _ClassDef(self, node, scope):
        self._bind(scope, node.name)
        inner = Scope("class", scope)
        self._later([*node.decorator_list, *node.bases, *node.keywords], scope)
        strict_sure.note(node, inner)
        self._declare(node.body, inner)
        self._later(node.body, inner)
        return True

    def _comprehension_scope(self, node, scope):
        inner = Scope("comprehension", scope)
        first = node.generators[0]
        for generator in node.generators:
            outside = generator is first
            self._target(generator.target, inner, ELEMENT, generator.iter, scope if outside else inner)
            self._later([generator.iter], scope if outside else inner)
            self._later([generator.target, *generator.ifs], inner)
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._later(results, inner)
        return True

    _ListComp = _SetComp = _DictComp = _GeneratorExp = _comprehension_scope
