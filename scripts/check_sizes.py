"""Keeps the tree readable: prints what is over the size limits of CONTRIBUTING.md and fails if anything is.

Files have at most 400 lines, functions 40, classes 12 public methods, functions 6 parameters. Tables of data are
exempt: a module that holds only assignments may be longer. So are straight-line training scripts (`# sizes: script`
on the first line), and migrations, which list tables.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

FOLDERS = ["src", "scripts", "bench", "tests"]
FILE_LINES = 400
FUNCTION_LINES = 40
PUBLIC_METHODS = 12
PARAMETERS = 6

Function = ast.FunctionDef | ast.AsyncFunctionDef


def main(folders: list[str]) -> int:
    found = (path for folder in folders or FOLDERS for path in Path(folder).rglob("*.py"))
    files = sorted(path for path in found if not path.match("migrations/versions/*.py"))
    problems = [problem for path in files for problem in check_file(path)]
    print("\n".join(problems) or f"{len(files)} files are within the limits.")
    return 1 if problems else 0


def check_file(path: Path) -> Iterator[str]:
    """One line per limit that the file breaks."""
    text = path.read_text()
    if text.startswith("# sizes: script"):
        return
    tree = ast.parse(text, str(path))
    lines = len(text.splitlines())
    if lines > FILE_LINES and not _is_table(tree):
        yield f"{path}: {lines} lines (at most {FILE_LINES})"
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield from _check_function(path, node)
        elif isinstance(node, ast.ClassDef):
            yield from _check_class(path, node)


def _is_table(tree: ast.Module) -> bool:
    simple = (ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom, ast.Expr)
    return all(isinstance(node, simple) for node in tree.body)


def _check_function(path: Path, node: Function) -> Iterator[str]:
    where = f"{path}:{node.lineno}: {node.name}"
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if lines > FUNCTION_LINES:
        yield f"{where} has {lines} lines (at most {FUNCTION_LINES})"
    arguments = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    count = len([name for name in arguments if name not in ("self", "cls")])
    # pytest fixtures are parameters too, but nobody passes them by hand.
    if count > PARAMETERS and not node.name.startswith("test_"):
        yield f"{where} has {count} parameters (at most {PARAMETERS})"


def _check_class(path: Path, node: ast.ClassDef) -> Iterator[str]:
    functions = [item for item in node.body if isinstance(item, Function) and not item.name.startswith("_")]
    methods = [item for item in functions if not _is_property(item)]
    if len(methods) > PUBLIC_METHODS and not node.name.startswith("Test"):
        yield f"{path}:{node.lineno}: {node.name} has {len(methods)} public methods (at most {PUBLIC_METHODS})"


def _is_property(node: Function) -> bool:
    """Properties are what a class has, not what it does."""
    return any(isinstance(item, ast.Name) and item.id == "property" for item in node.decorator_list)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
