"""The double-entry ledger of an order; debit is positive, credit negative (LED-02).

    AR                receivable              SALES:{component}, TAX   revenue and tax
    CASH:{payment}    money in hand           CREDIT                   open credit memos
    FUNDS             taken, not applied      GOODWILL                 given without a charge

Every sum the product shows is read from here (LED-03). An entry that would not sum to zero cannot
be made, so the ledger sums to zero after every event (LED-01); a cause posts once (LED-04).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from oms.billing.model import Billing, CreditMemo, LedgerEntry
from oms.kernel.context import Context
from oms.kernel.money import Amounts

AR, FUNDS, CREDIT, TAX, GOODWILL = "AR", "FUNDS", "CREDIT", "TAX", "GOODWILL"
CASH = "CASH:"
SALES = "SALES:"


@dataclass(frozen=True, slots=True)
class Balances:
    """Balances read from the ledger, in minor units: receivable, unapplied funds, open credit,
    money in hand per payment, and their sum; `charged` is what was invoiced less what was credited.
    """

    ar: int
    funds: int
    credit: int
    cash: dict[str, int]
    net_paid: int
    charged: int = 0


def posted(billing: Billing, cause: str) -> bool:
    """Whether this cause has posted before (LED-04)."""
    return any(entry.cause == cause for entry in billing.ledger)


def post_entry(billing: Billing, cause: str, postings: Mapping[str, int], ctx: Context) -> Billing:
    """Append an entry; a cause that has posted before posts nothing.

    Raises ValueError when the postings do not sum to zero.
    """
    if sum(postings.values()) != 0:
        raise ValueError(f"postings of {cause} sum to {sum(postings.values())}")
    kept = {account: amount for account, amount in postings.items() if amount}
    if not kept or posted(billing, cause):
        return billing
    entry = LedgerEntry(len(billing.ledger) + 1, cause, ctx.now, kept)
    return replace(billing, ledger=(*billing.ledger, entry))


def accounts(billing: Billing) -> Counter[str]:
    """Balance of every account."""
    sums: Counter[str] = Counter()
    for entry in billing.ledger:
        for account, amount in entry.postings.items():
            sums[account] += amount
    return sums


def balances(billing: Billing) -> Balances:
    """What is due, unapplied, open as credit and in hand (LED-03)."""
    sums = accounts(billing)
    cash = {
        account.removeprefix(CASH): amount
        for account, amount in sums.items()
        if account.startswith(CASH)
    }
    charged = -sum(amount for account, amount in sums.items() if is_revenue(account))
    return Balances(sums[AR], -sums[FUNDS], -sums[CREDIT], cash, sum(cash.values()), charged)


def is_revenue(account: str) -> bool:
    """Whether an account says what was charged or given back."""
    return account.startswith(SALES) or account in (TAX, GOODWILL)


def turnover(billing: Billing) -> tuple[Counter[str], Counter[str]]:
    """What was invoiced and what was credited, by component (PRODUCT, SHIPPING ... TAX, GOODWILL),
    as the ledger tells (LED-03).
    """
    invoiced, credited = Counter[str](), Counter[str]()
    for entry in billing.ledger:
        parts = {name: n for name, n in entry.postings.items() if is_revenue(name)}
        for account, amount in parts.items():
            name = account.removeprefix(SALES)
            if sum(parts.values()) < 0:
                invoiced[name] -= amount
            else:
                credited[name] += amount
    return invoiced, credited


def settled(billing: Billing, terms: int) -> bool:
    """Whether all money is in its place; up to `terms` minor units of receivable may stay open
    (PAY-39).
    """
    now = balances(billing)
    return now.funds == 0 and now.credit == 0 and now.ar <= max(0, terms) and not billing.payouts


def unapplied(billing: Billing) -> Counter[str]:
    """Funds of each payment that paid no invoice yet, in the order in which they came."""
    sums: Counter[str] = Counter()
    for entry in billing.ledger:
        if FUNDS in entry.postings:
            for account in entry.postings:
                if account.startswith(CASH):
                    sums[account.removeprefix(CASH)] -= entry.postings[FUNDS]
    for application in billing.applications:
        if application.source in sums:
            sums[application.source] -= application.amount
    return sums


def free_funds(billing: Billing) -> int:
    """Unapplied funds that no refund under way will take."""
    set_aside = sum(payout.amount for payout in billing.payouts if payout.source == FUNDS)
    return max(0, balances(billing).funds - set_aside)


def free_credit(billing: Billing, memo: CreditMemo) -> int:
    """What a credit memo may still pay of invoices; nothing while credit is being refunded from
    the memos at large.
    """
    if memo.payout:
        return 0
    aside = sum(
        payout.amount
        for payout in billing.payouts
        if payout.source == CREDIT and payout.credit_id in (memo.id, None)
    )
    return max(0, memo.total - memo.applied - aside)


def revenue(amounts: Amounts, *, gross: bool) -> dict[str, int]:
    """Credit postings of a charge: sales per component without tax, and the tax."""
    taxes = {
        "PRODUCT": (amounts.product, amounts.goods_tax),
        "SHIPPING": (amounts.shipping, amounts.shipping_tax),
        "HANDLING": (amounts.handling, amounts.handling_tax),
        "FEE": (amounts.fee, amounts.fee_tax),
    }
    sales = {
        f"{SALES}{component}": -(amount - tax if gross else amount)
        for component, (amount, tax) in taxes.items()
    }
    return {**sales, TAX: -amounts.tax}
