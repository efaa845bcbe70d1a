"""Read template.yaml the way CloudFormation does: short forms resolved, includes put in place.

python -m infra.local.template | cfn-lint    lint all that is deployed, includes too
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

from infra.local.build import ROOT


class _Loader(yaml.SafeLoader):
    """YAML with the short forms of intrinsic functions."""


def _intrinsic(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        return {name: value.split(".", 1) if tag == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _intrinsic)


def load(path: Path = ROOT / "template.yaml") -> dict[str, Any]:
    """The whole template with its includes."""
    template: dict[str, Any] = _expanded(_parse(path), path.parent)
    return template


def _parse(path: Path) -> Any:
    return yaml.load(path.read_text(), Loader=_Loader)  # noqa: S506 - a subclass of SafeLoader


def _expanded(node: Any, base: Path) -> Any:
    if isinstance(node, list):
        return [_expanded(item, base) for item in node]
    if not isinstance(node, dict):
        return node
    rest = {key: _expanded(value, base) for key, value in node.items() if key != "Fn::Transform"}
    if "Fn::Transform" in node:
        rest |= _parse(base / node["Fn::Transform"]["Parameters"]["Location"])
    return rest


if __name__ == "__main__":
    json.dump(load(), sys.stdout, indent=1)
