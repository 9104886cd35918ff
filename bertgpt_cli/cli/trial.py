"""`bertgpt trial`: is the advice true for these texts?"""

import os
import re
import sys
import time
from typing import Annotated, Any, Optional

import typer

from bertgpt_cli.cli import output, signals, terminal
from bertgpt_cli.cli.app import FORMATS, Format, Language, Rules, Seed, command, complete_task, given_facts, with_facts
from bertgpt_cli.cli.shell import Shell
from bertgpt_cli.errors import EnvironmentTrouble, Exit, UsageError
from bertgpt_cli.text import Text

_LARGEST = 2 << 30  # bytes of a file of texts
_PICTURES = (".svg", ".png")


def add_to(app: typer.Typer) -> None:
    command(app, "trial")(trial)


@with_facts("latency_ms", "memory_gb", "language")
def trial(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE.csv|tsv|jsonl")],
    model: Annotated[Optional[list[str]], typer.Option("--model", "-m", metavar="DIR_OR_ID")] = None,  # noqa: UP045
    text: Annotated[Optional[str], typer.Option("--text", metavar="COLUMN")] = None,  # noqa: UP045
    label: Annotated[Optional[str], typer.Option("--label", metavar="COLUMN")] = None,  # noqa: UP045
    delimiter: Annotated[Optional[str], typer.Option("--delimiter", metavar="CHARACTER")] = None,  # noqa: UP045
    skip_bad: Annotated[bool, typer.Option("--skip-bad")] = False,
    task: Annotated[
        str, typer.Option("--task", "-t", metavar="TASK", autocompletion=complete_task)
    ] = "text-classification",
    tune: Annotated[bool, typer.Option("--fine-tune")] = False,
    prompt: Annotated[bool, typer.Option("--prompt/--no-prompt")] = True,
    control: Annotated[bool, typer.Option("--control/--no-control")] = True,
    scores: Annotated[bool, typer.Option("--scores")] = False,
    keep_all: Annotated[bool, typer.Option("--keep-all")] = False,
    budget: Annotated[Optional[str], typer.Option("--budget", metavar="60s|5m")] = None,  # noqa: UP045
    out: Annotated[Optional[str], typer.Option("--out", metavar="FILE.svg|png")] = None,  # noqa: UP045
    write_rule: Annotated[Optional[str], typer.Option("--write-rule", metavar="FILE.yaml")] = None,  # noqa: UP045
    force: Annotated[bool, typer.Option("--force")] = False,
    ray: Annotated[Optional[str], typer.Option("--ray", metavar="ADDRESS|local")] = None,  # noqa: UP045
    allow_pickle: Annotated[bool, typer.Option("--allow-pickle")] = False,
    seed: Seed = 0,
    format: Format = "text",
    lang: Language = None,
    rules: Rules = None,
    **given: Any,
) -> int:
    began = time.time()
    shell: Shell = ctx.obj
    wanted = terminal.output_format(format, FORMATS)
    facts = given_facts(given)
    deadline = began + _seconds(budget) if budget is not None else float("inf")
    for path, kinds in ((out, _PICTURES), (write_rule, (".yaml", ".yml"))):
        if path is not None:
            output.check(path, force)
            _ends(path, kinds)
    # Everything that can be said about the user's files is said before anything slow is loaded.
    from bertgpt_cli import dataset
    from bertgpt_cli.cli.ask import open_book, resolve_words
    from bertgpt_cli.files import read_bytes

    data = dataset.read(file, read_bytes(file, file, _LARGEST), text, label, delimiter, skip_bad)
    adviser = open_book(shell, rules or ())
    matched = resolve_words(shell, adviser, task)[0]
    if adviser.book.tasks[matched.id].output != "label":
        message = Text(
            f"trial measures tasks whose answer is a label, and {matched.id} is none",
            f"trial 只测输出为标签的任务，而 {matched.id} 不是",
        )
        raise UsageError("task", message)
    folders = _folders(shell, adviser.book, model or (), allow_pickle)
    if sys.stderr.isatty():
        shell.say(Text("loading PyTorch ...", "正在加载 PyTorch……"))
    try:
        from bertgpt_cli.lab.trial import run
        from bertgpt_cli.lab.trial.executor import InProcess, OnRay
    except ImportError as error:
        raise _lacking(error) from None
    signals.heed()
    request = run.Request(
        dataset=data,
        folders=folders,
        prompts=prompt,
        fine_tune=tune,
        twins=control,
        transfer=scores,
        keep_all=keep_all,
        latency_ms=facts.get("latency_ms"),  # type: ignore[arg-type]
        memory_gb=facts.get("memory_gb"),  # type: ignore[arg-type]
        began=began,
        deadline=deadline,
        seed=seed,
        cache=shell.cache,
    )
    from bertgpt_cli.advise.trial import with_advice
    from bertgpt_cli.render import trial as drawn
    from bertgpt_cli.render.progress import bar

    executor = InProcess() if ray is None else OnRay(ray)
    try:
        with bar(shell.lang, sys.stderr.isatty(), shell.error_colour) as watch:
            report = run.trial(request, executor, watch)
    finally:
        executor.close()
    report = with_advice(adviser, matched.id, report, facts)
    if wanted == "text":
        shell.draw(drawn.document(report, shell.lang, shell.width))
    else:
        shell.show_told(report, drawn.table, drawn.plain, wanted)
    if out is not None:
        _draw(shell, report, out, force)
    if write_rule is not None:
        from datetime import date

        from bertgpt_cli.rulebook.writing import rule_file

        output.write_file(write_rule, rule_file(adviser.book, report, matched.id, date.today().isoformat()), force)
        shell.say(Text(f"wrote {write_rule}", f"已写入 {write_rule}"))
    if report.stopped == "interrupted":
        shell.say(Text("Aborted; what was finished is above.", "已中止；以上是已完成的部分。"))
        return Exit.INTERRUPTED
    return Exit.NEGATIVE if report.verdict.kind == "nothing" else Exit.DONE


