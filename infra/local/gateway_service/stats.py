"""What the test gateway did, in figures for tests."""

from typing import Any

from infra.local.gateway_service.store import Store


def figures(store: Store) -> dict[str, Any]:
    """What happened so far; amounts in minor units, `times` counts movements of one key."""
    rows = store.rows
    moved = rows(
        "SELECT key, kind, currency, sum(amount) AS amount, count(*) AS times"
        " FROM movements GROUP BY key, kind, currency"
    )
    totals: dict[str, dict[str, int]] = {}
    for row in rows(
        "SELECT currency, kind, sum(amount) AS amount FROM movements GROUP BY currency, kind"
    ):
        totals.setdefault(row["currency"], {})[row["kind"]] = row["amount"]
    (webhooks,) = rows(
        "SELECT (SELECT count(*) FROM events) AS events, count(*) AS deliveries,"
        " count(due_at) AS waiting, coalesce(sum(attempts), 0) AS attempts FROM deliveries"
    )
    return {
        "moved": {row["key"]: {name: row[name] for name in row.keys()[1:]} for row in moved},
        "totals": totals,
        "calls": {row["kind"]: row["total"] for row in rows("SELECT * FROM calls")},
        "webhooks": dict(webhooks),
    }
