"""Every way in which bertgpt says no, and the exit code of each.

    BertgptError
    |-- UsageError             2   the command line asks for something that does not exist
    |   |-- UnknownTask        2   no task has this name; holds the nearest ones
    |   `-- AmbiguousTask      2   several tasks have this name; holds them
    |-- InputFileError         3   a file that was handed in is bad; holds every complaint about it
    `-- EnvironmentTrouble     4   something the machine lacks: a package, disk space, permission

Exit code 0 is done, 1 a negative answer (findings, failed rule tests, nothing fits), 70 a bug in bertgpt,
130 and 143 the signals INT and TERM. Messages are in both languages; whoever prints one makes it safe.
"""

from enum import IntEnum
from typing import NamedTuple

from bertgpt_cli.text import Text


class Exit(IntEnum):
    """The exit codes, with the same meaning in every command."""

    DONE = 0
    NEGATIVE = 1
    USAGE = 2
    BAD_FILE = 3
    ENVIRONMENT = 4
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143


TOO_MANY = "BG200"  # the code of a last complaint, which says that there are more than are held


class Complaint(NamedTuple):
    """One fault of a file: what, where and what to do.

    `line` and `column` count characters from 1 (0: the file as a whole); `width` is how many characters the caret
    underlines; `excerpt` is the line as it stands in the file.
    """

    code: str
    message: Text
    file: str
    line: int = 0
    column: int = 0
    width: int = 1
    excerpt: str = ""
    help: Text | None = None
    note: Text | None = None


class BertgptError(Exception):
    """An expected failure. `code` is stable and machine-readable, `message` is for people."""

    exit_code: Exit = Exit.BUG

    def __init__(self, code: str, message: Text, suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(message.en)
        self.code = code
        self.message = message
        self.suggestions = suggestions


class UsageError(BertgptError):
    exit_code = Exit.USAGE


class UnknownTask(UsageError):
    """No task has this name. `suggestions` are the ids of the nearest tasks, best first."""


class AmbiguousTask(UsageError):
    """Several tasks are meant equally. `suggestions` are their ids, best first; `shares` hold how likely each is.

    Names that several tasks have bring no shares.
    """

    def __init__(
        self, code: str, message: Text, suggestions: tuple[str, ...], shares: tuple[tuple[str, float], ...] = ()
    ) -> None:
        super().__init__(code, message, suggestions)
        self.shares = shares


class InputFileError(BertgptError):
    """A file is bad. Every complaint about it is held, in the order of the file; of very many the first hundred."""

    exit_code = Exit.BAD_FILE

    def __init__(self, complaints: tuple[Complaint, ...]) -> None:
        first = complaints[0]
        super().__init__(first.code, first.message)
        self.complaints = complaints


class EnvironmentTrouble(BertgptError):
    exit_code = Exit.ENVIRONMENT