def _seconds(budget: str) -> float:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|m|min|h)?\s*", budget)
    if found is None or float(found[1]) == 0:
        message = Text(
            f"--budget is '{budget[:40]}': expected 60s, 5m or 1h", f"--budget 为“{budget[:40]}”：应写作 60s、5m 或 1h"
        )
        raise UsageError("bad-option", message)
    return float(found[1]) * {"s": 1, "m": 60, "min": 60, "h": 3600}[found[2] or "s"]


def _ends(path: str, kinds: tuple[str, ...]) -> None:
    if not path.lower().endswith(kinds):
        listed = ", ".join(kinds)
        raise UsageError(
            "output", Text(f"{path}: expected a name that ends in {listed}", f"{path}：文件名应以 {listed} 结尾")
        )


def _folders(shell: Shell, book: Any, names: Any, pickles: bool) -> tuple[Any, ...]:
    """Each checkpoint's folder, looked at; what is no folder here is an id of the hub, or a name that the rules know."""
    from bertgpt_cli.advise import checkpoints
    from bertgpt_cli.checkpoints import weights

    found = []
    for name in dict.fromkeys(names):
        path = os.path.expanduser(name)
        if not os.path.exists(path):
            known = checkpoints.named(book, name)
            if known is None and (name.startswith((".", "/", "~")) or name.count("/") > 1):
                raise UsageError("no-checkpoint", Text(f"there is no folder {name}", f"没有文件夹 {name}"))
            if known is None and "/" not in name:
                raise checkpoints.unknown(book, name)
            path = _fetched(shell, known.id if known else name)
        found.append(weights.inspect(name, path, pickles))
    return tuple(_shortened(found))


def _shortened(folders: list[Any]) -> list[Any]:
    """The last part of each name, but the whole of it where two end alike."""
    short = [os.path.basename(os.path.normpath(folder.name)) for folder in folders]
    return [
        folder._replace(name=last) if short.count(last) == 1 else folder
        for folder, last in zip(folders, short, strict=True)
    ]


def _fetched(shell: Shell, id: str) -> str:
    try:
        from bertgpt_cli.lab.trial import hub

        shell.say(Text(f"looking for {id} ...", f"正在查找 {id}……"))
        return hub.fetch(id)
    except ImportError as error:
        raise _lacking(error) from None


def _lacking(error: ImportError) -> EnvironmentTrouble:
    message = Text(
        f"trial needs PyTorch and the extra `trial` (pip install 'bertgpt[trial]'): {error}",
        f"trial 需要 PyTorch 和附加依赖 trial（pip install 'bertgpt[trial]'）：{error}",
    )
    return EnvironmentTrouble("missing-package", message)


def _draw(shell: Shell, report: Any, out: str, force: bool) -> None:
    from bertgpt_cli.render import curve

    try:
        picture: str | bytes = (
            curve.svg(report, shell.lang) if out.lower().endswith(".svg") else curve.png(report, shell.lang)
        )
    except ImportError as error:
        message = Text(
            f"--out needs the extra `plot` (pip install 'bertgpt[plot]'): {error}",
            f"--out 需要附加依赖 plot（pip install 'bertgpt[plot]'）：{error}",
        )
        raise EnvironmentTrouble("missing-package", message) from None
    output.write_file(out, picture, force)
    shell.say(Text(f"wrote {out}", f"已写入 {out}"))
