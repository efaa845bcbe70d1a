"""Assemble what template.yaml deploys into .throughline/build.

    python -m infra.local.build            for the laptop cloud, whose Python has the packages
    python -m infra.local.build --vendor   for AWS: arm64 wheels of Python 3.13 in the vendor layer

A function's code keeps its place (`functions/<name>/...`) inside its archive, so that an import
reads the same in Lambda, in the tests and for the type checker.
"""

import argparse
import compileall
import py_compile
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_OWN_IMPORT = re.compile(r"^(?:from|import) functions\.(\w+)", re.MULTILINE)
_LEAVE_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")


def build(root: Path = ROOT, beside: Path = ROOT, vendor: bool = False) -> Path:
    """Write the functions and layers of `root` below `beside`/.throughline/build; that folder.

    `beside` is where the template that is deployed lies.
    """
    target = beside / ".throughline" / "build"
    for name in ("functions", "layers/domain", "layers/aws"):
        shutil.rmtree(target / name, ignore_errors=True)
    for handler in sorted(root.glob("functions/*/handler.py")):
        name = handler.parent.name
        for folder in sorted(bundle(root, name)):
            _copy(root / "functions" / folder, target / "functions" / name / "functions" / folder)
    for layer in ("domain", "aws"):
        _copy(root / "layers" / layer, target / "layers" / layer)
    _vendor_layer(root, target / "layers" / "vendor", vendor)
    return target


def bundle(root: Path, name: str) -> set[str]:
    """Folders below functions/ that the code of one function imports, its own included."""
    found, waiting = set[str](), {name}
    while waiting:
        folder = waiting.pop()
        found.add(folder)
        for path in (root / "functions" / folder).rglob("*.py"):
            for match in _OWN_IMPORT.finditer(path.read_text(encoding="utf-8")):
                if (root / "functions" / match.group(1)).is_dir() and match.group(1) not in found:
                    waiting.add(match.group(1))
    return found


def stage(root: Path, target: Path) -> Path:
    """Copy all that is deployed below `target`, out of the way of edits; the template there.

    Compiled for this Python: each environment that starts would have to do it again.
    """
    shutil.rmtree(target, ignore_errors=True)
    for folder in ("workflows", "monitoring"):
        _copy(root / "infra" / folder, target / "infra" / folder)
    compileall.compile_dir(
        build(root, target),
        quiet=1,
        # The archives keep no times that a bytecode file could be checked against.
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    return Path(shutil.copy(root / "template.yaml", target))


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, ignore=_LEAVE_OUT)


def _vendor_layer(root: Path, target: Path, real: bool) -> None:
    shutil.rmtree(target, ignore_errors=True)
    python = target / "python"
    python.mkdir(parents=True)
    if not real:
        (python / "README.txt").write_text("Packages come from the Python of the laptop cloud.\n")
        return
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"),
            *("--only-binary=:all:", "--platform", "manylinux2014_aarch64"),
            *("--platform", "manylinux_2_28_aarch64", "--python-version", "3.13"),
            *("--implementation", "cp", "--target", str(python)),
            *("-r", str(root / "layers" / "vendor" / "requirements.txt")),
        ],
        check=True,
    )


def main() -> None:
    """Build from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--vendor", action="store_true", help="install the vendor layer for AWS")
    print(build(vendor=parser.parse_args().vendor))


if __name__ == "__main__":
    main()
