"""Shared by all tests: an account of the laptop cloud per process, and the deployed system.

Tests that use the deployed system run in one process of pytest-xdist, one after the other, so
that it starts once; the same holds for those that use only an empty account.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local import processes
from infra.local.aws import start_aws
from infra.local.cloud import LocalCloud

_SHARED = ("cloud", "account_url", "account")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that share an expensive fixture together under `--dist loadgroup`."""
    for item in items:
        for name in _SHARED:
            if name in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(name))
                break


@pytest.fixture(scope="session")
def account_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an empty account: no IAM, and workflows that do not wait between retries."""
    state: Path = tmp_path_factory.mktemp("account")
    program, url = start_aws(
        state, state / "meter.jsonl", enforce_iam=False, extra={"SFN_WAIT_SCALE": "0"}
    )
    yield url
    processes.stop(program)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """The deployed system with IAM enforced and its partners; `cloud.endpoints` tells where."""
    running = LocalCloud.start(tmp_path_factory.mktemp("cloud"))
    yield running
    running.stop()
