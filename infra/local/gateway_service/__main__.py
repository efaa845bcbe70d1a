"""Run the test gateway on the loopback interface.

    python -m infra.local.gateway_service --port 8700 --secret s1 --webhook-url http://127.0.0.1/hook

Give `--secret` twice to sign with two secrets. Port 0 picks a free one. The first line printed is
the address; the process ends on SIGTERM or SIGINT, and SIGUSR1 ends a `/v1/_down` early.
"""

import argparse
import signal
from pathlib import Path
from queue import SimpleQueue

from infra.local.gateway_service.listener import Listener
from infra.local.gateway_service.service import Options, Service


def main() -> None:
    """Serve until told to end."""
    given = _parser().parse_args()
    # Of all queues and events only this one may be touched by a handler that interrupts its reader.
    arrived: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, lambda received, _: arrived.put(received))
    if given.data:
        given.data.mkdir(parents=True, exist_ok=True)
    service = Service(
        Options(
            api_key=given.api_key,
            secrets=given.secret,
            webhook_url=given.webhook_url,
            data=given.data,
            hang_seconds=given.hang_seconds,
            settle_seconds=given.settle_seconds,
            retry_seconds=given.retry_seconds,
            notify_all=given.notify == "all",
        )
    )
    listener = Listener(service, given.port)
    service.start()
    listener.start()
    print(f"http://127.0.0.1:{listener.port}", flush=True)
    while arrived.get() == signal.SIGUSR1:
        listener.come_back()
    listener.stop()
    service.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gateway_service", description="Deterministic gateway.")
    parser.add_argument("--port", type=int, required=True, help="0 picks a free port")
    parser.add_argument("--webhook-url", help="can be set later by POST /v1/_webhooks/endpoint")
    parser.add_argument("--secret", action="append", required=True, help="webhook signing secret")
    parser.add_argument("--api-key", default="test", help="what clients send as bearer token")
    parser.add_argument("--data", type=Path, help="folder of the state; in memory if absent")
    parser.add_argument("--hang-seconds", type=float, default=12, help="of time-out tokens")
    parser.add_argument("--settle-seconds", type=float, default=5, help="of pending tokens")
    parser.add_argument("--retry-seconds", type=float, default=1, help="first webhook retry")
    parser.add_argument(
        "--notify", choices=("all", "asynchronous"), default="all",
        help="webhooks for all results, or only for those no answer told",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    main()
