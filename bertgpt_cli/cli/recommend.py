"""`bertgpt recommend`: one task, a plan of several, or a batch of lines."""

import gc
import os
import sys
from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO, Optional

import typer

from bertgpt_cli.advise.recommend import Adviser
from bertgpt_cli.cli import terminal
from bertgpt_cli.cli.app import (
    STREAM_FORMATS,
    Language,
    Rules,
    StreamFormat,
    command,
    complete_task,
    given_facts,
    with_facts,
)
from bertgpt_cli.cli.ask import open_book, resolve_words
from bertgpt_cli.cli.shell import Shell
from bertgpt_cli.errors import Complaint, Exit, InputFileError, UsageError
from bertgpt_cli.files import unreadable
from bertgpt_cli.report.recommendation import Recommendation
from bertgpt_cli.rulebook.facts import Situation
from bertgpt_cli.text import Text

_LONGEST_LINE = 64 << 20  # bytes of a line that are looked through for its end


def add_to(app: typer.Typer) -> None:
    command(app, "recommend")(recommend)


@with_facts()
def recommend(
    ctx: typer.Context,
    words: Annotated[Optional[list[str]], typer.Argument(metavar="[TASK]...", autocompletion=complete_task)] = None,  # noqa: UP045
    task: Annotated[
        list[str] | None, typer.Option("--task", "-t", metavar="TASK", autocompletion=complete_task)
    ] = None,
    explain: Annotated[bool, typer.Option("--explain")] = False,
    code: Annotated[bool, typer.Option("--code")] = False,
    batch: Annotated[Optional[str], typer.Option("--batch", metavar="FILE")] = None,  # noqa: UP045
    format: StreamFormat = "",
    lang: Language = None,
    rules: Rules = None,
    **given: Any,
) -> int:
    shell: Shell = ctx.obj
    situation = given_facts(given)
    names = [*([" ".join(words)] if words else []), *(task or [])]
    wanted = terminal.output_format(format or ("jsonl" if batch is not None else "text"), STREAM_FORMATS)
    if code and (batch is not None or wanted == "jsonl"):
        message = Text(
            "--code prints programs: not with --batch or jsonl", "--code 输出程序，不能与 --batch 或 jsonl 同用"
        )
        raise UsageError("code", message)
    if batch is not None:
        return _batch(shell, batch, wanted, names, situation, explain, rules or [])
    if not names:
        raise UsageError(
            "no-task",
            Text(
                "which task? Say --task NAME; 'bertgpt tasks' lists the names",
                "哪个任务？请用 --task 指定；运行 bertgpt tasks 查看任务名称",
            ),
        )
    adviser = open_book(shell, rules or ())
    matches = tuple(match for name in names for match in resolve_words(shell, adviser, name))
    if len(matches) > 1:
        plan = adviser.plan(matches, situation)
        show_advice(shell, plan, wanted, explain, _programs(adviser, plan.answers) if code else None)
        return Exit.DONE if plan.fits else Exit.NEGATIVE
    answer = adviser.recommend(matches[0], situation)
    show_advice(shell, answer, wanted, explain, _programs(adviser, (answer,)) if code else None)
    return Exit.DONE if answer.fits else Exit.NEGATIVE


def _programs(adviser: Adviser, answers: tuple[Recommendation, ...]) -> str:
    """The starter program of each answer; of several, each under its task."""
    from bertgpt_cli.advise.starter import program

    told = []
    for answer in answers:
        found = program(adviser.book, answer)
        if found is None:
            id = answer.approach.id
            raise UsageError("code", Text(f"there is no starter program for {id}", f"{id} 没有起步程序"))
        told.append(found if len(answers) == 1 else f"# === {answer.task.id}: {answer.approach.id} ===\n\n{found}")
    return "\n\n".join(told)


