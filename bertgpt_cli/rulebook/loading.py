"""Rule files -> Rulebook. Knows where rules come from; how they are read and layered is told elsewhere.

The strict reader and YAML are loaded only when there is no compiled book to start from.
"""

from __future__ import annotations

from collections.abc import Sequence

from bertgpt_cli.errors import Complaint, InputFileError
from bertgpt_cli.files import read_bytes
from bertgpt_cli.rulebook import compiled, files
from bertgpt_cli.rulebook.book import Rulebook
from bertgpt_cli.rulebook.kept import Kept


def load(rules: Sequence[str] = (), cache: str | None = None) -> Rulebook:
    """The built-in rules with each of `rules` (a file, or a folder of files) layered on top, in order.

    `cache` is the folder for compiled books. Raises InputFileError with every complaint about every file.
    """
    return load_kept(rules, cache)[0]


def load_kept(rules: Sequence[str], cache: str | None) -> tuple[Rulebook, Kept]:
    """As `load`, and the place beside the compiled book for what else is made of the same files."""
    paths = list(files.builtin_files())
    for path in rules:
        paths += files.user_files(path)
    kept = Kept(tuple(paths), cache)

    def make() -> Rulebook:
        return compile(tuple(paths))

    def make_said() -> compiled.Both:
        book = make()
        return book.said, book.no_said

    def said() -> compiled.Both:
        return kept.get("said", make_said, compiled.pack_said, compiled.unpack_said)

    return kept.get("rules", make, compiled.pack, lambda data: compiled.unpack(data, said)), kept


def compile(paths: tuple[tuple[str, str], ...]) -> Rulebook:
    """The rule book that these (shown name, path) files make, layered in order; always from the files themselves."""
    from bertgpt_cli.rulebook import evidence, reading
    from bertgpt_cli.rulebook.file_text import MAX_BYTES
    from bertgpt_cli.rulebook.layers import stack

    layers: list[reading.Layer] = []
    sheets: list[evidence.Sheet] = []
    complaints: list[Complaint] = []
    for name, path in paths:
        try:
            data = read_bytes(name, path, MAX_BYTES)
            if name.lower().endswith(".csv"):
                sheets.append(evidence.read(name, data))
            else:
                layers.append(reading.read(name, data))
        except InputFileError as error:
            complaints += error.complaints
    if complaints:
        raise InputFileError(tuple(complaints))
    return stack(layers, sheets, tuple(name for name, _ in paths))
