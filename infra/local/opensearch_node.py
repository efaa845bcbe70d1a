"""A real OpenSearch server on this machine, for the contract suite and the laptop cloud.

The server comes from Maven Central (`mvn` and a JDK 17 are needed): the minimal distribution, plus
the `analysis-common` module, which it leaves out and every analyzer of ours needs. Both are cached.
OpenSearch refuses to run as root, so for root it runs as the unprivileged user `nobody`.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

VERSION = "2.19.3"
DISTRIBUTION = f"org.opensearch.distribution.integ-test-zip:opensearch:{VERSION}:zip"
ANALYSIS = f"org.opensearch.plugin:analysis-common:{VERSION}"
UNPRIVILEGED = "nobody"
START_SECONDS = 120
STOP_SECONDS = 20

_DESCRIPTOR = f"""description=Common analyzers
version={VERSION}
name=analysis-common
classname=org.opensearch.analysis.common.CommonAnalysisPlugin
java.version=11
opensearch.version={VERSION}
"""

# The shipped file writes garbage collection logs into the server's own folder, which is shared.
_JVM_OPTIONS = (
    "-Xms512m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-Djava.io.tmpdir=${OPENSEARCH_TMPDIR}",
    (
        "-Djava.util.concurrent.ForkJoinPool.common.threadFactory="
        "org.opensearch.secure_sm.SecuredForkJoinWorkerThreadFactory"
    ),
)


class NodeUnavailable(RuntimeError):
    """The server cannot be had or started here; the message says why."""


class NotFetched(NodeUnavailable):
    """The server is not cached yet, and Maven Central or the programs to reach it are missing."""


def start_node(data_dir: Path) -> tuple[str, Callable[[], None]]:
    """Start a node on a free loopback port, its data in `data_dir`; answers its URL and a `stop`.

    For root, data below a folder that is closed to others is kept beside the cached server instead.
    Raises NodeUnavailable when it cannot be fetched, or is not healthy within two minutes.
    """
    if shutil.which("java") is None:
        raise NotFetched("a real OpenSearch node needs java")
    home = _installed(_cache_dir())
    data_dir = _open_to_the_node(data_dir)
    for name in ("config", "data", "logs", "tmp"):
        (data_dir / name).mkdir(parents=True, exist_ok=True)
    port = _free_port()
    _configure(home, data_dir, port)
    _hand_over(data_dir)
    with (data_dir / "logs" / "console.log").open("wb") as console:
        process = subprocess.Popen(
            [*_as_unprivileged(), str(home / "bin" / "opensearch")],
            env=_environment(data_dir),
            cwd=data_dir,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_healthy(url, process, data_dir)
    except NodeUnavailable:
        _stop(process)
        raise
    return url, lambda: _stop(process)


def _cache_dir() -> Path:
    """Where the server is kept: for root a place that the unprivileged user can read too."""
    base = Path("/var/cache") if os.geteuid() == 0 else Path.home() / ".cache"
    return base / "throughline"


def _installed(cache: Path) -> Path:
    home = cache / f"opensearch-{VERSION}"
    if home.is_dir():
        return home
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as work:
        downloads = Path(work)
        _fetch(DISTRIBUTION, downloads)
        _fetch(ANALYSIS, downloads)
        with zipfile.ZipFile(downloads / f"opensearch-{VERSION}.zip") as archive:
            archive.extractall(downloads)
        unpacked = downloads / home.name
        module = unpacked / "modules" / "analysis-common"
        module.mkdir()
        shutil.move(downloads / f"analysis-common-{VERSION}.jar", module)
        (module / "plugin-descriptor.properties").write_text(_DESCRIPTOR)
        for program in (unpacked / "bin").iterdir():
            program.chmod(0o755)
        try:
            unpacked.rename(home)
        except OSError:
            # Another process installed it in the meantime; its copy is as good as this one.
            if not home.is_dir():
                raise
    return home


def _fetch(artifact: str, directory: Path) -> None:
    command = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={artifact}"]
    try:
        done = subprocess.run(
            [*command, f"-DoutputDirectory={directory}"],
            capture_output=True,
            text=True,
            timeout=600,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotFetched(f"mvn could not fetch {artifact}: {error}") from error
    if done.returncode != 0:
        raise NotFetched(f"mvn could not fetch {artifact}: {done.stdout[-400:]}")


def _configure(home: Path, data_dir: Path, port: int) -> None:
    config = data_dir / "config"
    shutil.copy(home / "config" / "log4j2.properties", config)
    (config / "jvm.options").write_text("\n".join(_JVM_OPTIONS) + "\n")
    settings = {
        "cluster.name": "throughline-local",
        "discovery.type": "single-node",
        "network.host": "127.0.0.1",
        "http.port": port,
        "transport.port": _free_port(),
        "path.data": str(data_dir / "data"),
        "path.logs": str(data_dir / "logs"),
        "cluster.routing.allocation.disk.threshold_enabled": False,
    }
    lines = [f"{key}: {json.dumps(value)}" for key, value in settings.items()]
    (config / "opensearch.yml").write_text("\n".join(lines) + "\n")


def _environment(data_dir: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "OPENSEARCH_PATH_CONF": str(data_dir / "config"),
        "OPENSEARCH_TMPDIR": str(data_dir / "tmp"),
        "JAVA_HOME": str(Path(str(shutil.which("java"))).resolve().parent.parent),
    }


def _as_unprivileged() -> list[str]:
    """The command prefix under which the node runs: not as root, and never longer than we do."""
    leash = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    if os.geteuid() != 0:
        return leash
    return [*leash, "--reuid", UNPRIVILEGED, "--regid", "nogroup", "--clear-groups"]


def _open_to_the_node(data_dir: Path) -> Path:
    data_dir.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return data_dir
    reached = subprocess.run([*_as_unprivileged(), "test", "-x", str(data_dir.parent)], timeout=10)
    if reached.returncode == 0:
        return data_dir
    name = hashlib.sha256(str(data_dir).encode()).hexdigest()[:16]
    return _cache_dir() / "nodes" / name


def _hand_over(data_dir: Path) -> None:
    if os.geteuid() != 0:
        return
    for path in [data_dir, *data_dir.rglob("*")]:
        shutil.chown(path, UNPRIVILEGED, "nogroup")


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], data_dir: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            tail = (data_dir / "logs" / "console.log").read_text(errors="replace")[-800:]
            raise NodeUnavailable(f"OpenSearch ended with code {process.returncode}: {tail}")
        try:
            if _health(url) in ("green", "yellow"):
                return
        except (OSError, http.client.HTTPException, ValueError):
            time.sleep(0.3)
    raise NodeUnavailable(f"OpenSearch was not healthy after {START_SECONDS} s")


def _health(url: str) -> str:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=2)
    try:
        connection.request("GET", "/_cluster/health")
        status: str = json.load(connection.getresponse())["status"]
        return status
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> int:
    """Run a node until interrupted; its data directory is the only argument."""
    url, stop = start_node(Path(sys.argv[1]).resolve())
    print(url, flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        signal.pause()
    except KeyboardInterrupt:
        return 0
    finally:
        stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
