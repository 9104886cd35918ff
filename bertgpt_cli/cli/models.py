"""`bertgpt models`: the checkpoints that it knows, filtered, or one by itself."""

from typing import Annotated, Any, Optional

import typer

from bertgpt_cli.cli import terminal
from bertgpt_cli.cli.app import FORMATS, Format, Language, Rules, command, complete, given_facts, one_of, with_facts
from bertgpt_cli.cli.shell import Shell
from bertgpt_cli.errors import Exit

_FAMILIES = ("bert", "gpt", "encoder-decoder")


def add_to(app: typer.Typer) -> None:
    command(app, "models")(models)


@with_facts("tokens", "language", "memory_gb", "max_params", "license")
def models(
    ctx: typer.Context,
    words: Annotated[Optional[list[str]], typer.Argument(metavar="[NAME|WORDS]...")] = None,  # noqa: UP045
    family: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--family", metavar="|".join(_FAMILIES), autocompletion=complete(*_FAMILIES)),
    ] = None,
    approach: Annotated[Optional[str], typer.Option("--approach", metavar="APPROACH")] = None,  # noqa: UP045
    fits: Annotated[bool, typer.Option("--fits")] = False,
    format: Format = "text",
    lang: Language = None,
    rules: Rules = None,
    **given: Any,
) -> int:
    shell: Shell = ctx.obj
    wanted = terminal.output_format(format, FORMATS)
    facts = given_facts(given)
    if family is not None:
        one_of(family, _FAMILIES, "--family")
    from bertgpt_cli.advise import checkpoints
    from bertgpt_cli.render import checkpoints as drawn
    from bertgpt_cli.rulebook import loading

    book = loading.load(rules or (), shell.cache)
    if approach is not None:
        one_of(approach, tuple(book.approaches), "--approach")
    if fits:
        from bertgpt_cli.checkpoints.machine import detect

        memory = detect().memory / 1e9
        if memory:  # not known: then nothing is ruled out
            facts["memory_gb"] = min(memory, float(facts.get("memory_gb", memory)))
    name = " ".join(words or ())
    one = checkpoints.named(book, name) if name and not facts and not family and not approach else None
    if one is not None:
        shell.show_told(one, drawn.document, drawn.one_plain, wanted)
        return Exit.DONE
    found = checkpoints.listed(book, name, family or "", approach or "", facts)
    if name and not found.checkpoints and not checkpoints.listed(book, name, "", "", {}).checkpoints:
        raise checkpoints.unknown(book, name)
    shell.show_told(found, drawn.listing, drawn.listing_plain, wanted)
    return Exit.DONE if found.checkpoints else Exit.NEGATIVE
