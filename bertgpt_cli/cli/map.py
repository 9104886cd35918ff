"""`bertgpt map`: where the advice for a task changes, over two facts."""

from typing import Annotated, Any, Optional

import typer

from bertgpt_cli.cli import terminal
from bertgpt_cli.cli.app import (
    FORMATS,
    Format,
    Language,
    Rules,
    command,
    complete,
    complete_task,
    given_facts,
    with_facts,
)
from bertgpt_cli.cli.shell import Shell
from bertgpt_cli.errors import Exit, UsageError
from bertgpt_cli.rulebook.facts import FACTS
from bertgpt_cli.text import Text

_NAMES = complete(*FACTS)


def add_to(app: typer.Typer) -> None:
    command(app, "map")(map_)


@with_facts()
def map_(
    ctx: typer.Context,
    words: Annotated[Optional[list[str]], typer.Argument(metavar="[TASK]...", autocompletion=complete_task)] = None,  # noqa: UP045
    task: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--task", "-t", metavar="TASK", autocompletion=complete_task),
    ] = None,
    x: Annotated[str, typer.Option("--x", metavar="FACT", autocompletion=_NAMES)] = "labels",
    y: Annotated[str, typer.Option("--y", metavar="FACT", autocompletion=_NAMES)] = "max_params",
    out: Annotated[Optional[str], typer.Option("--out", metavar="FILE.svg")] = None,  # noqa: UP045
    force: Annotated[bool, typer.Option("--force")] = False,
    format: Format = "text",
    lang: Language = None,
    rules: Rules = None,
    **given: Any,
) -> int:
    shell: Shell = ctx.obj
    wanted = terminal.output_format(format, FORMATS)
    across, up = _fact(x, "--x"), _fact(y, "--y")
    situation = given_facts(given)
    name = task or " ".join(words or ())
    if not name or (task and words):
        raise UsageError("no-task", Text("map needs one task: --task NAME", "map 需要指定一个任务：--task 任务名"))
    from bertgpt_cli.advise.chart import chart
    from bertgpt_cli.cli.ask import open_book, resolve_words
    from bertgpt_cli.render import map as drawn

    adviser = open_book(shell, rules or ())
    matches = resolve_words(shell, adviser, name)
    if len(matches) > 1:
        ids = tuple(match.id for match in matches)
        listed = ", ".join(ids)
        raise UsageError(
            "several-tasks",
            Text(
                f"map draws one task, and these words mean several: {listed}",
                f"map 一次只画一个任务，这句话包含多个：{listed}",
            ),
            ids,
        )
    report = chart(adviser, matches[0], across, up, situation)
    if out == "-":
        shell.write(drawn.svg(report, shell.lang))
        return Exit.DONE
    if out is not None:
        from bertgpt_cli.cli.output import write_file

        write_file(out, drawn.svg(report, shell.lang), force)
        shell.say(Text(f"wrote {out}", f"已写入 {out}"))
        return Exit.DONE
    if wanted == "json":
        from bertgpt_cli.render.as_json import Encoder, dump

        shell.write(dump(Encoder(shell.lang).map(report)))
    elif wanted == "markdown":
        shell.show(drawn.table(report, shell.lang), wanted)
    else:
        shell.draw(drawn.document(report, shell.lang, shell.width))
    return Exit.DONE


def _fact(name: str, option: str) -> str:
    """The fact of this name, also as its option is written."""
    known = {**{fact: fact for fact in FACTS}, **{_bare(fact.option): fact.name for fact in FACTS.values()}}
    said = name.strip().lower().lstrip("-").replace("-", "_")
    found = known.get(said)
    if found is not None:
        return found
    from difflib import get_close_matches

    close = tuple(known[one] for one in get_close_matches(said, known, n=1, cutoff=0.5))
    listed = ", ".join(FACTS)
    hint = Text(f"; the closest is {close[0]}", f"；最接近的是 {close[0]}") if close else Text("", "")
    shown = name[:40]
    raise UsageError(
        "unknown-fact",
        Text(
            f"{option} cannot be '{shown}': facts are {listed}{hint.en}",
            f"{option} 不能是“{shown}”：可用的事实有 {listed}{hint.zh}",
        ),
        close,
    )


def _bare(option: str) -> str:
    """`--text-language` -> `text_language`."""
    return option.split("/")[0].lstrip("-").replace("-", "_")
