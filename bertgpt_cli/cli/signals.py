"""Ctrl-C and SIGTERM as exceptions. One that is swallowed while a library loads, as PyTorch may do, is not forgotten."""

import signal
from types import FrameType

_received: list[int] = []


class Terminated(BaseException):
    """SIGTERM, so that everything is put away on the way out."""


def listen() -> None:
    """From here on these signals end the program. One that the caller has it ignore stays ignored."""
    _received.clear()
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def heed() -> None:
    """Raises what a signal has raised before, where something took no notice."""
    if _received:
        raise KeyboardInterrupt if _received[0] == signal.SIGINT else Terminated


def _end(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    heed()
