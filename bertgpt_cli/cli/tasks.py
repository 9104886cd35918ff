"""`bertgpt tasks`: what it knows, and a search in it."""

from typing import Annotated, Optional

import typer

from bertgpt_cli.cli import terminal
from bertgpt_cli.cli.app import FORMATS, Format, Language, Rules, command
from bertgpt_cli.cli.shell import Shell
from bertgpt_cli.errors import Exit


def add_to(app: typer.Typer) -> None:
    command(app, "tasks")(tasks)


def tasks(
    ctx: typer.Context,
    words: Annotated[Optional[list[str]], typer.Argument(metavar="[WORDS]...")] = None,  # noqa: UP045
    format: Format = "text",
    lang: Language = None,
    rules: Rules = None,
) -> int:
    shell: Shell = ctx.obj
    wanted = terminal.output_format(format, FORMATS)
    from bertgpt_cli.advise import listing
    from bertgpt_cli.cli.ask import open_book

    listed = listing.tasks(open_book(shell, rules or ()), " ".join(words or ()))
    if wanted == "json":
        from bertgpt_cli.render.as_json import Encoder, dump

        shell.write(dump(Encoder(shell.lang).tasks(listed)))
    else:
        from bertgpt_cli.render import tasks as drawn

        shell.show(drawn.document(listed, shell.lang), wanted)
    return Exit.DONE
