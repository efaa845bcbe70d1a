"""Prove that the domain layer needs nothing but the standard library.

    python -m infra.local.purity

Imports each of its modules in an interpreter without site-packages, environment or user paths.
"""

import subprocess
import sys
from pathlib import Path

from infra.local.build import ROOT

_DOMAIN = ROOT / "layers" / "domain" / "python"


def modules(domain: Path = _DOMAIN) -> list[str]:
    """The dotted names of all modules of the domain layer."""
    names = []
    for path in sorted((domain / "oms").rglob("*.py")):
        parts = path.relative_to(domain).with_suffix("").parts
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


def check(domain: Path = _DOMAIN) -> str:
    """Import everything below `domain`; the text of the first error, or nothing."""
    code = "\n".join(
        ["import importlib, sys", f"sys.path.insert(0, {str(domain)!r})"]
        + [f"importlib.import_module({name!r})" for name in modules(domain)]
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def main() -> int:
    """0 if the domain layer stands alone."""
    error = check()
    print(error.strip() or f"{len(modules())} domain modules need the standard library alone")
    return 1 if error else 0


if __name__ == "__main__":
    sys.exit(main())
