"""Deploy template.yaml with the AWS CLI, by the same commands as into an account."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.local.processes import LocalCloudError

STACK = "throughline-local"
_BUCKET = "throughline-local-artifacts"


def cli_environment(endpoint: str) -> dict[str, str]:
    """Settings that point an AWS client at the laptop cloud as its account's administrator."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_PAGER": "",
    }


def deploy(
    template: Path, packaged: Path, parameters: Mapping[str, str], env: Mapping[str, str]
) -> dict[str, str]:
    """Package and deploy `template`; return the outputs of the stack.

    Raises LocalCloudError with what the CLI said, and the failed events, if the stack is refused.
    """
    _aws(["s3", "mb", f"s3://{_BUCKET}"], env)
    _aws(
        [
            *("cloudformation", "package", "--template-file", str(template)),
            *("--s3-bucket", _BUCKET, "--output-template-file", str(packaged)),
        ],
        env,
    )
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    try:
        _aws(
            [
                *("cloudformation", "deploy", "--template-file", str(packaged)),
                *("--s3-bucket", _BUCKET, "--stack-name", STACK),
                *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
                *("--parameter-overrides", *overrides),
            ],
            env,
        )
    except LocalCloudError as refused:
        raise LocalCloudError(f"{refused}\n{_failures(env)}") from refused
    return outputs(env)


def outputs(env: Mapping[str, str]) -> dict[str, str]:
    """The outputs of the deployed stack."""
    stack = json.loads(_aws(["cloudformation", "describe-stacks", "--stack-name", STACK], env))
    return {entry["OutputKey"]: entry["OutputValue"] for entry in stack["Stacks"][0]["Outputs"]}


def _failures(env: Mapping[str, str]) -> str:
    events = json.loads(
        _aws(["cloudformation", "describe-stack-events", "--stack-name", STACK], env)
    )["StackEvents"]
    return "\n".join(
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
        for event in events
        if event["ResourceStatus"].endswith("FAILED")
    )


def _aws(arguments: list[str], env: Mapping[str, str]) -> str:
    command = [sys.executable, "-W", "ignore", "-m", "awscli", *arguments, "--output", "json"]
    done = subprocess.run(command, env=dict(env), capture_output=True, text=True, check=False)
    if done.returncode:
        raise LocalCloudError(f"aws {' '.join(arguments[:2])}: {done.stderr or done.stdout}")
    return done.stdout
