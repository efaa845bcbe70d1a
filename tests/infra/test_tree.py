"""The rules of the tree, held by a test instead of goodwill.

Small modules and functions, errors caught by name, documented modules, one layout: what makes
the code predictable to read.
"""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

from infra.local.build import ROOT

_ROOT_NAMES = re.compile(
    r"functions|layers|infra|events|tests|template\.yaml|README\.md|pyproject\.toml|Makefile|LICENSE"
    r"|requirements.*\.txt|\..+"
)
_FIRST_PARTY = ("layers/domain/", "layers/aws/", "functions/")
_DROSS = ("TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK:")
# Paths of somebody's machine have no place in a repository.
_MACHINE_PATHS = re.compile(r"(?<![\w.}])/(?:" + "wo" + r"rk|ro" + r"ot|home/\w+|Users/\w+)/\w")


def _tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return sorted(name for name in listed if (ROOT / name).is_file())


FILES = _tracked()
MODULES = [name for name in FILES if name.endswith(".py")]
TREES = {name: ast.parse((ROOT / name).read_text()) for name in MODULES}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(name: str) -> Iterator[Function]:
    for node in ast.walk(TREES[name]):
        if isinstance(node, Function):
            yield node


def _length(node: Function) -> int:
    """Lines of a function without its docstring."""
    documented = ast.get_docstring(node, clean=False)
    first = node.body[1 if documented is not None and len(node.body) > 1 else 0]
    return (node.end_lineno or node.lineno) - first.lineno + 1


def _is_product(name: str) -> bool:
    return not name.startswith("tests/")


def test_the_root_holds_what_was_agreed_and_nothing_else() -> None:
    tops = {Path(name).parts[0] for name in FILES}
    assert not [top for top in tops if not _ROOT_NAMES.fullmatch(top)]


def test_modules_are_short() -> None:
    lengths = {name: len((ROOT / name).read_text().splitlines()) for name in MODULES}
    assert not {name: count for name, count in lengths.items() if count > 350}


def test_handlers_only_parse_authorize_and_delegate() -> None:
    handlers = [name for name in MODULES if re.fullmatch(r"functions/\w+/handler\.py", name)]
    lengths = {name: len((ROOT / name).read_text().splitlines()) for name in handlers}
    assert not {name: count for name, count in lengths.items() if count > 60}


def test_functions_are_short() -> None:
    lengths = {
        f"{name}:{node.name}": _length(node)
        for name in MODULES
        if _is_product(name)
        for node in _functions(name)
    }
    assert not {place: count for place, count in lengths.items() if count > 45}
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= 20
    assert statistics.median(lengths.values()) <= 8


def test_errors_are_caught_by_name() -> None:
    """A handler that catches everything may only clean up and raise again, outside the product."""
    broad = [
        f"{name}:{node.lineno}"
        for name in MODULES
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.ExceptHandler)
        and _catches_everything(node)
        and (name.startswith(_FIRST_PARTY) or not _raises_again(node))
    ]
    assert not broad


def _catches_everything(node: ast.ExceptHandler) -> bool:
    caught = {leaf.id for leaf in ast.walk(node.type or node) if isinstance(leaf, ast.Name)}
    return node.type is None or bool(caught & {"Exception", "BaseException"})


def _raises_again(node: ast.ExceptHandler) -> bool:
    last = node.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_modules_say_what_they_are_for() -> None:
    modules = [name for name in MODULES if Path(name).name != "__init__.py"]
    assert not [name for name in modules if not ast.get_docstring(TREES[name])]


def test_packages_hold_no_code() -> None:
    """Importing one capability must not import another."""
    packages = [name for name in MODULES if Path(name).name == "__init__.py"]
    assert not [name for name in packages if (ROOT / name).read_text()]


def test_public_functions_and_classes_are_documented() -> None:
    bare = [
        f"{name}:{node.name}"
        for name in MODULES
        if _is_product(name)
        for node in TREES[name].body
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_")
        if not ast.get_docstring(node)
    ]
    assert not bare


def test_imports_are_absolute() -> None:
    relative = [
        f"{name}:{node.lineno}"
        for name in MODULES
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not relative


def test_tests_assert() -> None:
    helpers = _helpers_that_assert()
    silent = [
        f"{name}:{node.name}"
        for name in MODULES
        if name.startswith("tests/") and Path(name).name.startswith("test_")
        for node in _functions(name)
        if node.name.startswith("test_") and not _asserts(node, helpers)
    ]
    assert not silent


def _called(node: Function) -> set[str]:
    calls = [call.func for call in ast.walk(node) if isinstance(call, ast.Call)]
    return {f.attr if isinstance(f, ast.Attribute) else getattr(f, "id", "") for f in calls}


def _helpers_that_assert() -> set[str]:
    """Names of the tests' own functions that assert, themselves or through each other."""
    helpers = [node for name in MODULES if name.startswith("tests/") for node in _functions(name)]
    known = {"raises", "call_and_validate", "run_state_machine_as_test", "assert_all_responses"}
    while True:
        more = {node.name for node in helpers if _asserts(node, known)} - known
        if not more:
            return known
        known |= more


def _asserts(node: Function, helpers: set[str]) -> bool:
    inside = any(isinstance(inner, ast.Assert) for inner in ast.walk(node))
    return inside or bool(_called(node) & helpers)


def test_nothing_is_left_over() -> None:
    texts = {name: (ROOT / name).read_bytes().decode(errors="replace") for name in FILES}
    assert not [name for name, text in texts.items() if any(word in text for word in _DROSS)]
    assert not [name for name, text in texts.items() if _MACHINE_PATHS.search(text)]


def test_lock_files_pin_by_hash_and_name_no_host() -> None:
    locks = [name for name in FILES if re.search(r"requirements.*\.txt$", name)]
    assert len(locks) == 2
    for name in locks:
        text = (ROOT / name).read_text()
        pinned = re.findall(r"^[a-z0-9][\w.-]*==\S+ \\\n    --hash=sha256:[0-9a-f]{64}", text, re.M)
        assert len(pinned) == len(re.findall(r"^[a-z0-9][\w.-]*==", text, re.M)) > 0
        assert "://" not in text


def test_the_capabilities_in_the_import_contracts_are_the_folders() -> None:
    """A capability the contracts do not know could import whatever it likes."""
    domain = ROOT / "layers" / "domain" / "python" / "oms"
    folders = {path.name for path in domain.iterdir() if (path / "__init__.py").exists()}
    listed = set(re.findall(r'^    "oms\.(\w+)",$', (ROOT / "pyproject.toml").read_text(), re.M))
    assert folders - {"kernel", "lifecycle"} == listed - {"kernel", "lifecycle"}
