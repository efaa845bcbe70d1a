"""Start the account of the laptop cloud: MiniStack on loopback, empty, in a folder of its own."""

import sys
from collections.abc import Mapping
from pathlib import Path

from infra.local import processes
from infra.local.build import ROOT


def start_aws(
    state: Path, meter: Path, enforce_iam: bool = True, extra: Mapping[str, str] | None = None
) -> tuple[processes.Program, str]:
    """Start it with its files below `state`, counting into `meter`; the program and its URL.

    `extra` are further settings of MiniStack. The caller stops the program. Raises
    LocalCloudError if it does not start.
    """
    port = processes.free_port()
    url = f"http://{processes.LOOPBACK}:{port}"
    temporary = state / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    settings = {
        "AUTH": "true" if enforce_iam else "false",
        "BIND_HOST": processes.LOOPBACK,
        "MINISTACK_HOST": processes.LOOPBACK,
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": "WARNING",
        "OMS_METER_FILE": str(meter),
        "S3_DATA_DIR": str(temporary / "s3"),
        "STATE_DIR": str(temporary / "state"),
        "TMPDIR": str(temporary),
        **(extra or {}),
    }
    command = [sys.executable, "-m", "infra.local.leash", "infra.local.aws_server"]
    log = state / "logs" / "aws.log"
    program = processes.start("aws", command, log, processes.environment(settings), ROOT)
    try:
        processes.wait_until_answers(program, f"{url}/_ministack/health")
    except BaseException:
        processes.stop(program)
        raise
    return program, url
