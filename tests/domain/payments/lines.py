"""Order lines as billing sees them."""

from __future__ import annotations

from dataclasses import dataclass

from oms.kernel.money import Amounts


@dataclass(frozen=True)
class Counts:
    """Units invoiced and canceled."""

    invoiced: int = 0
    canceled: int = 0


@dataclass(frozen=True)
class OrderLine:
    """An order line as billing sees it."""

    line_no: int
    quantity: int
    amounts: Amounts
    buckets: Counts = Counts()
    charges_first: bool = False

    def share(self, start: int, stop: int) -> Amounts:
        """Amounts of some of its units (ADJ-03, ADJ-07)."""
        return self.amounts.units(self.quantity, start, stop, charges_first=self.charges_first)

    def value(self, gross: bool) -> int:
        """Worth of the uninvoiced active units (ADJ-04)."""
        stop = self.quantity - self.buckets.canceled
        return self.share(self.buckets.invoiced, stop).total(gross)
