"""A merchant whose processes die: before or after any write or gateway call, and not alone.

What a caller or the platform does next is up to the test: the same call again, as they would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from oms.kernel.errors import StockConflict, VersionConflict
from oms.lifecycle.ports import Commit
from oms.lifecycle.use_cases import Lifecycle
from oms.payments.gateway import GatewayRequest, GatewayResult

from infra.local.gateway_service.webhooks import SIGNATURE_HEADER, sign
from tests.fakes.gateway import FakeGateway
from tests.fakes.orders import FakeOrders
from tests.simulation.merchant import Merchant

T = TypeVar("T")


class Crash(BaseException):
    """The process is gone; nothing in it may catch this."""


class Fuse:
    """Burns at the n-th effect from now on: before it, or after it took place.

    A `rival` acts instead, once, just before that effect: somebody else was faster.
    """

    def __init__(self) -> None:
        self._left = 0
        self._after = False
        self._rival: Callable[[], object] | None = None

    def set(self, nth: int, after: bool, rival: Callable[[], object] | None = None) -> None:
        """Let the n-th effect from now on fail; 0: none."""
        self._left, self._after, self._rival = nth, after, rival

    def through(self, effect: Callable[[], T]) -> T:
        """Let the effect take place, or crash."""
        self._left -= 1
        if self._left != 0:
            return effect()
        if self._rival is not None:
            self._rival()
            return effect()
        if self._after:
            effect()
        raise Crash


class StormyOrders(FakeOrders):
    """Commits go through the fuse."""

    def __init__(self, fuse: Fuse, *stores: Any) -> None:
        super().__init__(*stores)
        self._fuse = fuse

    def commit(self, change: Commit) -> None:
        """Write all of `change` or nothing."""
        write = super().commit
        self._fuse.through(lambda: write(change))


class StormyGateway:
    """Calls go through the fuse; everything else is the gateway's own."""

    def __init__(self, fuse: Fuse, inner: FakeGateway) -> None:
        self._fuse = fuse
        self._inner = inner
        self.test_mode, self.capabilities = inner.test_mode, inner.capabilities
        self.parse_webhook = inner.parse_webhook

    def authorize(self, request: GatewayRequest) -> GatewayResult:
        """Reserve an amount."""
        return self._fuse.through(lambda: self._inner.authorize(request))

    def capture(self, request: GatewayRequest) -> GatewayResult:
        """Take an amount."""
        return self._fuse.through(lambda: self._inner.capture(request))

    def refund(self, request: GatewayRequest) -> GatewayResult:
        """Give an amount back."""
        return self._fuse.through(lambda: self._inner.refund(request))

    def void(self, request: GatewayRequest) -> GatewayResult:
        """Release what is left."""
        return self._fuse.through(lambda: self._inner.void(request))

    def verify(self, request: GatewayRequest) -> GatewayResult:
        """Check a token."""
        return self._fuse.through(lambda: self._inner.verify(request))

    def lookup(self, intent_id: str) -> GatewayResult:
        """Ask what became of a request."""
        return self._fuse.through(lambda: self._inner.lookup(intent_id))


class StormyMerchant(Merchant):
    """The merchant of all simulations on ports that break."""

    def __init__(self) -> None:
        super().__init__()
        self.fuse = Fuse()
        self.orders = StormyOrders(self.fuse, self.stock, self.items)
        ports = replace(self.steps.ports, orders=self.orders)
        self.lifecycle = Lifecycle(ports)
        gateway = StormyGateway(self.fuse, self.gateway)
        self.steps = replace(
            self.steps, lifecycle=self.lifecycle, ports=ports, gateways={"test": gateway}
        )

    def deliver_webhooks(self) -> None:
        """Bring what the gateway has to tell, signed anew as for every attempt it makes."""
        seconds = int(self.now.timestamp())
        self.webhooks = [
            ({SIGNATURE_HEADER: sign(body, seconds, ["fake"])}, body) for _, body in self.webhooks
        ]
        super().deliver_webhooks()

    def survive(self, act: Callable[[], T], nth: int, after: bool) -> T:
        """Act with a crash at the n-th effect; then act again, as the platform would."""
        self.fuse.set(nth, after)
        try:
            return act()
        except Crash:
            return self.persist(act)
        finally:
            self.fuse.set(0, after=False)

    def persist(self, act: Callable[[], T]) -> T:
        """Act until no other writer is in the way: Step Functions and queues try again."""
        self.fuse.set(0, after=False)
        for _ in range(20):
            try:
                return act()
            except (VersionConflict, StockConflict):
                continue
        return act()
