"""Runs a program on a pseudo-terminal, types to it and signals it: a script, so that no thread of pytest is forked.

Reads {"argv", "steps": [[wait for this text, then type this text or send this signal], ...]} as JSON from standard
input and prints {"code", "text", "restored", "seconds"}: `seconds` are those after the last step.
"""

from __future__ import annotations

import json
import os
import pty
import select
import sys
import termios
import time


def main() -> None:
    asked = json.load(sys.stdin)
    argv: list[str] = asked["argv"]
    steps: list[tuple[str, str | int]] = asked["steps"]
    child, terminal = pty.fork()
    if child == 0:
        os.execv(argv[0], argv)
    before = termios.tcgetattr(terminal)
    seen = b""
    last = begun = time.monotonic()
    while time.monotonic() < begun + 20:
        if select.select([terminal], [], [], 0.02)[0]:
            try:
                data = os.read(terminal, 1 << 16)
            except OSError:  # the program has ended
                break
            if not data:
                break
            seen += data
        while steps and steps[0][0].encode() in seen:
            _, sent = steps.pop(0)
            last = time.monotonic()
            if isinstance(sent, int):
                os.kill(child, sent)
            else:
                os.write(terminal, sent.encode("utf-8", "surrogateescape"))
    else:
        os.kill(child, 9)
    restored = termios.tcgetattr(terminal) == before
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    seconds = time.monotonic() - last
    text = seen.decode("utf-8", "replace").replace("\r\n", "\n")
    json.dump({"code": code, "text": text, "restored": restored, "seconds": seconds}, sys.stdout)


if __name__ == "__main__":
    main()
