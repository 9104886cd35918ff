"""`bertgpt trial` as a user meets it, on tiny models that are made here and texts that were written for this."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import InProcess, Run
from tests.tiny_models import TinyModels

GOOD, BAD = "great lovely excellent wonderful fine".split(), "awful poor broken terrible late".split()
THINGS, DAYS = "film book hotel phone meal train shop app".split(), "monday tuesday friday sunday".split()


def reviews(texts: int = 60) -> list[tuple[str, str]]:
    """Short reviews whose words tell the label."""
    chance = random.Random(1)
    found: dict[str, str] = {}
    while len(found) < texts:
        label = chance.choice(("praise", "complaint"))
        words = GOOD if label == "praise" else BAD
        some = f"the {chance.choice(THINGS)} on {chance.choice(DAYS)} was {chance.choice(words)} and {chance.choice(words)}"
        found[some] = label
    return list(found.items())


def as_csv(rows: list[tuple[str, str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([("text", "label"), *rows])
    return out.getvalue()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyModels:
    return TinyModels(tmp_path_factory.mktemp("models"), [text for text, _ in reviews()] * 2)


@pytest.fixture(scope="module")
def encoder(tiny: TinyModels) -> str:
    return tiny.base_model("bert")


@pytest.fixture
def data(tmp_path: Path) -> str:
    path = tmp_path / "reviews.csv"
    path.write_text(as_csv(reviews()), encoding="utf-8")
    return str(path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> InProcess:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LANG", "C.UTF-8")
    for name in ("BERTGPT_LANG", "LC_ALL", "LC_MESSAGES", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return InProcess(capsys)


def answer(done: Run) -> dict[str, Any]:
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


QUICK = ("--no-control", "--no-prompt", "--format", "json")


def test_an_encoder_beside_the_baselines(run: InProcess, data: str, encoder: str) -> None:
    found = answer(run("trial", data, "--model", encoder, "--format", "json"))
    assert found["kind"] == "trial"
    names = {one["id"]: one for one in found["candidates"]}
    base = os.path.basename(encoder)
    assert set(names) == {"majority", "TF-IDF", f"{base} head", f"{base} cloze", f"{base} random"}
    assert names[f"{base} random"]["rank"] in (0, None)
    assert names[f"{base} random"]["status"] == "control"
    for one in names.values():
        for point in one["points"]:
            score = point["accuracy"]
            assert 0 <= score["low"] <= score["value"] <= score["high"] <= 1
    assert [point["labels"] for point in names["TF-IDF"]["points"]] == [8, 16, 32, 48]
    assert [point["labels"] for point in names[f"{base} cloze"]["points"]] == [0]
    assert names[f"{base} head"]["approach"] == "frozen-encoder"
    cost = names[f"{base} head"]["cost"]
    assert cost["p50_seconds"] <= cost["p95_seconds"]
    assert found["advised"]["approach"]
    assert found["seed"] == 0
    assert {"bertgpt", "torch", "transformers", "python"} <= set(found["versions"])


def test_the_same_seed_gives_the_same_answer_and_the_cache_changes_nothing(
    run: InProcess, data: str, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(*argv: str) -> list[Any]:
        found = answer(run("trial", data, "--model", encoder, *QUICK, *argv))
        return [(one["id"], one["points"], one["rank"]) for one in found["candidates"]]

    first = told()
    from bertgpt_cli.lab.trial import jobs

    def must_not(job: Any) -> None:
        raise AssertionError("encoded again")

    monkeypatch.setattr(jobs, "encoded", must_not)
    assert told() == first
    monkeypatch.undo()
    monkeypatch.setenv("BERTGPT_NO_CACHE", "1")
    assert told() == first
    assert told("--seed", "1") != first


def test_a_budget_that_is_spent_keeps_what_is_known(run: InProcess, data: str, encoder: str) -> None:
    found = answer(run("trial", data, "--model", encoder, *QUICK, "--budget", "0.001s"))
    assert found["stopped"] == "budget"
    status = {one["id"]: one["status"] for one in found["candidates"]}
    assert status.pop(f"{os.path.basename(encoder)} head") == "unfinished"
    assert set(status.values()) == {"measured"}  # the baselines, which take no time


def test_ctrl_c_keeps_what_was_finished(
    run: InProcess, data: str, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bertgpt_cli.lab.trial import jobs

    def interrupted(job: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs, "encoded", interrupted)
    done = run("trial", data, "--model", encoder, *QUICK)
    found = json.loads(done.out)
    assert done.code == 130
    assert "Aborted; what was finished is above." in done.err
    assert found["stopped"] == "interrupted"
    status = {one["id"]: one["status"] for one in found["candidates"]}
    assert status["TF-IDF"] == "measured"
    assert status[f"{os.path.basename(encoder)} head"] == "unfinished"


def test_a_checkpoint_that_does_not_load_is_a_row_with_its_reason(
    run: InProcess, data: str, encoder: str, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in Path(encoder).iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    config = json.loads((broken / "config.json").read_text())
    (broken / "config.json").write_text(json.dumps({**config, "num_hidden_layers": config["num_hidden_layers"] + 1}))
    found = answer(run("trial", data, "--model", encoder, "--model", str(broken), *QUICK))
    rows = {one["id"]: one for one in found["candidates"]}
    assert rows["broken head"]["status"] == "failed"
    assert "tensors" in rows["broken head"]["reason"]
    assert rows[f"{os.path.basename(encoder)} head"]["status"] == "measured"


def test_constraints_rule_out(run: InProcess, data: str, encoder: str) -> None:
    found = answer(run("trial", data, "--model", encoder, *QUICK, "--latency-ms", "0.000001"))
    [row] = [one for one in found["candidates"] if one["way"] == "head"]
    assert row["blocked"]
    assert not row["rank"]


def test_the_outcome_becomes_a_rule_that_recommend_uses(run: InProcess, tmp_path: Path, encoder: str) -> None:
    """Labels that follow the length of a text, which words do not tell: the head wins, or the refusal says why not."""
    path = tmp_path / "reviews.csv"
    path.write_text(as_csv(reviews()), encoding="utf-8")
    rule = tmp_path / "team.yaml"
    done = run("trial", str(path), "--model", encoder, *QUICK, "--write-rule", str(rule))
    if done.code == 0:
        assert f"wrote {rule}" in done.err
        assert run("rules", "test", "--rules", str(rule)).code == 0
    else:
        assert done.code == 2
        assert not rule.exists()


def test_pictures_are_written_whole(run: InProcess, data: str, encoder: str, tmp_path: Path) -> None:
    for name, start in (("curve.svg", b"<?xml"), ("curve.png", b"\x89PNG")):
        out = tmp_path / name
        assert run("trial", data, "--model", encoder, *QUICK, "--out", str(out)).code == 0
        assert out.read_bytes().startswith(start)
        again = run("trial", data, "--model", encoder, *QUICK, "--out", str(out))
        assert again.code == 2
        assert "--force" in again.err


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", ["40", "80"])
def test_it_is_readable_in_both_languages_and_widths(
    run: InProcess, data: str, encoder: str, lang: str, width: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.cells import cell_len

    monkeypatch.setenv("COLUMNS", width)
    done = run("trial", data, "--model", encoder, "--no-control", "--no-prompt", "--lang", lang)
    assert done.code == 0
    assert all(cell_len(line) <= int(width) for line in done.out.splitlines())
    assert ("Cannot separate" in done.out or "ahead" in done.out) if lang == "en" else "TF-IDF" in done.out


# --- before anything slow is loaded -----------------------------------------------------------------------------------

HEAVY = "import sys; sys.modules['torch'] = None; from bertgpt_cli.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.mark.parametrize(
    ("content", "argv", "code", "words"),
    [
        ("text,label\n" + "a,x\n", (), 3, ["reviews.csv"]),
        ("text,label\n,pos\n" + as_csv(reviews())[12:], (), 3, ["reviews.csv:2"]),
        (as_csv(reviews()), ("--model", "./nowhere"), 2, ["there is no folder ./nowhere"]),
        (as_csv(reviews()), ("--budget", "soon"), 2, ["60s, 5m or 1h"]),
        (as_csv(reviews()), ("--out", "curve.gif"), 2, [".svg, .png"]),
        (as_csv(reviews()), ("--task", "summarization"), 2, ["label"]),
        (as_csv(reviews()), ("--model", "bert-bas-uncased"), 2, ["bert-base-uncased"]),
    ],
)
def test_what_is_wrong_is_told_without_torch(
    content: str, argv: tuple[str, ...], code: int, words: list[str], tmp_path: Path, quiet_home: Mapping[str, str]
) -> None:
    import subprocess

    (tmp_path / "reviews.csv").write_text(content, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", HEAVY, "trial", "reviews.csv", *argv],
        cwd=tmp_path,
        env=dict(quiet_home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert all(word in done.stderr for word in words), done.stderr
    assert "Traceback" not in done.stderr


def test_without_torch_it_says_what_to_install(
    tmp_path: Path, quiet_home: Mapping[str, str], bertgpt: Callable[..., Run]
) -> None:
    import subprocess

    (tmp_path / "reviews.csv").write_text(as_csv(reviews()), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", HEAVY, "trial", "reviews.csv"],
        cwd=tmp_path,
        env=dict(quiet_home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4
    assert "bertgpt[trial]" in done.stderr
