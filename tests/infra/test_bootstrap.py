"""A fresh deployment answers nobody until its clients are registered with a company.

Cites API-02, ROL-06, GEN-12.
"""

from __future__ import annotations

import pytest
import requests

from infra import bootstrap
from infra.local.cloud import LocalCloud
from infra.local.deploy import STACK
from tests.infra.test_cloud import _token


def test_registered_clients_are_let_in(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cloud.endpoints
    endpoints = cloud.endpoints
    known = {
        "AWS_ENDPOINT_URL": endpoints.aws_endpoint, "AWS_DEFAULT_REGION": endpoints.region,
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
    }  # fmt: skip
    for name, value in known.items():
        monkeypatch.setenv(name, value)
    for _ in range(2):
        bootstrap.main(["--stack", STACK, "--company", "acme", "--admin", "first"])
    headers = {"Authorization": f"Bearer {_token(endpoints, 'admin')}"}
    got = requests.get(f"{endpoints.api_url}/v1/sites", headers=headers, timeout=30)
    assert got.status_code == 200
