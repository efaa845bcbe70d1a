"""What starting a function costs: import time against boto3 with one client, and peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

from infra.local.build import ROOT

ROUNDS = 3
BASE = "import boto3; boto3.client('dynamodb')"
PROGRAM = """
import pathlib, time
begun = time.perf_counter()
{code}
spent = time.perf_counter() - begun
status = pathlib.Path("/proc/self/status").read_text()
print(spent, int(status.partition("VmHWM:")[2].split()[0]) / 1024)
"""
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_LAMBDA_FUNCTION_NAME": "bench", "SEARCH_URL": "http://127.0.0.1:9",
}  # fmt: skip


def measure() -> None:
    """Print a row per function: medians of a few fresh processes, each after one of the base."""
    print("start of each function, against boto3 with one client:")
    for folder in sorted((ROOT / "functions").glob("*/handler.py")):
        name = folder.parent.name
        pairs = [(_once(BASE), _once(f"import functions.{name}.handler")) for _ in range(ROUNDS)]
        ratio = statistics.median(own[0] / base[0] for base, own in pairs)
        peaks = [statistics.median(run[1] for run in runs) for runs in zip(*pairs, strict=True)]
        print(
            f"  {name:20} {ratio:5.2f} x   peak {peaks[1]:4.0f} MB, {peaks[0]:.0f} MB", flush=True
        )


def _once(code: str) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(code=code)], capture_output=True, text=True,
        check=True, cwd=ROOT, env=os.environ | ENVIRONMENT,
    )  # fmt: skip
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)
