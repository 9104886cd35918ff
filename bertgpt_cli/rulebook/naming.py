"""How two spellings of a name are told to be the same. Knows nothing of misspellings; see `wording.names`."""

from __future__ import annotations

_GAPS = str.maketrans(dict.fromkeys("-_/·・", " "))


def normal(words: str) -> str:
    """`Text_Classification ` -> `text classification`; full-width letters and traditional characters become ordinary."""
    if words.isascii():
        folded = words.lower()
    else:
        import unicodedata

        from bertgpt_cli.rulebook.hanzi import simplify

        folded = simplify(unicodedata.normalize("NFKC", words).casefold())
    return " ".join(folded.translate(_GAPS).split())
