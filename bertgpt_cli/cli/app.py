"""The Typer app and its help pages, and the options that several commands share."""

import inspect
import sys
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Optional, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from bertgpt_cli import __version__
from bertgpt_cli.cli import terminal
from bertgpt_cli.cli.shell import PLAIN, Shell, environment_cache
from bertgpt_cli.errors import BertgptError, UsageError
from bertgpt_cli.rulebook import facts
from bertgpt_cli.rulebook.facts import FACTS, Situation
from bertgpt_cli.text import Text

F = TypeVar("F", bound=Callable[..., Any])
_SETTINGS = {"help_option_names": ["-h", "--help"]}


class _Command(TyperCommand):
    def format_help(self, ctx: Any, formatter: Any) -> None:
        _help(self, ctx, formatter)


class _Group(TyperGroup):
    def format_help(self, ctx: Any, formatter: Any) -> None:
        _help(self, ctx, formatter)


def new_group() -> typer.Typer:
    return typer.Typer(cls=_Group, rich_markup_mode=None, context_settings=_SETTINGS, pretty_exceptions_enable=False)


def command(on: typer.Typer, name: str) -> Callable[[F], F]:
    return on.command(name, cls=_Command, context_settings=_SETTINGS)


def new_app() -> typer.Typer:
    """The program without its commands."""
    app = new_group()
    app.callback(invoke_without_command=True)(bertgpt)
    return app


def _help(command: Any, ctx: Any, formatter: Any) -> None:
    """The help page from our own words, examples first, in the language of the run."""
    from bertgpt_cli.render import help as pages
    from bertgpt_cli.render.text import draw

    shell = ctx.find_object(Shell) or PLAIN
    name = ctx.command_path.removeprefix("bertgpt").strip() or "bertgpt"
    groups: dict[Text, list[tuple[str, Text]]] = {}
    for sub in getattr(command, "commands", {}):
        path = f"{name} {sub}" if name != "bertgpt" else sub
        groups.setdefault(pages.COMMAND_GROUP, []).append((sub, pages.COMMANDS[path].about))
    for parameter in command.get_params(ctx):
        if getattr(parameter, "hidden", False):
            continue
        if parameter.param_type_name == "argument":
            group, names = pages.ARGUMENT_GROUP, parameter.make_metavar(ctx)
        else:
            group = pages.FACT_GROUP if parameter.name in FACTS else pages.OPTION_GROUP
            # Long names first; Typer hands over those of --help in the order of a set.
            names = ", ".join(sorted(parameter.opts, key=len, reverse=True)) + "".join(
                f"/{one}" for one in parameter.secondary_opts
            )
            if not parameter.is_flag:
                names += f" {parameter.make_metavar(ctx)}"
        groups.setdefault(group, []).append((names, _parameter_help(command, parameter.name)))
    usage = f"{ctx.command_path} {' '.join(command.collect_usage_pieces(ctx))}"
    order = (pages.COMMAND_GROUP, pages.ARGUMENT_GROUP, pages.FACT_GROUP, pages.OPTION_GROUP)
    told = tuple(pages.Group(title, tuple(groups[title])) for title in order if title in groups)
    formatter.write(
        terminal.encodable(
            draw(pages.document(name, usage, told, shell.lang), shell.width, shell.colour), shell.encoding
        )
    )


def _parameter_help(command: Any, name: str) -> Text:
    from bertgpt_cli.render.help import OPTIONS

    if name in FACTS:
        return FACTS[name].about
    # The same name means another thing in `rules show` and `tasks`.
    meant = {
        ("show", "tasks"): "show",
        ("tasks", "words"): "search",
        ("diff", "files"): "diff",
        ("models", "words"): "find",
        ("estimate", "batch"): "batch_size",
        ("trial", "task"): "trial_task",
        ("trial", "out"): "picture",
        ("trial", "model"): "checkpoint",
    }.get((command.name, name), name)
    return OPTIONS[meant]


def _show_version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"bertgpt {__version__}\n")
        raise typer.Exit()


def no_command(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        sys.stdout.write(f"{ctx.get_help()}\n")
        raise typer.Exit()


# --- options that several commands share ------------------------------------------------------------------------------

FORMATS = ("text", "json", "markdown")
STREAM_FORMATS = (*FORMATS, "jsonl")


def complete(*words: str) -> Callable[[str], list[str]]:
    return lambda incomplete: [word for word in words if word.startswith(incomplete)]


def complete_task(incomplete: str) -> list[str]:
    """Task ids for the shell, from the compiled rules; nothing at all if they cannot be read."""
    try:
        from bertgpt_cli.rulebook import loading

        book = loading.load((), environment_cache())
    except BertgptError:
        return []
    return sorted(id for id in book.tasks if id.startswith(incomplete))


Format = Annotated[str, typer.Option("--format", "-f", metavar="|".join(FORMATS), autocompletion=complete(*FORMATS))]
StreamFormat = Annotated[
    str, typer.Option("--format", "-f", metavar="|".join(STREAM_FORMATS), autocompletion=complete(*STREAM_FORMATS))
]
Language = Annotated[Optional[str], typer.Option("--lang", metavar="LANG", autocompletion=complete("en", "zh"))]  # noqa: UP045
Rules = Annotated[Optional[list[str]], typer.Option("--rules", metavar="FILE")]  # noqa: UP045
Files = Annotated[Optional[list[str]], typer.Argument(metavar="[FILE]...")]  # noqa: UP045
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**63 - 1, metavar="N")]


def with_facts(*names: str) -> Callable[[F], F]:
    """Adds an option for each of these facts, or for every one, to a command that takes them as `**facts`."""
    return partial(_with_facts, names=names or tuple(FACTS))


def _with_facts(function: F, names: tuple[str, ...]) -> F:
    own = inspect.signature(function)
    kept = [one for one in own.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
    added = []
    for fact in (FACTS[name] for name in names):
        kind: Any = Optional[bool] if fact.kind == "flag" else Optional[str]  # noqa: UP045
        metavar = None if fact.kind == "flag" else "|".join(fact.words) or _METAVAR[fact.kind]
        completion = complete(*fact.words) if fact.words else None
        option = typer.Option(fact.option, metavar=metavar, autocompletion=completion)
        keyword = inspect.Parameter.KEYWORD_ONLY
        added.append(inspect.Parameter(fact.name, keyword, default=None, annotation=Annotated[kind, option]))
    signature = own.replace(parameters=[*kept, *added])
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__annotations__ = {one.name: one.annotation for one in signature.parameters.values()}
    return function


_METAVAR = {"count": "N", "number": "NUMBER", "size": "SIZE", "language": "CODE"}


def one_of(word: str, known: tuple[str, ...], option: str, listed: tuple[str, ...] = ()) -> None:
    """Raises UsageError with the closest one unless the word is one of `known`; `listed` are those that are told."""
    if word in known:
        return
    from difflib import get_close_matches

    close = tuple(get_close_matches(word.casefold(), known, n=1, cutoff=0.5))
    raise UsageError("bad-option", terminal.not_taken(option, word, listed or known, close), close)


def given_facts(raw: dict[str, Any]) -> Situation:
    return {
        name: facts.read(FACTS[name], value, FACTS[name].option) for name, value in raw.items() if value is not None
    }


def bertgpt(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True)] = False,
    lang: Language = None,
) -> None:
    no_command(ctx)
