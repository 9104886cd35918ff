"""What a demo's document shows: every number to four decimals, in either language."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import pytest

from bertgpt_cli.render.demo import document
from bertgpt_cli.render.document import Code, Document, Heading, Paragraph, Rows, Table
from bertgpt_cli.report.demo import DemoReading, DemoReport, DemoStep
from bertgpt_cli.text import Lang, Text

WRITTEN = DemoReading(
    name="as-written",
    title=Text("Written title", "写法标题"),
    code="loss(twice)",
    steps=(DemoStep(0, (1,), 2, 3, 0.0032094, 5.7416754), DemoStep(1, (1, 2), 3, 4, 0.00954380, 4.6518631)),
    loss=5.19676923,
)
ALIGNED = DemoReading(
    name="aligned",
    title=Text("Aligned title", "对齐标题"),
    code="loss(once)",
    steps=(DemoStep(0, (1,), 1, 2, 0.5, 0.6931472),),
    loss=0.69314718,
)
CLM = DemoReport(
    objective="clm",
    seed=17,
    vocabulary=99,
    formula="L_CLM = -Σ_t log p(x_t | x_<t)",
    title=Text("A title", "总标题"),
    tokens=("1", "2", "3", "4"),
    readings=(WRITTEN, ALIGNED),
    difference=Text("They differ.", "两者不同。"),
    notes=(Text("First note.", "其一。"), Text("Second note.", "其二。")),
    lesson=Text("The lesson.", "一句话。"),
)
MLM = DemoReport(
    objective="mlm",
    seed=0,
    vocabulary=100,
    formula=r"L_MLM = -Σ_{i∈M} log p(x_i | x_\i)",
    title=Text("A title", "总标题"),
    tokens=("1", "2", "[MASK]", "4"),
    readings=(
        DemoReading(
            name="as-written",
            title=Text("Written title", "写法标题"),
            code="loss(masked)",
            steps=(DemoStep(2, (1, 2, None, 4), 2, 3, 0.01245, 4.38604),),
            loss=4.38604,
        ),
    ),
    difference=None,
    notes=(),
    lesson=Text("The lesson.", "一句话。"),
)

languages = pytest.mark.parametrize("lang", ["en", "zh"])
reports = pytest.mark.parametrize("report", [MLM, CLM])


def plain(shown: Document) -> Iterator[str]:
    """Every line of a document, without its roles."""
    for block in shown:
        match block:
            case Heading(left, right, _):
                yield "".join(span.text for span in left + right)
            case Paragraph(line):
                yield "".join(span.text for span in line)
            case Rows(rows):
                yield from (label + ": " + "".join(span.text for span in line) for label, line in rows)
            case Table():
                yield from cells(block)
            case Code(text):
                yield text


def cells(table: Table) -> list[str]:
    return ["|".join("".join(span.text for span in cell) for cell in row) for row in table.rows]


def tables(shown: Document) -> list[Table]:
    return [block for block in shown if isinstance(block, Table)]


@languages
def test_mlm_shows_the_mask_and_both_sides_of_it(lang: Lang) -> None:
    shown = document(MLM, lang)
    (table,) = tables(shown)
    assert cells(table) == ["2|1 2 _ 4|3|0.0124|4.3860"]
    lines = list(plain(shown))
    assert {"en": "input: 1 2 [MASK] 4", "zh": "输入: 1 2 [MASK] 4"}[lang] in lines
    assert {"en": "loss: 4.3860  mean of 1", "zh": "损失: 4.3860  1 项的平均"}[lang] in lines
    assert MLM.formula in lines


@languages
def test_clm_shows_both_readings_in_order_and_only_the_left(lang: Lang) -> None:
    shown = document(CLM, lang)
    written, aligned = tables(shown)
    assert cells(written) == ["0|1|3|0.0032|5.7417", "1|1 2|4|0.0095|4.6519"]
    assert cells(aligned) == ["0|1|2|0.5000|0.6931"]
    lines = list(plain(shown))
    expected = {
        "en": [
            "vocab: 99 tokens",
            "seed: 17",
            CLM.formula,
            "Written title",
            "loss(twice)",
            "loss: 5.1968  mean of 2",
            "Aligned title",
            "loss(once)",
            "loss: 0.6931  mean of 1",
            "They differ.",
            "First note.",
            "Second note.",
        ],
        "zh": [
            "词表: 99 个词",
            "种子: 17",
            CLM.formula,
            "写法标题",
            "loss(twice)",
            "损失: 5.1968  2 项的平均",
            "对齐标题",
            "loss(once)",
            "损失: 0.6931  1 项的平均",
            "两者不同。",
            "其一。",
            "其二。",
        ],
    }[lang]
    assert [shown_line for shown_line in lines if shown_line in expected] == expected


@languages
@reports
def test_the_lesson_is_the_last_line(report: DemoReport, lang: Lang) -> None:
    shown = document(report, lang)
    assert list(plain(shown))[-1] == report.lesson.say(lang)


@reports
def test_the_family_of_the_objective_is_named(report: DemoReport) -> None:
    title = document(report, "en")[0]
    assert isinstance(title, Heading)
    family = {"mlm": ("BERT", "bert"), "clm": ("GPT", "gpt")}[report.objective]
    assert [tuple(span) for span in title.right] == [family]
    assert title.left[0].role == family[1]


@reports
def test_no_english_word_is_left_in_chinese(report: DemoReport) -> None:
    english = {"input", "vocab", "seed", "loss", "pos", "seen", "label", "prob", "mean", "tokens"}
    shown = [block for block in document(report, "zh") if not isinstance(block, Code)]
    words = " ".join([*plain(tuple(shown)), *(word for table in tables(tuple(shown)) for word in table.header)])
    assert not english & set(words.replace(":", " ").split())


@languages
@reports
def test_a_table_stands_in_40_columns(report: DemoReport, lang: Lang) -> None:
    for table in tables(document(report, lang)):
        rows = ["|".join(table.header), *cells(table)]
        columns = zip(*(row.split("|") for row in rows), strict=True)
        widths = [max(sum(width(character) for character in cell) for cell in column) for column in columns]
        assert sum(widths) + 2 * len(widths) <= 40
        assert table.numeric == (0, 2, 3, 4)


def width(character: str) -> int:
    # An ambiguous character is one or two columns wide, as the terminal likes: it has no place in a table.
    kind = unicodedata.east_asian_width(character)
    assert kind != "A", f"{character!r} is of ambiguous width"
    return 2 if kind in "WF" else 1
