"""What the world outside asks of the output: language, width, colour, encoding, where caches go.

Each answer is a pure function of an environment that the caller hands in; only `cli` reads the real one.
"""

import os
from collections.abc import Mapping
from difflib import get_close_matches

from bertgpt_cli.errors import UsageError
from bertgpt_cli.text import Lang, Text

Environment = Mapping[str, str]
PIPE_WIDTH = 80
MOST_WIDTH = 100  # longer lines are harder to read, however wide the window


def language(argv: list[str], environment: Environment) -> Lang:
    """`--lang`, else BERTGPT_LANG, else the locale, else English. Raises UsageError for a language it does not speak."""
    flag = last(argv, "--lang")
    if flag is not None:
        return _known(flag, "--lang")
    if environment.get("BERTGPT_LANG"):
        return _known(environment["BERTGPT_LANG"], "BERTGPT_LANG")
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return "zh" if environment[name].lower().startswith("zh") else "en"
    return "en"


def last(argv: list[str], name: str, short: str = "") -> str | None:
    """The last value of an option, before the command line is parsed: errors in it must be told as it says."""
    found = None
    for index, word in enumerate(argv):
        if word == "--":
            break
        if word in (name, short or name) and index + 1 < len(argv):
            found = argv[index + 1]
        elif word.startswith(f"{name}="):
            found = word[len(name) + 1 :]
        elif short and word.startswith(short) and not word.startswith("--"):
            found = word[len(short) :]
    return found


def _known(word: str, name: str) -> Lang:
    if word == "en":
        return "en"
    if word == "zh":
        return "zh"
    shown = word[:40]
    message = Text(f"{name} is '{shown}': expected en or zh", f"{name} 为“{shown}”：应为 en 或 zh")
    raise UsageError("bad-lang", message, ("en", "zh"))


def output_format(word: str, known: tuple[str, ...]) -> str:
    """The format, if it is one of `known`; raises UsageError with the closest one."""
    if word in known:
        return word
    close = tuple(get_close_matches(word, known, n=1, cutoff=0.5))
    raise UsageError("bad-format", not_taken("--format", word, known, close), close or known)


def not_taken(option: str, word: str, known: tuple[str, ...], close: tuple[str, ...]) -> Text:
    """That an option does not take this word, with those that it takes and the closest of them."""
    words = ", ".join(known)
    hint = Text(f"; the closest is {close[0]}", f"；最接近的是 {close[0]}") if close else Text("", "")
    shown = word[:40]
    return Text(
        f"{option} cannot be '{shown}': expected one of {words}{hint.en}",
        f"{option} 不能是“{shown}”：应为 {words} 之一{hint.zh}",
    )


def width(environment: Environment, columns: int | None) -> int:
    """COLUMNS if it is a positive number, else the terminal's own `columns` (None: not a terminal), in bounds."""
    given = environment.get("COLUMNS", "")
    if given.isascii() and given.isdigit() and int(given[:6]) > 0:
        return min(int(given[:6]), MOST_WIDTH)
    return min(columns, MOST_WIDTH) if columns else PIPE_WIDTH


def colour(environment: Environment, terminal: bool) -> bool:
    """NO_COLOR beats FORCE_COLOR beats what the stream is; a dumb terminal gets none."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return terminal and environment.get("TERM", "dumb") not in ("dumb", "")


def cache_folder(environment: Environment, platform: str) -> str | None:
    """Where compiled rules may be kept; None where there is no home. BERTGPT_NO_CACHE turns it off."""
    if environment.get("BERTGPT_NO_CACHE"):
        return None
    if platform == "win32":
        root = environment.get("LOCALAPPDATA", "")
    elif platform == "darwin":
        home = environment.get("HOME", "")
        root = os.path.join(home, "Library", "Caches") if home else ""
    else:
        root = environment.get("XDG_CACHE_HOME", "")
        if not os.path.isabs(root):  # the XDG rule: a relative path counts as unset
            home = environment.get("HOME", "")
            root = os.path.join(home, ".cache") if home else ""
    return os.path.join(root, "bertgpt") if os.path.isabs(root) else None


# For an output that cannot show them; everything else that it cannot show becomes a question mark.
_ASCII = str.maketrans(
    {"²": "^2", "·": "-", "Σ": "sum", "∈": " in ", "→": "->", "…": "...", "─": "-", "━": "-", "│": "|", "’": "'"}
)


def encodable(text: str, encoding: str) -> str:
    """The text as the stream's encoding can carry it. Never raises."""
    try:
        text.encode(encoding)
        return text
    except (UnicodeEncodeError, LookupError):
        known = encoding.lower() if encoding else "ascii"
        try:
            return text.translate(_ASCII).encode(known, "replace").decode(known)
        except LookupError:
            return text.encode("ascii", "replace").decode("ascii")


def can_show_chinese(encoding: str) -> bool:
    return encodable("中文", encoding) == "中文"
