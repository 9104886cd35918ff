"""Words -> tasks, asking whoever sits at the terminal where several fit."""

import sys
from collections.abc import Sequence

from bertgpt_cli.advise.recommend import Adviser
from bertgpt_cli.cli import terminal
from bertgpt_cli.cli.shell import Shell
from bertgpt_cli.errors import AmbiguousTask, BertgptError
from bertgpt_cli.report.recommendation import Match
from bertgpt_cli.text import Text
from bertgpt_cli.wording import names


def open_book(shell: Shell, rules: Sequence[str]) -> Adviser:
    """An adviser by the built-in rules and those of `rules`."""
    from bertgpt_cli.rulebook import loading

    return Adviser(*loading.load_kept(rules, shell.cache))


def resolve_words(shell: Shell, adviser: Adviser, words: str) -> tuple[Match, ...]:
    """The task, or the two, that the words mean. Where several fit, whoever sits at the terminal is asked."""
    from bertgpt_cli.render.words import HOW

    try:
        found = adviser.resolve(words)
    except AmbiguousTask as error:
        if not shell.asks:
            raise
        found = (_choose(shell, adviser, words, error),)
    for match in found:
        told = HOW.get(match.how)
        if told is not None:
            shown = {"words": names.shown(words), "id": match.id}
            shell.say(Text(told.en.format(**shown), told.zh.format(**shown)))
    return found


def _choose(shell: Shell, adviser: Adviser, name: str, error: BertgptError) -> Match:
    """One question on the terminal: which of these? Enter, end of input and Ctrl-C choose nothing."""
    shell.say(error.message)
    for number, id in enumerate(error.suggestions, 1):
        title = adviser.book.tasks[id].title.say(shell.lang)
        shell.say(Text(f"  {number}  {id}: {title}", f"  {number}  {id}：{title}"))
    prompt = Text("Which one? ", "是哪一个？ ").say(shell.lang)
    sys.stderr.write(terminal.encodable(prompt, sys.stderr.encoding or "utf-8"))
    sys.stderr.flush()
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:  # no name of a task, whatever was typed
        raise error from None
    reply = line.strip()
    if not line:
        sys.stderr.write("\n")
    if not reply:
        raise KeyboardInterrupt
    number = int(reply) if reply.isascii() and reply.isdigit() and len(reply) < 4 else 0
    if not 1 <= number <= len(error.suggestions) and reply not in error.suggestions:
        raise error
    id = error.suggestions[number - 1] if number else reply
    return adviser.reader.chosen(name, id)
