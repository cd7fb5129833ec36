"""Policy `strict`: where a name of a module or class is bound for certain, so that it can't mean a built-in there.

A function's own names never do. Of others a built-in shines through until they are bound, and where they may not be.
"""

import ast

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def begin(node):
    return node.lineno, node.col_offset


def end(node):
    return node.end_lineno, node.end_col_offset


def note(node, scope):
    """From where to where the names of a module or class are certain: in the rest of the block that binds them."""
    todo = [node]
    while todo:
        around = todo.pop()
        for field in _BLOCKS:
            block = getattr(around, field, None) or []
            for statement in block if isinstance(block, list) else []:
                last = end(block[-1]) if not isinstance(block[-1], ast.match_case) else None
                for name, start in certain(statement):
                    scope.sure.setdefault(name, []).append((start, last))
                if isinstance(statement, (ast.For, ast.AsyncFor, ast.With, ast.AsyncWith)):
                    for name in _names_of_heads(statement):
                        inside = (begin(statement.body[0]), end(statement.body[-1]))
                        scope.sure.setdefault(name, []).append(inside)
                if not isinstance(statement, DEFINITIONS):
                    todo.append(statement)


def note_early(module, scope):
    """Which names a module binds before any function of the script can run."""
    for statement in module.body:
        scope.early.update(name for name, _ in certain(statement))
        if not is_calm(statement):
            break


def certain(statement):
    """(name, place from which it is bound) of what a statement binds whenever control gets past it."""
    if isinstance(statement, ast.Assign):
        return [(part.id, end(statement)) for target in statement.targets for part in _parts(target)]
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        return [(part.id, end(statement)) for part in _parts(statement.target)]
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return [((alias.asname or alias.name).partition(".")[0], end(statement)) for alias in statement.names]
    if isinstance(statement, DEFINITIONS):
        # A function without decorators is called by nobody before it has its name.
        early = not isinstance(statement, ast.ClassDef) and not statement.decorator_list
        return [(statement.name, begin(statement.body[0]) if early else end(statement))]
    return []


def is_calm(statement):
    """Whether a statement of the module runs nothing that the script defines."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return True
    if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Expr)):
        return statement.value is None or isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.ClassDef):
        return not (statement.decorator_list or statement.keywords or statement.bases) and all(
            not isinstance(inner, ast.ClassDef) and is_calm(inner) for inner in statement.body)
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        defaults = [*statement.args.defaults, *(value for value in statement.args.kw_defaults if value is not None)]
        return not statement.decorator_list and all(isinstance(value, ast.Constant) for value in defaults)
    return isinstance(statement, ast.Pass)


def _names_of_heads(statement):
    if isinstance(statement, (ast.For, ast.AsyncFor)):
        return [part.id for part in _parts(statement.target)]
    heads = [item.optional_vars for item in statement.items if item.optional_vars is not None]
    return [part.id for head in heads for part in _parts(head)]


def _parts(target):
    return [part for part in ast.walk(target) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]
