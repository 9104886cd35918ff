"""Words -> a task, asking whoever sits at the terminal where several tasks fit."""

import sys

from bertgpt_cli.advise.recommend import Adviser
from bertgpt_cli.cli import terminal
from bertgpt_cli.cli.shell import Shell
from bertgpt_cli.errors import AmbiguousTask, BertgptError
from bertgpt_cli.report.recommendation import Match
from bertgpt_cli.text import Text


def resolve_words(shell: Shell, adviser: Adviser, name: str) -> Match:
    """The task that the words name. Where several fit, whoever sits at the terminal is asked."""
    from bertgpt_cli.advise.words import resolve
    from bertgpt_cli.render.words import HOW

    try:
        match = resolve(adviser.book, name)
    except AmbiguousTask as error:
        if not shell.asks:
            raise
        match = _choose(shell, adviser, name, error)
    told = HOW.get(match.how)
    if told is not None:
        shown = {"words": " ".join(name.split())[:60], "id": match.id}
        shell.say(Text(told.en.format(**shown), told.zh.format(**shown)))
    return match


def _choose(shell: Shell, adviser: Adviser, name: str, error: BertgptError) -> Match:
    """One question on the terminal: which of these? Enter, end of input and Ctrl-C choose nothing."""
    from bertgpt_cli.advise.words import chosen

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
    return chosen(adviser.book, name, id)
