"""The promises about the code itself: arrows, lint, types, and what a command loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "bertgpt_cli"
MODULES = sorted(PACKAGE.rglob("*.py"))


def tool(*argv: str) -> str:
    done = subprocess.run([sys.executable, "-m", *argv], cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_arrows_are_kept() -> None:
    code = "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_ruff_is_content() -> None:
    assert tool("ruff", "check", "--no-cache", ".") == ""
    assert tool("ruff", "format", "--no-cache", "--check", ".") == ""


@pytest.mark.slow
def test_mypy_is_content() -> None:
    assert tool("mypy", "--no-incremental") == ""


LOADED = "import sys, bertgpt_cli.cli as c; code = c.main(sys.argv[1:]); print(code, *sys.modules, file=sys.stderr)"
HEAVY = {"torch", "transformers", "numpy", "pydantic", "jsonschema", "platformdirs"}


@pytest.mark.parametrize(
    "argv",
    [
        ["recommend", "--task", "classification"],
        ["recommend", "--task", "clasification", "--format", "json"],
        ["recommend", "--task", "ner", "--format", "markdown", "--lang", "zh", "--explain"],
        ["--help"],
        ["recommend", "--help"],
        ["tasks"],
        ["rules", "check"],
        ["demo", "--help"],
        ["--version"],
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_loaded(argv: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *argv], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    code, *loaded = done.stderr.splitlines()[-1].split()
    assert code == "0"
    roots = {name.partition(".")[0] for name in loaded}
    assert "typer" in roots  # the list is really there
    assert not roots & HEAVY


def test_recommend_starts_from_the_compiled_rules_without_yaml(quiet_home: dict[str, str], tmp_path: Path) -> None:
    argv = [sys.executable, "-c", LOADED, "recommend", "--task", "classification"]
    for _ in range(2):  # the first run compiles
        done = subprocess.run(argv, capture_output=True, text=True, cwd=tmp_path, env=quiet_home, check=True)
    assert "yaml" not in done.stderr.splitlines()[-1].split()


def test_environment_and_clock_are_read_in_cli_alone() -> None:
    for module in MODULES:
        parts = module.relative_to(PACKAGE).parts
        # A trial keeps a deadline on whatever machine a piece of it runs, and tells libraries to be quiet and offline.
        if "cli" in parts or "trial" in parts:
            continue
        tree = ast.parse(module.read_text("utf-8"))
        names = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not names & {"os.environ", "os.getenv", "time.time", "sys.stdin", "sys.stdout", "sys.argv"} or (
            module.name == "__main__.py"
        ), module
        calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assert "print" not in calls, module


def test_every_module_says_what_it_is_for() -> None:
    assert len(MODULES) > 40
    for module in MODULES:
        assert ast.get_docstring(ast.parse(module.read_text("utf-8"))), module


def test_names_are_nouns_of_the_field() -> None:
    for module in MODULES:
        assert module.stem not in ("utils", "util", "helpers", "helper", "manager", "base", "common", "types", "misc")
