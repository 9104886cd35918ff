"""A built wheel carries the rules; a checkout and an editable install find them too."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_a_wheel_carries_the_rules_and_runs(tmp_path: Path) -> None:
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns(".git", ".venv", "build", "*.egg-info", "__pycache__", ".*_cache")
    shutil.copytree(ROOT, source, ignore=ignored)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if "/rules/" in name}
    shipped = {path.relative_to(ROOT / "rules").as_posix() for path in (ROOT / "rules").rglob("*.*")}
    assert packed == {f"bertgpt_cli/rules/{name}" for name in shipped}
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    program = "import sys, bertgpt_cli.cli as cli; print(cli.__file__); sys.exit(cli.main(['recommend', 'ner']))"
    done = subprocess.run(
        [sys.executable, "-P" if sys.version_info >= (3, 11) else "-s", "-c", program],
        env={**os.environ, "PYTHONPATH": str(installed)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert str(installed) in done.stdout.splitlines()[0]
    assert "Named entity recognition" in done.stdout


def test_a_checkout_finds_its_rules(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import bertgpt_cli.rulebook.files as f; print(f.builtin_folder())"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (Path(done.stdout.strip()) / "approaches.yaml").is_file()


def test_constraints_pin_every_direct_dependency() -> None:
    pinned = (ROOT / "constraints.txt").read_text("utf-8").lower()
    declared = (ROOT / "pyproject.toml").read_text("utf-8")
    names = [
        line.strip(' ",').split(">=")[0] for line in declared.splitlines() if line.startswith('  "') and ">=" in line
    ]
    assert "torch" in names
    assert "hypothesis" in names
    for name in names:
        assert f"\n{name.lower()}==" in pinned, name
    assert "torch==2.13.0" in pinned
