"""Programs of the laptop cloud: started on loopback, stopped by process id, none left behind.

Each program leads its own process group, so that what it starts in turn (Lambda workers) ends
with it.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
_POLL_SECONDS = 0.05


class LocalCloudError(Exception):
    """A program of the laptop cloud did not start, did not answer or refused its work."""


@dataclass(frozen=True)
class Program:
    """A running program: its name, process id and log file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """Process id, which is the process group id as well."""
        return self.process.pid

    def tail(self, lines: int = 20) -> str:
        """The end of what the program wrote, for error messages."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """What a program gets: the shell's PATH and HOME and `extra`, no credentials and no proxies."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONUNBUFFERED": "1", **extra}


def start(
    name: str, command: Sequence[str], log: Path, env: Mapping[str, str], cwd: Path
) -> Program:
    """Start `command` in a process group of its own, writing to `log`.

    Its standard input is a pipe that ends with this process; see `leash`.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Program(name, process, log)


def wait_until_answers(program: Program, url: str, seconds: float = 30) -> None:
    """Return when `url` gives any HTTP answer.

    Raises LocalCloudError if the program ends first or the time is over.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if program.process.poll() is not None:
            raise LocalCloudError(f"{program.name} ended at once:\n{program.tail()}")
        if _answers(url):
            return
        time.sleep(_POLL_SECONDS)
    raise LocalCloudError(f"{program.name} does not answer at {url}:\n{program.tail()}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def stop(program: Program, grace_seconds: float = 5) -> None:
    """End the program and its group: politely, then for good."""
    _signal_group(program.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        program.process.wait(grace_seconds)
    _signal_group(program.pid, signal.SIGKILL)
    program.process.wait()
    if program.process.stdin:
        program.process.stdin.close()


def stop_group(pid: int, grace_seconds: float = 10) -> None:
    """End a process group that another run of the tool started, known by its leader's id."""
    _signal_group(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and alive(pid):
        time.sleep(_POLL_SECONDS)
    _signal_group(pid, signal.SIGKILL)


def alive(pid: int) -> bool:
    """Whether a process with this id runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)
