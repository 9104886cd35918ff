"""A sentence in the two languages that bertgpt speaks. Knows nothing of who says it."""

from typing import Literal, NamedTuple

Lang = Literal["en", "zh"]


class Text(NamedTuple):
    """The same thing said in English and in Chinese; a name that needs no translation holds it twice."""

    en: str
    zh: str

    def say(self, lang: Lang) -> str:
        return self.zh if lang == "zh" else self.en


def same(words: str) -> Text:
    """A name that reads the same in both languages."""
    return Text(words, words)


def is_han(char: str) -> bool:
    """Whether the character is a Chinese one."""
    return "\u3400" <= char <= "\u9fff"