def show_advice(shell: Shell, answer: Any, wanted: str, explain: bool, code: str | None = None) -> None:
    """The answer; where `code` is given, the program alone, or beside the answer in JSON."""
    from bertgpt_cli.report.recommendation import Plan

    several = isinstance(answer, Plan)
    if wanted in ("json", "jsonl"):
        from bertgpt_cli.render.as_json import Encoder, dump, dump_line

        encoder = Encoder(shell.lang)
        value = encoder.plan(answer, explain) if several else encoder.recommendation(answer, explain)
        if code is not None:
            value["code"] = code
        shell.write(dump(value) if wanted == "json" else dump_line(value))
        return
    if code is not None:
        from bertgpt_cli.render.markdown import fenced

        shell.write(code if wanted == "text" else f"{fenced(code)}\n")
        return
    from bertgpt_cli.render import recommendation

    document = recommendation.plan if several else recommendation.document
    shell.show(document(answer, shell.lang, explain), wanted)


def _batch(
    shell: Shell, path: str, wanted: str, names: list[str], defaults: Situation, explain: bool, rules: list[str]
) -> int:
    """One answer a line, in the order of the lines; a line that fails is told on its own line."""
    from bertgpt_cli.advise import batch
    from bertgpt_cli.render.as_json import Encoder, compact, finish

    if wanted != "jsonl" or names:
        message = Text(
            "--batch answers one line for each line: use it with --format jsonl and without a task",
            "--batch 逐行作答：请配合 --format jsonl 使用，且不要再指定任务",
        )
        raise UsageError("batch", message)
    # Answers leave no cycles behind; what is kept is meant to be kept. Looking for garbage rarely is enough.
    gc.set_threshold(100_000, 50, 50)
    gc.enable()
    adviser = open_book(shell, rules)
    encoder = Encoder(shell.lang)
    write = sys.stdout.write
    failed = total = 0
    for number, line in _lines(path):
        total += 1
        request = None
        try:
            request = batch.read(line)
            if request.fault is not None:
                raise request.fault
            matches = tuple(match for name in request.names for match in adviser.resolve(name))
            situation = {**defaults, **request.facts} if defaults else request.facts
            if len(matches) == 1:
                text = encoder.line(adviser.recommend(matches[0], situation), explain)
            else:
                text = compact(encoder.plan(adviser.plan(matches, situation), explain))
        except UsageError as error:
            failed += 1
            text = compact({**encoder.error(error), "line": number})
        if request is not None and request.has_id:
            text = f'{{"id":{compact(request.id)},{text[1:]}'
        write(finish(text))
    if failed:
        shell.say(Text(f"{failed} of {total} lines failed", f"{total} 行中有 {failed} 行失败"))
    return Exit.NEGATIVE if failed else Exit.DONE


def _lines(path: str) -> Iterator[tuple[int, bytes]]:
    """The file's lines that are not blank, with their numbers; `-` is standard input.

    Of a line that is too long comes enough to tell.
    """
    from bertgpt_cli.advise.batch import MAX_LINE

    with _opened(path) as file:
        number = 0
        try:
            while line := file.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE and not line.endswith(b"\n"):
                    _skip(file, path, number)
                if number == 1:
                    line = line.removeprefix(b"\xef\xbb\xbf")
                if line.strip() or len(line) > MAX_LINE:
                    yield number, line
        except OSError as error:
            raise unreadable(path, error) from None


def _skip(file: BinaryIO, path: str, number: int) -> None:
    """The rest of the line; of a file that never ends one (/dev/zero), so much and no more."""
    from bertgpt_cli.advise.batch import MAX_LINE

    for _ in range(_LONGEST_LINE // MAX_LINE):
        if (more := file.readline(MAX_LINE)).endswith(b"\n") or not more:
            return
    message = Text("a line that does not end; is this a file of JSON lines?", "有一行没有结尾；这是 JSONL 文件吗？")
    raise InputFileError((Complaint("BG006", message, path, number, 1),))


def _opened(path: str) -> BinaryIO:
    if path == "-" and sys.stdin is None:
        raise unreadable(path, ValueError("standard input is closed"))
    try:
        return os.fdopen(os.dup(sys.stdin.fileno()), "rb") if path == "-" else open(path, "rb")
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
