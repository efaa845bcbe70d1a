"""The laptop cloud in the background, with a merchant whose channels can sell at once.

    python -m infra.local up [--search opensearch]    start, deploy, seed, say where everything is
    python -m infra.local down                        end it

`up` keeps one process, which locks .throughline/cloud.pid and writes its id there; ending that
process ends all the others.
"""

import argparse
import fcntl
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from infra.local import processes
from infra.local.build import ROOT
from infra.local.cloud import Endpoints, LocalCloud, Search
from infra.local.job.feeds import offers
from infra.local.job.seed import seed
from infra.local.job.world import invented

STATE = ROOT / ".throughline"
_PID_FILE = STATE / "cloud.pid"
_START_SECONDS = 180.0
_READY = "the laptop cloud is ready"
SAMPLE_ORDERS = 400
"""Orders of the sample feed whose items are on the shelves: all of its 300 items."""


def up(search: Search) -> Endpoints:
    """Start the laptop cloud in the background and return when it is ready.

    Raises LocalCloudError if it runs already or does not start.
    """
    if _running_pid() is not None:
        raise processes.LocalCloudError("already up; `make down` ends it")
    STATE.mkdir(exist_ok=True)
    log = STATE / "cloud.log"
    command = [sys.executable, "-m", "infra.local", "keep", "--search", search]
    keeper = processes.start("cloud", command, log, os.environ, ROOT)
    try:
        return _wait_until_ready(keeper)
    except BaseException:
        processes.stop(keeper, grace_seconds=30)
        raise


def down() -> bool:
    """End the laptop cloud; False if none was up."""
    pid = _running_pid()
    if pid is None:
        return False
    processes.stop_group(pid, grace_seconds=30)
    return True


def keep(search: Search) -> None:
    """Run the laptop cloud until SIGTERM or SIGINT."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with _PID_FILE.open("a+") as mine:
        fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
        mine.truncate(0)
        print(os.getpid(), file=mine, flush=True)
        with LocalCloud.start(STATE, search) as endpoints:
            seed(endpoints, offers(invented(SAMPLE_ORDERS)))
            print(_READY, flush=True)
            ended.wait()


def _wait_until_ready(keeper: processes.Program) -> Endpoints:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if keeper.process.poll() is not None:
            raise processes.LocalCloudError(f"the laptop cloud ended:\n{keeper.tail()}")
        if _READY in keeper.tail():
            return Endpoints.read(STATE / "endpoints.json")
        time.sleep(0.1)
    raise processes.LocalCloudError(f"not ready in {_START_SECONDS:.0f} s:\n{keeper.tail()}")


def _running_pid() -> int | None:
    # The lock tells, not the id: an id may belong to another program by now.
    if not _PID_FILE.exists():
        return None
    with _PID_FILE.open() as theirs:
        try:
            fcntl.flock(theirs, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(theirs.read())
    return None


def main() -> int:
    """Run one command; 0 if it did what it says."""
    parser = argparse.ArgumentParser(prog="infra.local", description="The laptop cloud.")
    parser.add_argument("command", choices=("up", "down", "keep"))
    parser.add_argument("--search", choices=("local", "opensearch"), default="local")
    given = parser.parse_args()
    if given.command == "down":
        print("down" if down() else "nothing was up")
    elif given.command == "keep":
        keep(given.search)
    else:
        _print(up(given.search))
    return 0


def _print(endpoints: Endpoints) -> None:
    shown = {
        "console": endpoints.console_url,
        "api": endpoints.api_url,
        "token": endpoints.token_url,
        "gateway": endpoints.gateway_url,
        "search": endpoints.search_url,
        "aws": endpoints.aws_endpoint,
        "all": str(Path(".throughline") / "endpoints.json"),
    }
    print(json.dumps(shown, indent=2))


if __name__ == "__main__":
    sys.exit(main())
