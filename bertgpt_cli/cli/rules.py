"""`bertgpt rules`: check, test, show, compare rules, and print their schema."""

from typing import Annotated, Optional

import typer

from bertgpt_cli.cli import terminal
from bertgpt_cli.cli.app import FORMATS, Files, Format, Language, Rules, command, complete_task, new_group, no_command
from bertgpt_cli.cli.ask import open_book, resolve_words
from bertgpt_cli.cli.shell import Shell
from bertgpt_cli.errors import Exit
from bertgpt_cli.rulebook.book import Rulebook


def add_to(app: typer.Typer) -> None:
    group = new_group()
    group.callback(invoke_without_command=True)(rules_group)
    command(group, "check")(rules_check)
    command(group, "test")(rules_test)
    command(group, "show")(rules_show)
    command(group, "diff")(rules_diff)
    command(group, "schema")(rules_schema)
    app.add_typer(group, name="rules")


def rules_group(ctx: typer.Context, lang: Language = None) -> None:
    no_command(ctx)


def rules_check(
    ctx: typer.Context,
    files: Files = None,
    strict: Annotated[bool, typer.Option("--strict")] = False,
    format: Format = "text",
    lang: Language = None,
) -> int:
    shell: Shell = ctx.obj
    wanted = terminal.output_format(format, FORMATS)
    from bertgpt_cli.render import rules as drawn
    from bertgpt_cli.rulebook import inspection, loading

    book, named = _layered(files or [])
    report = inspection.check(book, named, loading.load((), shell.cache) if files else None)
    shell.show_report(report, drawn.check, wanted)
    failing = [one for one in report.findings if strict or one.level == "error"]
    return Exit.NEGATIVE if failing else Exit.DONE


def _layered(paths: list[str]) -> tuple[Rulebook, tuple[str, ...]]:
    """The book with these files on top, read anew, and the names of the files that they mean."""
    from bertgpt_cli.rulebook import loading
    from bertgpt_cli.rulebook.files import user_files

    return loading.load(paths), tuple(name for path in paths for name, _ in user_files(path))


def rules_test(
    ctx: typer.Context,
    files: Files = None,
    min_coverage: Annotated[float, typer.Option("--min-coverage", min=0, max=100, metavar="PERCENT")] = 0,
    format: Format = "text",
    lang: Language = None,
) -> int:
    shell: Shell = ctx.obj
    wanted = terminal.output_format(format, FORMATS)
    from bertgpt_cli.render import rules as drawn
    from bertgpt_cli.rulebook import examples

    report = examples.run(*_layered(files or []))
    shell.show_report(report, drawn.test, wanted)
    good = report.passed and not report.failed and report.coverage >= min_coverage
    return Exit.DONE if good else Exit.NEGATIVE


def rules_show(
    ctx: typer.Context,
    tasks: Annotated[Optional[list[str]], typer.Argument(metavar="[TASK]...", autocompletion=complete_task)] = None,  # noqa: UP045
    format: Format = "text",
    lang: Language = None,
    rules: Rules = None,
) -> int:
    shell: Shell = ctx.obj
    wanted = terminal.output_format(format, FORMATS)
    from bertgpt_cli.render import rules as drawn
    from bertgpt_cli.rulebook import inspection

    adviser = open_book(shell, rules or ())
    ids = [match.id for name in tasks or () for match in resolve_words(shell, adviser, name)]
    report = inspection.shown(adviser.book, tuple(ids or adviser.book.tasks))
    shell.show_report(report, drawn.show, wanted)
    return Exit.DONE


def rules_diff(
    ctx: typer.Context,
    files: Annotated[list[str], typer.Argument(metavar="FILE...")],
    format: Format = "text",
    lang: Language = None,
) -> int:
    shell: Shell = ctx.obj
    wanted = terminal.output_format(format, FORMATS)
    from bertgpt_cli.render import rules as drawn
    from bertgpt_cli.rulebook import inspection, loading

    report = inspection.diff(loading.load((), shell.cache), loading.load(files))
    shell.show_report(report, drawn.diff, wanted)
    return Exit.DONE


def rules_schema(ctx: typer.Context, lang: Language = None) -> int:
    shell: Shell = ctx.obj
    from bertgpt_cli.render.as_json import dump
    from bertgpt_cli.rulebook.schema import schema

    shell.write(dump(schema()))
    return Exit.DONE
