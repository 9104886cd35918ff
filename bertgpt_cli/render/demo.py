"""A demo of a loss, told as a document."""

from __future__ import annotations

from bertgpt_cli.render.document import (
    Block,
    Code,
    Document,
    Heading,
    Line,
    Paragraph,
    Role,
    Rows,
    Span,
    Table,
    line,
)
from bertgpt_cli.report.demo import DemoReading, DemoReport, DemoStep, Objective
from bertgpt_cli.text import Lang, Text

_FAMILY: dict[Objective, Span] = {"mlm": Span("BERT", "bert"), "clm": Span("GPT", "gpt")}

_INPUT = Text("input", "输入")
_VOCABULARY = Text("vocab", "词表")
_VOCABULARY_SIZE = Text("{} tokens", "{} 个词")
_SEED = Text("seed", "种子")
_MEAN = Text("loss", "损失")
_MEAN_OF = Text("mean of {}", "{} 项的平均")
# Short, so that the table stands in 40 columns.
_HEADER = (
    Text("pos", "位置"),
    Text("seen", "看得到"),
    Text("label", "标签"),
    Text("prob", "概率"),
    Text("-log p", "-log p"),
)


def document(report: DemoReport, lang: Lang) -> Document:
    """The input, the formula, each reading's predictions and loss, then what to make of them."""
    role: Role = _FAMILY[report.objective].role
    blocks: list[Block] = [
        Heading(line(Span(report.title.say(lang), role)), line(_FAMILY[report.objective])),
        Rows(
            (
                (_INPUT.say(lang), line(" ".join(report.tokens))),
                (_VOCABULARY.say(lang), line(_VOCABULARY_SIZE.say(lang).format(report.vocabulary))),
                (_SEED.say(lang), line(str(report.seed))),
            )
        ),
        Code(report.formula),
    ]
    for reading in report.readings:
        blocks += _reading(reading, lang)
    if report.difference is not None:
        blocks.append(Paragraph(line(Span(report.difference.say(lang), "strong"))))
    blocks += [Paragraph(line(note.say(lang))) for note in report.notes]
    blocks.append(Paragraph(line(Span(report.lesson.say(lang), "strong"))))
    return tuple(blocks)


def _reading(reading: DemoReading, lang: Lang) -> tuple[Block, ...]:
    mean_of = _MEAN_OF.say(lang).format(len(reading.steps))
    return (
        Heading(line(reading.title.say(lang)), level=2),
        Code(reading.code),
        Table(tuple(word.say(lang) for word in _HEADER), tuple(map(_row, reading.steps)), numeric=(0, 2, 3, 4)),
        Rows(((_MEAN.say(lang), line(Span(_decimal(reading.loss), "strong"), "  ", Span(mean_of, "dim"))),)),
    )


def _row(step: DemoStep) -> tuple[Line, ...]:
    seen = " ".join("_" if token is None else str(token) for token in step.seen)
    cells = (str(step.position), seen, str(step.label), _decimal(step.probability), _decimal(step.surprisal))
    return tuple(map(line, cells))


def _decimal(number: float) -> str:
    return f"{number:.4f}"
