"""What a function of Python means: its own text and that of all it calls in its file; comments do not count."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator

_BLOCKS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def digest_of(tree: ast.Module, function: ast.FunctionDef, mark: ast.expr) -> str:
    """The digest of a function, but for the decorator `mark`, and of every statement of the file that decides what it
    does: what it names, what that names, and statements that bind no name, whose effect nobody can tell."""
    bound: dict[str, list[ast.stmt]] = {}
    loose: list[ast.stmt] = []
    for statement in tree.body:
        names = list(_names_bound(statement))
        for name in names:
            bound.setdefault(name, []).append(statement)
        if not names and not _is_text(statement):
            loose.append(statement)
    seen: dict[int, ast.stmt] = {id(function): function}
    waiting: list[ast.stmt] = [function, *loose]
    while waiting:
        statement = waiting.pop()
        seen[id(statement)] = statement
        for node in ast.walk(statement):
            if isinstance(node, ast.Name):
                waiting += [each for each in bound.get(node.id, ()) if id(each) not in seen]
    texts = [_dump(statement, mark) for statement in tree.body if id(statement) in seen]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _names_bound(statement: ast.stmt) -> Iterator[str]:
    """The names that a plain statement binds; none for one that does more."""
    if isinstance(statement, _BLOCKS):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (each.asname or each.name.partition(".")[0] for each in statement.names if each.name != "*")
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        if all(isinstance(target, ast.Name | ast.Tuple) for target in targets):
            yield from (node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _dump(statement: ast.stmt, mark: ast.expr) -> str:
    """The syntax of a statement without places, the mark and texts that stand for themselves (docstrings)."""
    return ast.dump(_Bare(mark).visit(ast.parse(ast.unparse(statement)).body[0]))


class _Bare(ast.NodeTransformer):
    def __init__(self, mark: ast.expr) -> None:
        self._mark = ast.unparse(mark)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, _BLOCKS):
            node.body = [each for each in node.body if not _is_text(each)] or [ast.Pass()]
            node.decorator_list = [each for each in node.decorator_list if ast.unparse(each) != self._mark]
        return node
