"""The command line: options -> one call of the core -> a report drawn -> an exit code. Decides nothing itself.

The only package that imports typer, and the only one that reads the environment, the terminal, standard input and
signals. Each command is a module, loaded when it is called; so is everything heavier than that.
"""

import os
import re
import sys
from contextlib import suppress
from importlib import import_module
from typing import TextIO

import typer

from bertgpt_cli.cli import signals, terminal
from bertgpt_cli.cli.app import new_app
from bertgpt_cli.cli.shell import Shell, abandon, first_glance, look_around
from bertgpt_cli.errors import BertgptError, EnvironmentTrouble, Exit, UsageError
from bertgpt_cli.text import Text

COMMANDS = ("recommend", "tasks", "models", "estimate", "trial", "map", "rules", "selfcheck", "demo")

# Typer keeps its parser's exceptions to itself; the root of them is a base of one that it exports.
_ParserError: type[Exception] = typer.BadParameter.__mro__[2]


def main(argv: list[str]) -> int:
    """Runs one command line and returns its exit code; whatever happens, no traceback unless --debug asks for it."""
    shell = first_glance(argv)
    try:
        try:
            signals.listen()
            _open_streams()
            shell = look_around(argv)
            code = _run(argv, shell)
            sys.stdout.flush()
            return code
        except Exception as error:
            signals.heed()  # it may be what a library that was being loaded made of the signal
            return _told(error, shell)
    except KeyboardInterrupt:
        return _interrupted(shell)
    except signals.Terminated:
        return Exit.TERMINATED
    except Exception as error:  # a bug in how errors are told
        return _bug(error, shell)


def _told(error: Exception, shell: Shell) -> int:
    if isinstance(error, BertgptError):
        return _fail(error, shell)
    if isinstance(error, BrokenPipeError):  # the reader has what it wanted (`| head`)
        abandon(sys.stdout)
        return Exit.DONE
    if isinstance(error, OSError):
        abandon(sys.stdout)
        return _fail(_os_trouble(error), shell)
    return _bug(error, shell)


def _open_streams() -> None:
    """A stream that the caller has closed (`>&-`) is None to Python, and its number would go to the next file."""
    if sys.stderr is None:
        sys.stderr = _nowhere()
    if sys.stdout is None:
        sys.stdout = _nowhere()
        raise EnvironmentTrouble("output", Text("standard output is closed", "标准输出已关闭"))


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")


def _run(argv: list[str], shell: Shell) -> int:
    completing = any(name.startswith("_BERTGPT") for name in os.environ)
    try:
        app = new_app()
        for name in COMMANDS if completing else _called(argv):
            import_module(f"bertgpt_cli.cli.{name}").add_to(app)
        code = app(
            args=[word for word in argv if word != "--debug"], prog_name="bertgpt", standalone_mode=False, obj=shell
        )
    except _ParserError as error:
        raise _usage(error) from None
    except typer.Abort:
        raise KeyboardInterrupt from None
    except SystemExit as end:
        if not completing:  # Typer's way of saying that the reader has gone
            raise BrokenPipeError from None
        code = Exit.USAGE if end.code else Exit.DONE
    except (KeyError, ValueError):
        if not completing:
            raise
        message = Text("the shell's request for a completion cannot be read", "无法识别 shell 的补全请求")
        raise UsageError("completion", message) from None
    if code == Exit.INTERRUPTED:  # Typer turns Ctrl-C into an exit code
        raise KeyboardInterrupt
    return int(code or 0)


def _called(argv: list[str]) -> tuple[str, ...]:
    """The command that is called, or all of them: Typer builds every command it is told of, needed or not."""
    first = next((word for word in argv if not word.startswith("-")), "")
    return (first,) if first in COMMANDS else COMMANDS


def _fail(error: BertgptError, shell: Shell) -> int:
    """For people on standard error; for programs that asked for JSON also one document on standard output."""
    from bertgpt_cli.render import complaints

    if shell.json_errors:
        from bertgpt_cli.render.as_json import Encoder, dump, dump_line

        value = Encoder(shell.lang).error(error)
        try:
            shell.write(dump(value) if shell.json_errors == "json" else dump_line(value))
            sys.stdout.flush()
        except OSError:
            abandon(sys.stdout)
    shell.complain(complaints.document(error, shell.lang))
    return error.exit_code


def _interrupted(shell: Shell) -> int:
    shell.say(Text("Aborted.", "已中止。"))
    return Exit.INTERRUPTED


def _os_trouble(error: OSError) -> EnvironmentTrouble:
    """What the machine refused: to take the answer, or a file that is named."""
    reason = error.strerror or type(error).__name__
    if error.filename is not None:
        return EnvironmentTrouble("system", Text(f"{error.filename}: {reason}", f"{error.filename}：{reason}"))
    return EnvironmentTrouble("output", Text(f"the output cannot be written: {reason}", f"无法写出结果：{reason}"))


def _bug(error: Exception, shell: Shell) -> int:
    kind = type(error).__name__
    message = Text(
        f"this is a bug in bertgpt ({kind}); please report the command line, and what --debug adds to it",
        f"这是 bertgpt 的内部错误（{kind}）；请反馈所用命令，以及加上 --debug 后的输出",
    )
    try:
        if shell.debug:
            import traceback

            from bertgpt_cli.render.safe import visible

            told = visible("".join(traceback.format_exception(error)))
            sys.stderr.write(terminal.encodable(told, sys.stderr.encoding))
        shell.say(message)
    except Exception:  # the bug may be in how things are said
        with suppress(OSError):
            sys.stderr.write(f"{message.en}\n")
    return Exit.BUG


def _usage(error: BaseException) -> UsageError:
    """The parser's complaint, in both languages."""
    said = str(getattr(error, "message", "") or error)
    said = re.sub(r"\\udc([89a-f][0-9a-f])", r"\\x\1", said)  # a byte that is no UTF-8, as Typer writes it
    close = tuple(getattr(error, "possibilities", None) or ())
    hint = Text(f"; use {close[0]}", f"；应为 {close[0]}") if close else Text("", "")
    name = getattr(error, "option_name", None)
    if type(error).__name__ == "NoSuchOption":
        return UsageError("usage", Text(f"no such option: {name}{hint.en}", f"没有这个选项：{name}{hint.zh}"), close)
    if name is not None:
        return UsageError("usage", Text(said, f"选项 {name} 的用法有误，可能缺少取值：{said}"))
    if said.startswith("No such command"):
        command, _, rest = said.removeprefix("No such command").strip().partition("'.")
        shown = command.strip("'. ")
        rest = rest.strip()
        tail = Text(f". {rest}", f"。{rest}") if rest else Text("", "")
        return UsageError("usage", Text(f"no such command: {shown}{tail.en}", f"没有这个命令：{shown}{tail.zh}"))
    whole = error.format_message() if hasattr(error, "format_message") else said
    what = Text("", "命令用法有误")
    if type(error).__name__ == "MissingParameter":
        what = Text("", "缺少参数")
    elif whole.startswith("Invalid value"):
        what = Text("", "取值有误")
    return UsageError("usage", Text(whole, f"{what.zh}：{whole}"))
