"""Put biases into a cell's equations, or take them out."""

from __future__ import annotations

import ast


def add_biases(text: str, vectors: frozenset[str], taken: set[str]) -> str:
    """Return the equations with a bias in every pre-activation that has a matrix product and no bias yet.

    ``vectors`` are the names of the vector parameters, ``taken`` all names that a new one must not collide with.
    """
    return _unparse(_AddBiases(vectors, set(taken)).visit(ast.parse(text)))


def drop_biases(text: str, vectors: frozenset[str]) -> str:
    """Return the equations with every added vector parameter taken out of its sum."""
    return _unparse(_DropBiases(vectors).visit(ast.parse(text)))


def sum_terms(expression: ast.expr) -> list[ast.expr]:
    """Flatten a chain of ``+`` into its terms, left to right; brackets to the right are kept as they stand."""
    if isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.Add):
        return [*sum_terms(expression.left), expression.right]
    return [expression]


def _unparse(tree: ast.AST) -> str:
    return ast.unparse(ast.fix_missing_locations(tree))


def _join(terms: list[ast.expr]) -> ast.expr:
    total = terms[0]
    for term in terms[1:]:
        total = ast.BinOp(left=total, op=ast.Add(), right=term)
    return total


class _DropBiases(ast.NodeTransformer):
    def __init__(self, vectors: frozenset[str]) -> None:
        self.vectors = vectors

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if not isinstance(node.op, ast.Add):
            self.generic_visit(node)
            return node
        parts = sum_terms(node)
        kept = [t for t in parts if not (isinstance(t, ast.Name) and t.id in self.vectors)]
        kept = [self.visit(t) for t in kept or parts]
        return _join(kept)


class _AddBiases(ast.NodeTransformer):
    def __init__(self, vectors: frozenset[str], taken: set[str]) -> None:
        self.vectors = vectors
        self.taken = taken

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "clamp":
            return node  # no pre-activation
        parts = sum_terms(node.args[0])
        products = [t for t in parts if isinstance(t, ast.BinOp) and isinstance(t.op, ast.MatMult)]
        biased = any(isinstance(t, ast.Name) and t.id in self.vectors for t in parts)
        if products and not biased and isinstance(products[0].left, ast.Name):
            _, underscore, suffix = products[0].left.id.partition("_")
            name = f"b{underscore}{suffix}"
            while name in self.taken:
                name += "_"
            self.taken.add(name)
            node.args[0] = _join([*parts, ast.Name(id=name, ctx=ast.Load())])
        return node
