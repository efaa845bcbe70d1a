"""Documents of an order over HTTP: credit posted, applied to invoices, taken back (BIL-04, BIL-05);
invoices and credit memos filed (BIL-103, BIL-108).
"""

from __future__ import annotations

from oms.billing.commands import FileDocument, PostCredit, UnapplyFunds
from oms.kernel.errors import NotFound
from oms.payments.commands import ApplyFunds
from oms_aws import telemetry, wiring
from oms_aws.http import Call, Key, Operation, Reply, replied
from oms_aws.http_actor import PAYMENTS_WRITE
from oms_aws.shapes import Bare, to_command
from oms_aws.shapes_answers import OrderSummary

from functions.payments import schemas

MEMOS = "/v1/orders/{orderId}/credit-memos"


def post(call: Call) -> Reply:
    """Give back what was charged, or more out of goodwill."""
    return _execute(call, to_command(PostCredit, call.body))


def apply(call: Call) -> Reply:
    """Pay an invoice with open credit."""
    return _execute(call, to_command(ApplyFunds, call.body, source=_memo(call)))


def unapply(call: Call) -> Reply:
    """Take credit back from an invoice."""
    return _execute(call, to_command(UnapplyFunds, call.body, source=_memo(call)))


def file_credit(call: Call) -> Reply:
    """Close a used credit memo."""
    return _execute(call, FileDocument(_memo(call)))


def file_invoice(call: Call) -> Reply:
    """Close a paid invoice."""
    return _execute(call, FileDocument(call.path["invoiceId"]))


def _memo(call: Call) -> str:
    wanted = call.path["creditMemoId"]
    record = wiring.lifecycle().read(call.actor, call.path["orderId"])
    if all(memo.id != wanted for memo in record.billing.credit_memos):
        raise NotFound("CREDIT_MEMO_NOT_FOUND", f"no credit memo {wanted}")
    return wanted


def _execute(call: Call, command: object) -> Reply:
    answer = wiring.lifecycle().execute(
        call.actor, call.path["orderId"], [command], key=call.key, body_hash=call.body_hash,
        expected_version=call.expected_version, dry_run=call.dry_run,
        correlation_id=call.correlation_id,
    )  # fmt: skip
    if not answer.replayed and not call.dry_run:
        telemetry.count("PaymentCommands")
    return replied(answer)


OPERATIONS = (
    Operation(
        "postCreditMemo", "POST", MEMOS, PAYMENTS_WRITE, "Post a credit memo", post,
        {200: OrderSummary}, body=schemas.NewCredit, key=Key.REQUIRED, if_match=True,
        preview=True,
    ),
    Operation(
        "applyCreditMemo", "POST", f"{MEMOS}/{{creditMemoId}}/apply", PAYMENTS_WRITE,
        "Apply open credit to an invoice", apply, {200: OrderSummary}, body=schemas.Apply,
        key=Key.REQUIRED, if_match=True, preview=True,
    ),
    Operation(
        "unapplyCreditMemo", "POST", f"{MEMOS}/{{creditMemoId}}/unapply", PAYMENTS_WRITE,
        "Take credit back from an invoice", unapply, {200: OrderSummary}, body=schemas.Unapply,
        key=Key.REQUIRED, if_match=True, preview=True,
    ),
    Operation(
        "fileCreditMemo", "POST", f"{MEMOS}/{{creditMemoId}}/file", PAYMENTS_WRITE,
        "File a used credit memo", file_credit, {200: OrderSummary}, body=Bare,
        key=Key.REQUIRED, if_match=True, preview=True,
    ),
    Operation(
        "fileInvoice", "POST", "/v1/orders/{orderId}/invoices/{invoiceId}/file", PAYMENTS_WRITE,
        "File a paid invoice", file_invoice, {200: OrderSummary}, body=Bare,
        key=Key.REQUIRED, if_match=True, preview=True,
    ),
)  # fmt: skip
