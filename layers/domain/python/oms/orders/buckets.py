"""Unit counters of an order line (LIN-01, LIN-02)."""

from __future__ import annotations

from dataclasses import dataclass, fields

from oms.orders.kinds import Bucket


@dataclass(frozen=True, slots=True)
class Buckets:
    """Unit counters of a line: eight exclusive buckets, then counters within shipped, then money
    counters.
    """

    unsourced: int = 0
    backordered: int = 0
    reserved: int = 0
    allocated: int = 0
    picked: int = 0
    packed: int = 0
    shipped: int = 0
    canceled: int = 0
    delivered: int = 0
    lost: int = 0
    inbound: int = 0
    returned: int = 0
    forgiven: int = 0
    invoiced: int = 0
    credited: int = 0

    @property
    def ordered(self) -> int:
        """Units in all eight exclusive buckets (LIN-01)."""
        return sum(getattr(self, bucket.value) for bucket in Bucket)

    @property
    def active(self) -> int:
        """Units that are not canceled."""
        return self.ordered - self.canceled

    @property
    def open(self) -> int:
        """Units neither shipped nor canceled: what may still be canceled (LIN-04)."""
        return self.ordered - self.shipped - self.canceled

    @property
    def waiting(self) -> int:
        """Units that still need a site."""
        return self.unsourced + self.backordered + self.reserved

    @property
    def returnable(self) -> int:
        """Units that may still be returned (LIN-04)."""
        return self.shipped - self.inbound - self.returned - self.forgiven

    def move(self, source: Bucket, target: Bucket, quantity: int) -> Buckets:
        """Move units between buckets; raises ValueError where `source` holds fewer (LIN-06)."""
        held = getattr(self, source.value)
        if quantity < 0 or held < quantity:
            raise ValueError(f"{held} units {source.value}, {quantity} wanted")
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values[source.value] -= quantity
        values[target.value] += quantity
        return Buckets(**values)
