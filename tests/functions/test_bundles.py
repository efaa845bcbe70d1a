"""What each function's archive holds is all that its code asks for.

Cites the architecture: entry points without rules, adapters behind `oms_aws`.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from infra.local.build import bundle

FUNCTIONS = Path(__file__).parents[2] / "functions"
HANDLERS = sorted(FUNCTIONS.glob("*/handler.py"))
ALLOWED = {
    "oms", "oms_aws", "functions", "aws_lambda_powertools", "pydantic", "pydantic_core", "jinja2",
    "babel",
}  # fmt: skip
STANDARD = {
    "__future__", "collections", "dataclasses", "functools", "hashlib", "json", "operator", "os",
    "pathlib", "base64", "datetime", "decimal", "gzip", "hmac", "re", "secrets", "typing",
    "urllib", "zoneinfo",
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
def test_a_function_needs_only_what_its_archive_holds_and_the_layers(handler: Path) -> None:
    """Archives hold the folders that the code imports; only the console uses those of others."""
    name = handler.parent.name
    held = bundle(FUNCTIONS.parent, name)
    assert name in held
    assert held == {name} or name == "console"
    for path in handler.parent.rglob("*.py"):
        for module in _imports(path):
            top, *rest = module.split(".")
            assert top in ALLOWED | STANDARD, f"{path.name}: {module}"
            assert top != "functions" or rest[0] in held, f"{path.name}: {module}"


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda path: path.parent.name)
def test_handlers_are_thin(handler: Path) -> None:
    """A handler hands over; rules live elsewhere."""
    assert len(handler.read_text(encoding="utf-8").splitlines()) <= 60
