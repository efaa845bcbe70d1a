"""What each function's archive holds is all that its code asks for.

Cites the architecture: entry points without rules, adapters behind `oms_aws`.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[2] / "functions"
HANDLERS = sorted(FUNCTIONS.glob("*/handler.py"))
ALLOWED = {"oms", "oms_aws", "functions", "aws_lambda_powertools", "pydantic", "pydantic_core"}
STANDARD = {
    "__future__", "collections", "dataclasses", "functools", "hashlib", "json", "os", "pathlib",
    "re", "typing",
}  # fmt: skip


def _imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    direct = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    return direct | {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda path: path.parent.name)
def test_a_function_needs_only_its_own_folder_and_the_layers(handler: Path) -> None:
    """Archives hold one folder of functions each; another's would be missing in Lambda."""
    own = f"functions.{handler.parent.name}"
    for path in handler.parent.glob("*.py"):
        for name in _imports(path):
            top = name.split(".")[0]
            assert top in ALLOWED | STANDARD, f"{path.name}: {name}"
            assert top != "functions" or name.startswith(own), f"{path.name}: {name}"


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda path: path.parent.name)
def test_handlers_are_thin(handler: Path) -> None:
    """A handler hands over; rules live elsewhere."""
    assert len(handler.read_text(encoding="utf-8").splitlines()) <= 60
