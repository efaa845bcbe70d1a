"""Random lives of orders: every invariant after every step, an explanation at the end.

Cites ACC-160 to ACC-163, INV-S1 to S6, INV-M1, M3, M5, M7, INV-F1, F3 to F6, INV-A1, A4, SAG-01 to
SAG-05, STA-10, RCN-01. `LIVES=20000` makes it a night's work.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

from tests.simulation.lives import Lives

NIGHT = int(os.environ.get("LIVES", "0"))

TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=NIGHT or 25, stateful_step_count=50 if NIGHT else 30, deadline=None,
    derandomize=not NIGHT, database=None, suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink) if NIGHT else (Phase.generate,),
)  # fmt: skip
