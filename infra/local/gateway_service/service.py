"""The running test gateway: state, background notifier and the use cases of its HTTP interface."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.gateway_service.bank import Bank
from infra.local.gateway_service.model import Instruction, Operation, Rejected
from infra.local.gateway_service.stats import figures
from infra.local.gateway_service.store import Store
from infra.local.gateway_service.webhooks import Notifier


@dataclass(frozen=True, slots=True)
class Options:
    """How the service is run. Durations are seconds; without a `data` folder all is in memory."""

    api_key: str
    secrets: Sequence[str]
    webhook_url: str | None
    data: Path | None
    hang_seconds: float
    settle_seconds: float
    retry_seconds: float
    notify_all: bool


class Service:
    """One gateway. `go_down` is set by the listener, which alone can refuse connections."""

    go_down: Callable[[float], None]

    def __init__(self, options: Options, clock: Callable[[], float] = time.time) -> None:
        self.api_key = options.api_key
        self._hang_seconds = options.hang_seconds
        self._clock = clock
        self._closing = threading.Event()
        self._store = Store(options.data / "gateway.sqlite" if options.data else None)
        self.bank = Bank(self._store, clock, options.settle_seconds, options.notify_all)
        self.notifier = Notifier(
            self._store, self.bank, clock, options.secrets, options.retry_seconds
        )
        if options.webhook_url:
            self.send_webhooks_to(options.webhook_url)

    def start(self) -> None:
        """Begin delivering webhooks."""
        self.notifier.start()

    def stop(self) -> None:
        """Cut hanging answers off, stop delivering and release the state."""
        self._closing.set()
        self.notifier.stop()
        self._store.close()

    def submit(self, told: Instruction) -> Operation | None:
        """Carry out an instruction and return when it is time to answer; None: do not answer."""
        answer = self.bank.submit(told)
        if answer.notify_first is not None:
            self.notifier.deliver(answer.notify_first)
        self.notifier.nudge()
        if answer.hang:
            self._closing.wait(self._hang_seconds)
        return answer.operation

    def settle_now(self) -> None:
        """Settle every pending operation, due or not."""
        self.bank.settle(float("inf"))
        self.notifier.nudge()

    def send_webhooks_to(self, url: str) -> None:
        """Change the webhook endpoint, for events already waiting too."""
        if not url.startswith(("http://", "https://")):
            raise Rejected(400, "invalid_url")
        self._store.set("webhook_url", url)
        self.notifier.nudge()

    def stats(self) -> dict[str, Any]:
        """What happened so far."""
        return figures(self._store)
