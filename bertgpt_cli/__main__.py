"""`bertgpt` and `python -m bertgpt_cli`. In a folder that you do not trust, run the latter with `python -P`."""

from __future__ import annotations

import gc
import signal
import sys


def run() -> None:
    """Ctrl-C while the program is still loading ends it as quietly as later.

    The collector of garbage stays off: while a program loads nothing is garbage, and looking for it costs 7 ms.
    """
    gc.disable()
    try:
        from bertgpt_cli.cli import main

        code = main(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # from here on Ctrl-C ends Python without a word
    sys.exit(code)


if __name__ == "__main__":
    run()
