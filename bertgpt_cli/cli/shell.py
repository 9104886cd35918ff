"""The world outside, as commands see it: where answers and talk go, in which language, width and colour."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, TextIO

from bertgpt_cli.cli import terminal
from bertgpt_cli.render.document import Document
from bertgpt_cli.text import Lang, Text


class Shell(NamedTuple):
    """What commands know of the world outside."""

    lang: Lang
    width: int
    colour: bool
    error_colour: bool
    encoding: str
    cache: str | None
    asks: bool  # somebody sits at the terminal and can be asked
    json_errors: str  # "json" or "jsonl" where a program asked for that, else empty
    debug: bool

    def write(self, text: str) -> None:
        sys.stdout.write(terminal.encodable(text, self.encoding))

    def draw(self, document: Document) -> None:
        from bertgpt_cli.render.text import draw

        self.write(draw(document, self.width, self.colour))

    def show(self, document: Document, wanted: str) -> None:
        """A document in the format that is wanted: `markdown`, else text."""
        if wanted == "markdown":
            from bertgpt_cli.render import markdown

            self.write(markdown.draw(document))
        else:
            self.draw(document)

    def show_report(self, report: Any, document: Callable[[Any, Lang], Document], wanted: str) -> None:
        """A report in the format that is wanted; `document` tells it where that is not JSON."""
        if wanted == "json":
            from bertgpt_cli.render.as_json import Encoder, dump

            self.write(dump(Encoder(self.lang).plain(report)))
        else:
            self.show(document(report, self.lang), wanted)

    def show_told(
        self, report: Any, document: Callable[[Any, Lang], Document], plain: Callable[[Any, Lang], Any], wanted: str
    ) -> None:
        """A report whose JSON is told by a function of its own, `plain`, beside the head that every JSON answer has."""
        if wanted == "json":
            from bertgpt_cli.render.as_json import SCHEMA_VERSION, dump

            self.write(dump({"schema_version": SCHEMA_VERSION, **plain(report, self.lang)}))
        else:
            self.show(document(report, self.lang), wanted)

    def say(self, message: Text) -> None:
        """Talk, on standard error: never part of an answer."""
        from bertgpt_cli.render.document import Paragraph, line

        self.complain((Paragraph(line(message.say(self.lang))),))

    def complain(self, document: Document) -> None:
        """Where nobody hears it, the answer and the exit code are the same."""
        from bertgpt_cli.render.text import draw

        encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
        try:
            sys.stderr.write(terminal.encodable(draw(document, self.width, self.error_colour), encoding))
            sys.stderr.flush()
        except OSError:
            abandon(sys.stderr)


PLAIN = Shell("en", terminal.PIPE_WIDTH, False, False, "utf-8", None, False, "", False)


def abandon(stream: TextIO) -> None:
    """A stream cannot be written to. What is left in its buffer would fail again, loudly, when Python exits."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def first_glance(argv: list[str]) -> Shell:
    """What can be told without looking around: how to say that this has failed."""
    wanted = terminal.last(argv, "--format", "-f")
    return PLAIN._replace(json_errors=wanted if wanted in ("json", "jsonl") else "", debug="--debug" in argv)


def look_around(argv: list[str]) -> Shell:
    """Raises UsageError where the language that is asked for is not one of ours."""
    environment = os.environ
    encoding = sys.stdout.encoding or "utf-8"
    columns = None
    if sys.stdout.isatty():
        try:
            columns = os.get_terminal_size(sys.stdout.fileno()).columns
        except OSError:
            columns = None
    lang = terminal.language(argv, environment)
    shell = first_glance(argv)._replace(
        lang=lang,
        width=terminal.width(environment, columns),
        colour=terminal.colour(environment, sys.stdout.isatty()),
        error_colour=terminal.colour(environment, sys.stderr.isatty()),
        encoding=encoding,
        cache=environment_cache(),
        asks=sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty(),
    )
    if lang == "zh" and not terminal.can_show_chinese(encoding) and not shell.json_errors:
        shell = shell._replace(lang="en")
        shell.say(Text(f"this output cannot show Chinese ({encoding}); answering in English", ""))
    return shell


def environment_cache() -> str | None:
    """Where compiled rules may be kept."""
    return terminal.cache_folder(os.environ, sys.platform)
