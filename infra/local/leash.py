"""Run a program that must not outlive whoever started it.

    python -m infra.local.leash <module> <arguments>

The starter keeps the other end of standard input. When it is gone, however it went, the input
ends and this process ends itself and its group.
"""

import os
import runpy
import signal
import sys
import threading
import time

_GRACE_SECONDS = 3.0


def _end_with_starter() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main() -> None:
    """Run the named module as the main program of this process."""
    threading.Thread(target=_end_with_starter, daemon=True, name="leash").start()
    module, sys.argv = sys.argv[1], sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
