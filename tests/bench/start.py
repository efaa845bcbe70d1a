"""What starting a function costs: import time against boto3 with one client, and peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

from infra.local.build import ROOT

ROUNDS = 5
BASE = "import boto3; boto3.client('dynamodb')"
PROGRAM = """
import resource, time
begun = time.perf_counter()
{code}
spent = time.perf_counter() - begun
print(spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_LAMBDA_FUNCTION_NAME": "bench", "SEARCH_URL": "http://127.0.0.1:9",
}  # fmt: skip


def measure() -> None:
    """Print a row per function: median of a few fresh processes."""
    base, memory = _median(BASE)
    print(f"start of each function (boto3 with one client: {memory:.0f} MB):")
    for folder in sorted((ROOT / "functions").glob("*/handler.py")):
        name = folder.parent.name
        seconds, peak = _median(f"import functions.{name}.handler")
        print(f"  {name:20} {seconds / base:5.2f} x   peak {peak:4.0f} MB", flush=True)


def _median(code: str) -> tuple[float, float]:
    runs = [_once(code) for _ in range(ROUNDS)]
    return statistics.median(r[0] for r in runs), statistics.median(r[1] for r in runs)


def _once(code: str) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(code=code)], capture_output=True, text=True,
        check=True, cwd=ROOT, env=os.environ | ENVIRONMENT,
    )  # fmt: skip
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)
