"""The console: one place to see what needs attention, find any order, and act (UIX-01)."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.console.app import Console

console = Console()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request of a browser."""
    return console.answer(event, context)
