"""What a trial shows: the report's own numbers in either language at any width, curves in their places, pictures that stand alone."""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pytest
from rich.cells import cell_len

from bertgpt_cli.errors import Complaint
from bertgpt_cli.render import curve, markdown
from bertgpt_cli.render.as_json import dump
from bertgpt_cli.render.document import Line
from bertgpt_cli.render.text import draw
from bertgpt_cli.render.trial import document, plain, table
from bertgpt_cli.report.trial import (
    Advised,
    Candidate,
    Cost,
    Crossing,
    Pair,
    Point,
    Score,
    Status,
    Trial,
    Verdict,
    Way,
)
from bertgpt_cli.text import Lang, Text, same
from tests.conftest import controls

SVG = "{http://www.w3.org/2000/svg}"
EMPTY = same("")


def candidate(
    id: str,
    family: str,
    way: Way,
    shares: dict[int, float],
    rank: int = 0,
    status: Status = "measured",
    cost: Cost | None = None,
    setting: Text = EMPTY,
    reason: Text = EMPTY,
    blocked: tuple[Text, ...] = (),
    transfer: tuple[tuple[str, float], ...] = (),
    texts: int = 1000,
) -> Candidate:
    """Named `CHECKPOINT way`; every interval reaches from 0.03 below to 0.05 above, F1 is 0.02 below accuracy."""
    points = tuple(
        Point(labels, Score(share, share - 0.03, share + 0.05), Score(share - 0.02, share - 0.04, share), 10, texts)
        for labels, share in shares.items()
    )
    checkpoint = id.partition(" ")[0] if family else ""
    return Candidate(id, checkpoint, family, way, "", status, rank, points, setting, reason, cost, blocked, transfer)


MINI = candidate(
    "mini head", "bert", "head", {8: 0.31, 16: 0.42, 64: 0.583, 800: 0.712}, 1,
    cost=Cost(0.0031, 0.0042, 412.3, 310_000_000, "measured", 91_000_000, "fp32"),
    setting=Text("layer 4 of 6, mean of tokens", "第 4 层（共 6 层），词元均值"),
    transfer=(("H-score", 2.4541), ("LogME", -0.33), ("kNN", float("nan"))),
)  # fmt: skip
TFIDF = candidate(
    "tf-idf", "", "tfidf", {8: 0.2, 64: 0.433, 800: 0.66}, 2,
    cost=Cost(0.00021, 0.0004, 51234, 24_000_000, "measured", 1_200_000, "fp32"),
)  # fmt: skip
SMOL = candidate(
    "smol prompt", "gpt", "prompt", {0: 0.452}, 3,
    cost=Cost(0.061, 0.0744, 23, 1_112_000_000, "estimated", 269_000_000, "bf16"),
)  # fmt: skip
MAJORITY = candidate("majority", "", "majority", {0: 0.211}, 4)
TWIN = candidate("mini head, random weights", "bert", "head", {8: 0.22, 800: 0.285}, status="control")
BETTER_TWIN = candidate("mini head, random weights", "bert", "head", {8: 0.5, 800: 0.905}, status="control")
DROPPED = candidate(
    "mini2 head", "bert", "head", {8: 0.22, 205: 0.264}, 5, "dropped",
    reason=Text("clearly behind after 256 texts", "测到 256 条时已明显落后"), texts=256,
)  # fmt: skip
LATE = candidate("smol head", "gpt", "head", {8: 0.25}, status="unfinished")
SLOW = candidate(
    "smol fine-tune", "gpt", "fine-tune", {800: 0.744}, blocked=(Text("p95 134 ms, the limit is 50", "p95 134 毫秒，上限 50"),)
)  # fmt: skip
BROKEN = candidate(
    "/m/broken", "", "head", {}, status="failed", reason=Text("no safetensors file", "没有 safetensors 文件")
)
ADVISED = Advised(
    "text-classification", "frozen-encoder", Text("frozen encoder", "冻结编码器"), "bert", (("labels", 1000),), ("mini head",), True
)  # fmt: skip
AHEAD = Pair("mini head", "tf-idf", Score(0.052, 0.021, 0.083), 0.0034, 1000, 0)
LEVEL = Pair("mini head", "tf-idf", Score(0.012, -0.021, 0.043), 0.2134, 1000, 2400)
NEVER = Pair("mini head", "smol prompt", Score(0.0, -0.021, 0.021), 0.99999, 1000, 0)


def left_out(code: str, said: Text, *lines: int) -> tuple[Complaint, ...]:
    return tuple(Complaint(code, said, "reviews.csv", line) for line in lines)


WINNER = Trial(
    file="reviews.csv", text_column="text", label_column="label", texts=1000,
    classes=(("good", 400), ("差", 350), ("mixed", 250)), repeated=12,
    left_out=(
        *left_out("BG320", Text("an empty text", "文本为空"), 17, 218, 1030, 1044),
        *left_out("BG321", Text("no label", "没有标签"), 30),
    ),
    remarks=(Text("'mixed' is rare", "“mixed”较少"), Text("some are English", "有些是英文")),
    tokens=21, cut=(("smol", 37),), folds=5,
    # As they were given: the order of the page is its own.
    candidates=(TWIN, DROPPED, SMOL, LATE, MINI, SLOW, BROKEN, MAJORITY, TFIDF),
    crossings=(Crossing("smol prompt", "mini head", 24, 16, 60),),
    verdict=Verdict("winner", "mini head", (), (AHEAD,)), front=("mini head", "tf-idf"), advised=ADVISED,
    stopped="", seconds=93.21, seed=7, versions=(("bertgpt", "0.1.0"), ("torch", "2.13.0")),
)  # fmt: skip
SEPARATE_NOT = WINNER._replace(
    verdict=Verdict("level", "mini head", ("tf-idf", "smol prompt"), (LEVEL, NEVER)),
    advised=ADVISED._replace(agrees=None),
    stopped="budget",
)
NOTHING = WINNER._replace(
    candidates=(BROKEN,), crossings=(), verdict=Verdict("nothing", "", (), ()), front=(), advised=None, classes=()
)
INTERRUPTED = WINNER._replace(candidates=(MINI, BETTER_TWIN, TFIDF), crossings=(), stopped="interrupted")
_ODD = "[bold]小模型[/bold]\x1b[31m $x^2$ | <b>&amp;\n_`head`"
NASTY = WINNER._replace(
    file="/数据/" + "很长的文件夹名" * 60 + "/\x07<b>.csv",
    text_column="文\u202e本", label_column="x" * 500,
    classes=tuple((f"类别 {number} [red]\x1b|", 20) for number in range(60)),
    candidates=(
        MINI._replace(id=_ODD, reason=same("\x1b[2J")),
        TFIDF._replace(id="_" * 300, way="head", checkpoint="_", family="gpt"),
        *(MAJORITY._replace(id=f"候选{'长' * 40}{rank}", way="cloze", rank=rank) for rank in range(3, 12)),
        BROKEN._replace(reason=same("\x1b]8;;x\x07 " + "reason" * 60)),
    ),
    crossings=(Crossing("候选" + "长" * 40 + "3", _ODD, 3, 1, 70),),
    verdict=Verdict("winner", _ODD, (), ()), front=(_ODD,),
)  # fmt: skip
REPORTS = {"winner": WINNER, "level": SEPARATE_NOT, "nothing": NOTHING, "interrupted": INTERRUPTED, "nasty": NASTY}

each_report = pytest.mark.parametrize("name", REPORTS)
each_language = pytest.mark.parametrize("lang", ["en", "zh"])


def page(report: Trial, lang: Lang, width: int = 80) -> str:
    return draw(document(report, lang, width), width, colour=False)


def said(report: Trial, lang: Lang) -> str:
    """The page without line breaks, as if the window were very wide."""
    return " ".join(page(report, lang, 600).split())


def unmarked(cell: str) -> str:
    """A cell of Markdown as it is read."""
    return re.sub(r"\\(.)", r"\1", cell.replace("**", ""))


def tables(report: Trial, lang: Lang) -> list[list[list[str]]]:
    """Each Markdown table: its header and its rows."""
    found: list[list[list[str]]] = [[]]
    for line in markdown.draw(table(report, lang)).splitlines():
        if line.startswith("|"):
            found[-1].append([unmarked(cell) for cell in re.split(r"(?<!\\) ?\| ?", line)[1:-1]])
        elif found[-1]:
            found.append([])
    return [[rows[0], *rows[2:]] for rows in found if rows]


# --- the page ---------------------------------------------------------------------------------------------------------


@each_report
@each_language
@pytest.mark.parametrize("width", [20, 40, 59, 60, 80, 100])
def test_every_line_keeps_to_the_width_and_obeys_no_data(name: str, lang: Lang, width: int) -> None:
    text = page(REPORTS[name], lang, width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert not controls(text)
    assert "\u202e" not in text


@pytest.mark.parametrize(
    ("report", "en", "zh"),
    [
        (
            WINNER,
            "mini head is ahead: 71.2 % (68.2 to 76.2); next, TF-IDF 66.0 %, p = 0.003",
            "mini head 领先：71.2%（68.2~76.2）；其次是 TF-IDF 66.0%，p = 0.003",
        ),
        (
            SEPARATE_NOT,
            "Cannot separate mini head 71.2 % (68.2 to 76.2) from TF-IDF 66.0 % (p = 0.213; about 2,400 labelled texts"
            " would), smol prompt 45.2 % (p = 1.000; more texts would hardly)",
            "分不出 mini head 71.2%（68.2~76.2）与 TF-IDF 66.0%（p = 0.213；约 2,400 条标注文本可以分出）、"
            "smol prompt 45.2%（p = 1.000；再多文本也难分出）的高下",
        ),
        (NOTHING, "Nothing was measured.", "没有测出任何结果。"),
        (
            NOTHING._replace(candidates=(SLOW, BROKEN)),
            "Nothing that was measured keeps the limits.",
            "测过的方案都超出了限制。",
        ),
        (
            WINNER._replace(verdict=Verdict("winner", "mini head", (), (AHEAD._replace(p=1e-7),))),
            "mini head is ahead: 71.2 % (68.2 to 76.2); next, TF-IDF 66.0 %, p < 0.001",
            "mini head 领先：71.2%（68.2~76.2）；其次是 TF-IDF 66.0%，p < 0.001",
        ),
        (
            WINNER._replace(candidates=(MINI,), crossings=()),
            "mini head is ahead: 71.2 % (68.2 to 76.2)",
            "mini head 领先：71.2%（68.2~76.2）",
        ),
    ],
)
def test_the_verdict_is_the_first_sentence(report: Trial, en: str, zh: str) -> None:
    assert page(report, "en", 600).splitlines()[1] == en
    assert page(report, "zh", 600).splitlines()[1] == zh


def test_of_many_that_are_level_a_few_are_named() -> None:
    others = tuple(TFIDF._replace(id=f"m{n} head", way="head", rank=n) for n in range(2, 8))
    verdict = Verdict("level", "mini head", tuple(one.id for one in others), ())
    report = WINNER._replace(candidates=(MINI, *others), verdict=verdict, crossings=())
    en, zh = (page(report, code, 600).splitlines()[1] for code in ("en", "zh"))
    assert (
        en
        == "Cannot separate mini head 71.2 % (68.2 to 76.2) from m2 head 66.0 %, m3 head 66.0 %, m4 head 66.0 %, 3 more"
    )
    assert zh.endswith("m4 head 66.0%等另外 3 个的高下")


@pytest.mark.parametrize(
    ("agrees", "measured", "en", "zh"),
    [
        (True, ("mini head",), "had advised the same: ", "推荐相同："),
        (False, ("smol head",), "had advised another: ", "推荐不同："),
        (None, ("mini head",), "had advised, and this trial cannot tell: ", "推荐如下，本次实测无法判定："),
        (None, (), "had advised what was not measured: ", "推荐的方案没有参加实测："),
    ],
)
def test_what_the_rules_had_advised(agrees: bool | None, measured: tuple[str, ...], en: str, zh: str) -> None:
    report = WINNER._replace(advised=ADVISED._replace(agrees=agrees, measured=measured))
    assert f"Rules {en}frozen encoder" in said(report, "en")
    assert f"规则 {zh}冻结编码器" in said(report, "zh")
    assert "Rules" not in said(report._replace(advised=None), "en")


def test_a_crossing_is_a_sentence() -> None:
    assert "Flips smol prompt is ahead below about 24 labels (16 to 60); mini head above" in said(WINNER, "en")
    assert "smol prompt 在标注少于约 24 条（16~60）时领先，更多时 mini head 领先" in said(WINNER, "zh")
    both = WINNER._replace(crossings=(Crossing("majority", "smol prompt", 3, 1, 7), *WINNER.crossings))
    first, second = (line for line in page(both, "en", 600).splitlines() if " is ahead below " in line)
    assert first.startswith("Flips  majority class is ahead below about 3 labels (1 to 7)")
    assert second.startswith("       smol prompt is ahead")


# --- the candidates ---------------------------------------------------------------------------------------------------

ORDER = [
    ("1", "mini head *", MINI), ("-", "mini head, random weights (control)", TWIN), ("2", "TF-IDF *", TFIDF),
    ("3", "smol prompt", SMOL), ("4", "majority class", MAJORITY), ("5", "mini2 head (dropped)", DROPPED),
    ("-", "smol fine-tune (over a limit)", SLOW), ("-", "smol head (unfinished)", LATE),
]  # fmt: skip
COSTS = {
    "mini head": ["3.1/4.2", "412", "310 MB", "91 MB"],
    "tf-idf": ["0.21/0.4", "51,234", "24 MB", "1.2 MB"],
    "smol prompt": ["61/74", "23", "~1.11 GB", "269 MB"],
}


def expected(rank: str, name: str, one: Candidate) -> list[str]:
    """A row, written from the report: every score has its interval 3 below to 5 above."""
    point = max(one.points)
    value = 100 * point.accuracy.value
    scores = [f"{value:.1f} %", f"{value - 3:.1f}-{value + 5:.1f}", f"{value - 2:.1f} %", f"{point.labels:,}"]
    return [rank, name, *scores, *COSTS.get(one.id, ["-"] * 4)]


def test_the_table_holds_the_reports_numbers_the_ranked_first_and_controls_under_their_originals() -> None:
    whole, *_ = tables(WINNER, "en")
    assert whole[0] == [
        "#",
        "candidate",
        "accuracy",
        "95 %",
        "macro-F1",
        "labels",
        "p50/p95 ms",
        "texts/s",
        "memory",
        "disk",
    ]
    assert whole[1:] == [expected(*row) for row in ORDER]
    chinese, *_ = tables(WINNER, "zh")
    named = [row[1].replace("（对照）", " (control)") for row in chinese[1:3]]
    assert named == ["mini head *", "mini head, random weights (control)"]
    assert [row[2] for row in chinese[1:]] == [row[2].replace(" ", "") for row in whole[1:]]


def test_a_terminal_shows_the_same_rows_as_one_table_two_or_a_list() -> None:
    rows = [expected(*row) for row in ORDER]
    wide, narrow = page(WINNER, "en", 120), page(WINNER, "en", 80)
    for row in rows:
        assert re.search(r"^ *" + r" +".join(map(re.escape, row)) + "$", wide, re.M)
        assert re.search(r"^ *" + r" +".join(map(re.escape, row[:6])) + "$", narrow, re.M)
        assert re.search(r"^ *" + r" +".join(map(re.escape, row[:2] + row[6:])) + "$", narrow, re.M)
    listed = " ".join(page(WINNER, "en", 40).split())
    for row in rows:
        titles = ("accuracy", "95 %", "macro-F1", "labels", "p50/p95 ms", "texts/s", "memory", "disk")
        cells = [f"{title} {cell}" for title, cell in zip(titles, row[2:], strict=True) if cell != "-"]
        assert f"{row[0]} {row[1]} {', '.join(cells)}" in listed

    assert not re.search("(ms|texts/s|memory|disk) -", listed)


def test_the_layout_follows_the_width_and_is_never_broken_up() -> None:
    def ruled(width: int) -> list[int]:
        return [len(line) for line in page(WINNER, "en", width).splitlines() if line.startswith("──────────────")]

    whole = ruled(300)[0]  # then the table of transferability scores
    assert [len(ruled(width)) for width in (whole, whole - 1)] == [2, 3]
    for width in (*range(20, 48, 4), *range(48, 60), *range(whole - 3, whole)):
        text = page(WINNER, "en", width)
        assert not re.search("^(#|candidate|accuracy): ", text.partition("Transferability")[0], re.M)
        assert ("accuracy 71.2 %" in " ".join(text.split())) == (len(ruled(width)) < 2)


def test_a_control_that_beats_its_original_is_a_control_all_the_same() -> None:
    whole, *_ = tables(INTERRUPTED, "en")
    assert [row[:3] for row in whole[1:]] == [
        ["1", "mini head *", "71.2 %"],
        ["-", "mini head, random weights (control)", "90.5 %"],
        ["2", "TF-IDF *", "66.0 %"],
    ]
    assert "Control mini head, random weights: not behind its original" in said(INTERRUPTED, "en")
    assert "不低于原模型" in said(INTERRUPTED, "zh")
    assert "not behind its original" not in said(WINNER, "en")
    assert [point["labels"] for point in plain(INTERRUPTED, "en")["candidates"][1]["points"]] == [8, 800]
    assert plain(INTERRUPTED, "en")["candidates"][1]["rank"] is None
    assert "90.5" not in curve.svg(INTERRUPTED, "en")
    over = INTERRUPTED._replace(candidates=(MINI, BETTER_TWIN._replace(blocked=SLOW.blocked)))
    assert tables(over, "en")[0][2][1] == "mini head, random weights (control)"


@pytest.mark.parametrize(
    ("shares", "beaten"),
    [
        ({8: 0.31}, True),
        ({8: 0.2, 64: 0.6}, True),
        ({8: 0.4, 64: 0.5}, False),
        ({8: 0.2, 205: 0.9}, False),
        ({9: 0.9}, False),
    ],
)
def test_a_control_is_compared_at_as_many_labels(shares: dict[int, float], beaten: bool) -> None:
    twin = candidate("mini head, random weights", "bert", "head", shares, status="control")
    text = said(INTERRUPTED._replace(candidates=(MINI, twin, TFIDF, DROPPED)), "en")
    assert ("not behind its original" in text) == beaten


def test_what_the_marks_mean_is_said_where_they_are() -> None:
    star, control = "* on the front: ", "a control is its original with random weights"
    assert star in said(WINNER, "en")
    assert control in said(WINNER, "en")
    bare = said(WINNER._replace(front=(), candidates=(MINI, TFIDF), crossings=()), "en")
    assert star not in bare
    assert control not in bare


def test_why_the_others_are_not_ranked() -> None:
    english, chinese = said(WINNER, "en"), said(WINNER, "zh")
    assert "Over a limit smol fine-tune: p95 134 ms, the limit is 50 Dropped" in english
    assert "Dropped mini2 head: clearly behind after 256 texts Failed" in english
    assert "Failed /m/broken: no safetensors file" in english
    assert "超出限制 smol fine-tune：p95 134 毫秒，上限 50 已淘汰" in chinese
    assert "已淘汰 mini2 head：测到 256 条时已明显落后 失败" in chinese


def test_transferability_scores_are_shown_and_explained_only_where_they_are() -> None:
    found = next(rows for rows in tables(WINNER, "en") if "LogME" in rows[0])
    assert found == [["candidate", "H-score", "LogME", "kNN"], ["mini head", "2.4541", "-0.3300", "-"]]
    for lang, words in (
        ("en", ("same texts", "majority class", "prompts")),
        ("zh", ("同一批文本", "多数类", "提示词")),
    ):
        text = said(WINNER, "zh" if lang == "zh" else "en")
        assert all(word in text.partition("LogME")[2] for word in words)
    assert "LogME" not in said(SEPARATE_NOT._replace(candidates=(MINI._replace(transfer=()), TFIDF, SMOL)), "en")


def test_a_score_without_an_explanation_is_shown_all_the_same() -> None:
    report = WINNER._replace(candidates=(MINI._replace(transfer=(("NCE", 0.25),)), TFIDF, SMOL))
    assert tables(report, "en")[1] == [["candidate", "NCE"], ["mini head", "0.2500"]]


def test_colour_is_by_family() -> None:
    text = draw(document(WINNER, "en", 100), 100, colour=True)
    assert "\x1b[36mmini head\x1b[0m is ahead" in text
    assert "\x1b[35msmol prompt\x1b[0m is ahead below" in text
    assert "next, TF-IDF 66.0 %" in text


# --- how it was done --------------------------------------------------------------------------------------------------


def test_what_was_chosen_and_left_out_and_how_to_do_it_again() -> None:
    english, chinese = said(WINNER, "en"), said(WINNER, "zh")
    assert "Chosen mini head: layer 4 of 6, mean of tokens; smol prompt: bf16 Texts" in english
    assert "'text' with 'label': good 400, 差 350, mixed 250; 21 tokens in the median" in english
    assert (
        "an empty text (lines 17, 218, 1,030 and 1 more); no label (line 30); 12 repeated texts; "
        "the ends of 37 texts longer than smol reads Note 'mixed' is rare some are English Run" in english
    )
    assert english.endswith("Run seed 7, 5 folds, 93.2 s; bertgpt 0.1.0, torch 2.13.0")
    assert "文本为空（第 17、218、1,030 等 4 行）；没有标签（第 30 行）；12 条重复文本" in chinese
    assert chinese.endswith("运行 种子 7，5 折，93.2 秒；bertgpt 0.1.0，torch 2.13.0")


def test_of_many_classes_the_largest_are_named() -> None:
    classes = tuple((f"c{number}", number) for number in range(1, 61))
    report = WINNER._replace(classes=classes)
    assert "c60 60, c59 59, c58 58, c57 57, c56 56 and 55 more;" in said(report, "en")
    assert "c57 57、c56 56 等 60 类；" in said(report, "zh")
    assert len(plain(report, "en")["classes"]) == 60


def test_a_trial_that_was_stopped_says_what_is_missing() -> None:
    assert "Stopped the time was used up; not finished: smol head Chosen" in said(SEPARATE_NOT, "en")
    assert "提前结束 时间预算用完；未完成：smol head 选定" in said(SEPARATE_NOT, "zh")
    assert "Stopped interrupted Chosen" in said(INTERRUPTED, "en")
    assert "Stopped" not in said(WINNER, "en")
    coloured = draw(document(INTERRUPTED, "en", 100), 100, colour=True)
    assert "\x1b[2mseed 7" in coloured
    assert "\x1b[2minterrupted" not in coloured  # it bears on the verdict


@pytest.mark.parametrize(
    "name", ["\x1b" * 50, "长" * 100, "x" * 61, "e\u0301" * 61, "e\u0301" * 40, "a\u202e\n" * 99, "\ud800" * 20]
)
def test_a_long_name_loses_its_middle(name: str) -> None:
    shown = curve.shown(name)
    assert cell_len(shown) <= 60
    assert len(shown) <= 60
    assert shown.isprintable()
    assert curve.shown(shown) == shown


def test_the_ends_of_a_long_name_are_kept() -> None:
    assert curve.shown("/models/" + "x" * 200 + "/mini-a head") == f"/models/{'x' * 20}...{'x' * 16}/mini-a head"
    assert curve.shown("x" * 60) == "x" * 60


# --- for programs -----------------------------------------------------------------------------------------------------


@each_report
@each_language
def test_json_has_every_key_and_survives_the_journey(name: str, lang: Lang) -> None:
    report = REPORTS[name]
    told = plain(report, lang)
    assert json.loads(dump(told)) == told  # `dump` refuses NaN
    assert list(told) == [
        "kind", "file", "text_column", "label_column", "texts", "classes", "tokens", "verdict", "advised", "crossings",
        "front", "candidates", "stopped", "left_out", "repeated", "cut", "remarks", "folds", "seed", "seconds", "versions",
    ]  # fmt: skip
    assert (told["kind"], told["file"], told["texts"], told["stopped"]) == (
        "trial",
        report.file,
        1000,
        report.stopped or None,
    )
    for one, found in zip(report.candidates, told["candidates"], strict=True):
        assert list(found) == [
            "id", "checkpoint", "family", "way", "approach", "status", "rank", "points", "setting", "reason", "blocked",
            "cost", "transfer",
        ]  # fmt: skip
        assert (found["id"], found["status"], found["rank"]) == (one.id, one.status, one.rank or None)
        assert [(at["labels"], at["texts"]) for at in found["points"]] == [(at.labels, at.texts) for at in one.points]


def test_json_holds_numbers_as_numbers_and_words_in_the_language() -> None:
    told = plain(WINNER, "zh")
    mini = told["candidates"][4]
    assert mini["points"][2]["accuracy"] == {"value": 0.583, "low": 0.553, "high": 0.633}
    assert mini["cost"] == {
        "p50_seconds": 0.0031, "p95_seconds": 0.0042, "texts_a_second": 412.3, "memory_bytes": 310_000_000,
        "memory_from": "measured", "disk_bytes": 91_000_000, "precision": "fp32",
    }  # fmt: skip
    assert mini["transfer"] == {"H-score": 2.4541, "LogME": -0.33, "kNN": None}
    assert mini["setting"] == "第 4 层（共 6 层），词元均值"
    assert told["candidates"][1]["reason"] == "测到 256 条时已明显落后"
    assert told["candidates"][5]["blocked"] == ["p95 134 毫秒，上限 50"]
    assert told["verdict"] == {
        "kind": "winner", "winner": "mini head", "level_with": [],
        "pairs": [
            {
                "first": "mini head", "second": "tf-idf", "difference": {"value": 0.052, "low": 0.021, "high": 0.083},
                "p": 0.0034, "texts": 1000, "more_labels": 0,
            }
        ],
    }  # fmt: skip
    assert told["crossings"] == [{"below": "smol prompt", "above": "mini head", "labels": 24, "low": 16, "high": 60}]
    assert told["advised"] == {
        "task": "text-classification", "approach": "frozen-encoder", "title": "冻结编码器", "family": "bert",
        "situation": {"labels": 1000}, "measured": ["mini head"], "agrees": True,
    }  # fmt: skip
    assert told["left_out"][4] == {"code": "BG321", "message": "没有标签", "line": 30}
    assert (told["classes"][1], told["cut"]) == ({"name": "差", "texts": 350}, [{"checkpoint": "smol", "texts": 37}])
    assert (told["seconds"], told["versions"]["torch"]) == (93.21, "2.13.0")
    assert plain(NOTHING, "en")["verdict"]["winner"] is None


def test_json_rounds_shares_and_seconds() -> None:
    point = MINI.points[0]._replace(accuracy=Score(1 / 3, float("nan"), 2 / 3))
    cost = Cost(1 / 3e3, 2 / 3e3, 10 / 3, 1, "measured", 1, "fp32")
    (one,) = plain(WINNER._replace(candidates=(MINI._replace(points=(point,), cost=cost),)), "en")["candidates"]
    assert one["points"][0]["accuracy"] == {"value": 0.3333, "low": None, "high": 0.6667}
    assert (one["cost"]["p50_seconds"], one["cost"]["p95_seconds"], one["cost"]["texts_a_second"]) == (
        0.000333,
        0.000667,
        3.33,
    )


# --- Markdown ---------------------------------------------------------------------------------------------------------


@each_report
@each_language
def test_markdown_tables_are_even_and_data_is_no_markup(name: str, lang: Lang) -> None:
    text = markdown.draw(table(REPORTS[name], lang))
    for rows in tables(REPORTS[name], lang):
        assert len({len(row) for row in rows}) == 1
    assert not controls(text)
    assert not re.search(r"(?<!\\)[<`]|(?<!\\)\[", text)


def test_markdown_holds_the_curve_as_a_table() -> None:
    curves = tables(WINNER, "en")[-1]
    assert curves == [
        ["candidate", "0", "8", "16", "64", "205", "800"],
        ["mini head", "-", "31.0 % (28.0-36.0)", "42.0 % (39.0-47.0)", "58.3 % (55.3-63.3)", "-", "71.2 % (68.2-76.2)"],
        ["TF-IDF", "-", "20.0 % (17.0-25.0)", "-", "43.3 % (40.3-48.3)", "-", "66.0 % (63.0-71.0)"],
        ["smol prompt", "45.2 % (42.2-50.2)", "-", "-", "-", "-", "-"],
        ["majority class", "21.1 % (18.1-26.1)", "-", "-", "-", "-", "-"],
        ["mini2 head", "-", "22.0 % (19.0-27.0)", "-", "-", "26.4 % (23.4-31.4)", "-"],
    ]


# --- the drawing ------------------------------------------------------------------------------------------------------

# 0, 8, 16, 32 are a doubling apart, so in 31 cells they stand in the columns 0, 10, 20, 30; shares from 0.2 to 0.7 in
# eleven lines are 0.05 a line.
GRID = WINNER._replace(
    candidates=(
        MINI._replace(points=candidate("x", "", "head", {8: 0.3, 16: 0.5, 32: 0.65}).points),
        TFIDF._replace(points=candidate("x", "", "head", {8: 0.2, 32: 0.65}).points),
        SMOL._replace(points=candidate("x", "", "head", {0: 0.4}).points),
    ),
    crossings=(Crossing("smol prompt", "mini head", 12, 8, 16),),
)


def plotted(lines: list[Line]) -> tuple[list[str], list[str], list[str]]:
    """The cells right of the axis from the top, what stands left of it, and the lines below."""
    text = ["".join(span.text for span in line) for line in lines[1:]]
    bottom = next(index for index, line in enumerate(text) if line.startswith("    +"))
    assert {line[4] for line in text[:bottom]} == {"|"}
    return [line[5:] for line in text[:bottom]], [line[:4] for line in text[:bottom]], text[bottom:]


def test_points_stand_in_their_columns_and_lines() -> None:
    cells, ticks, below = plotted(curve.terminal(GRID, "en", 36, 11))
    assert {len(row) for row in cells} == {31}
    found = {(row, column): cells[row][column] for row in range(11) for column in range(31)}
    letters = {place: cell for place, cell in found.items() if cell.isalpha()}
    # B meets A at 32 labels and stands beside it.
    assert letters == {(8, 10): "A", (4, 20): "A", (1, 30): "A", (10, 10): "B", (1, 29): "B", (6, 0): "C"}
    assert ticks == [" 70 ", "    ", " 60 ", "    ", " 50 ", "    ", " 40 ", "    ", " 30 ", "    ", " 20 "]
    assert below[0] == "    +" + "-" * 16 + "^" + "-" * 14  # 12 labels are log2(12 / 8) of a doubling beyond 8
    assert below[1].rstrip() == "     0         8        16        32"
    few = curve.terminal(GRID._replace(crossings=(Crossing("smol prompt", "mini head", 4, 1, 8),)), "en", 36, 11)
    assert plotted(few)[2][0] == "    +" + "-" * 5 + "^" + "-" * 25  # between none and 8 the axis is even


@pytest.mark.parametrize("width", range(20, 60, 3))
def test_numbers_under_the_axis_are_apart(width: int) -> None:
    sizes = [0, 8, 100, 200, 300, 1000, 1024, 9000, 10_000]
    one = MINI._replace(points=candidate("x", "", "head", dict.fromkeys(sizes, 0.5)).points)
    _, _, below = plotted(curve.terminal(WINNER._replace(candidates=(one,), crossings=()), "en", width, 12))
    numbers = below[1].split()
    assert set(numbers) <= {f"{size:,}" for size in sizes}
    assert (numbers[0], numbers[-1]) == ("0", "10,000")


def test_lines_run_between_points_and_what_needs_no_labels_runs_through() -> None:
    cells, _, _ = plotted(curve.terminal(GRID, "en", 36, 11))
    drawn = [{row for row in range(11) if cells[row][column] == "."} for column in range(31)]
    assert not any(drawn[:10])  # none begins before its first point
    assert all(drawn[11:29])
    assert drawn[15] == {6, 8}  # A half way from line 8 to 4, B a quarter of the way from line 10 to 1
    # At 0.4 A comes through at column 15, B at 19: each is within half a line of it for about three columns.
    assert cells[6][:20] == "C" + "-" * 13 + "..." + "-" + ".."
    assert cells[6][21:] == "-" * 10


def test_the_interval_of_the_first_is_drawn_where_there_is_room() -> None:
    # 0.025 a line: A is at 0.3 in line 16, from 0.27 to 0.35; B at 0.2 in line 20, with no interval; C passes at 0.4.
    cells, _, _ = plotted(curve.terminal(GRID, "en", 36, 21))
    assert "".join(row[10] for row in cells) == "            - ||A|  B"


def test_what_more_labels_do_not_change_runs_on_from_where_it_was_measured() -> None:
    shots = candidate("smol few-shot", "gpt", "few-shot", {8: 0.4}, 3)
    report = GRID._replace(candidates=(*GRID.candidates[:2], shots), crossings=())
    cells, _, _ = plotted(curve.terminal(report, "en", 25, 11))  # without 0 there are 20 cells: 8, 16, 32 are 9.5 apart
    (row,) = (row for row in cells if "C" in row)
    assert row[0] == "C"
    assert row[-1] == "-"
    trained = candidate("smol head", "gpt", "head", {8: 0.4}, 3)
    cells, _, _ = plotted(curve.terminal(report._replace(candidates=(*GRID.candidates[:2], trained)), "en", 25, 11))
    assert not any("-" in row for row in cells)


@pytest.mark.parametrize("height", range(4, 30))
def test_ticks_fall_on_lines(height: int) -> None:
    cells, ticks, _ = plotted(curve.terminal(GRID, "en", 36, height))
    at = [row for row, tick in enumerate(ticks) if tick.strip()]
    assert (at[0], at[-1]) == (0, len(cells) - 1)
    assert len({after - before for before, after in pairwise(at)}) == 1
    marked = [int(ticks[row]) for row in at]
    assert len({after - before for before, after in pairwise(marked)}) == 1
    assert abs(len(cells) - height) <= height // 3 + 1


def test_curves_are_in_their_familys_colour() -> None:
    lines = curve.terminal(GRID, "en", 36, 11)
    roles = {letter: {role for line in lines[1:12] for span, role in line if letter in span} for letter in "ABC"}
    assert roles == {"A": {"bert"}, "B": {""}, "C": {"gpt"}}


def test_six_curves_are_drawn_and_their_letters_explained() -> None:
    many = tuple(
        candidate(f"m{rank} head", "bert", "head", {8: 0.9 - rank / 20, 64: 0.95 - rank / 20}, rank)
        for rank in range(1, 9)
    )
    lines = curve.terminal(WINNER._replace(candidates=many[::-1], crossings=()), "en", 60, 12)
    cells, ticks, below = plotted(lines)
    assert {cell for row in cells for cell in row if cell.isalpha()} == set("ABCDEF")
    assert ticks[-1] == " 60 "  # where the sixth begins
    legend = "A m1 head   B m2 head   C m3 head   D m4 head   E m5 head\nF m6 head   | 95 % interval of A"
    assert "\n".join(below[3:]) == legend
    assert curve.terminal(NOTHING, "en", 60, 12) == []


@pytest.mark.parametrize("shares", [{0: 0.5}, {8: 0.5}, {8: 0.0, 1_000_000: 1.0}, {0: 1.0, 1: 1.0, 2: 1.0}])
@pytest.mark.parametrize("width", [20, 40, 100])
def test_any_curve_can_be_drawn(shares: dict[int, float], width: int) -> None:
    points = tuple(Point(n, Score(at, at, at), Score(at, at, at), 1, 9) for n, at in shares.items())
    lines = curve.terminal(WINNER._replace(candidates=(MINI._replace(points=points),)), "zh", width, 12)
    assert max(cell_len("".join(span.text for span in line)) for line in lines) <= width
    cells, _, _ = plotted(lines)
    assert sum(row.count("A") for row in cells) == len(shares)


# --- the picture ------------------------------------------------------------------------------------------------------


def parsed(report: Trial, lang: Lang) -> tuple[ElementTree.Element, dict[str, float], str]:
    """The picture, where each of its texts begins, and all of its text."""
    root = ElementTree.fromstring(curve.svg(report, lang))
    texts = {one.text or "": float(one.attrib.get("x", "nan")) for one in root.iter(f"{SVG}text")}
    return root, texts, "\n".join(texts)


def drawn(root: ElementTree.Element, rank: int) -> list[tuple[float, float]]:
    """The points of a candidate's line."""
    (group,) = (one for one in root.iter(f"{SVG}g") if one.get("id") == f"candidate-{rank}")
    path = group.findall(f"{SVG}path")[0].attrib["d"]
    return [(float(x), float(y)) for x, y in re.findall(r"[ML] ([\d.]+) ([\d.]+)", path)]


def test_the_picture_has_the_curves_in_their_places() -> None:
    root, _, _ = parsed(GRID, "en")
    first, second, third = (drawn(root, rank) for rank in (1, 2, 3))
    step = first[1][0] - first[0][0]
    assert first[2][0] - first[1][0] == pytest.approx(step)  # 8, 16, 32
    assert first[0][0] - third[0][0] == pytest.approx(step)  # and 0
    assert [x for x, _ in second] == [first[0][0], first[2][0]]
    assert [x for x, _ in third] == [third[0][0], first[2][0]]  # as good with any number of labels
    share = (first[0][1] - first[1][1]) / 0.2
    assert first[1][1] - first[2][1] == pytest.approx(0.15 * share)
    assert second[0][1] - first[0][1] == pytest.approx(0.1 * share)
    assert second[1] == first[2]
    assert first[0][1] - third[0][1] == pytest.approx(0.1 * share)
    (band,) = (one for one in root.iter(f"{SVG}g") if one.get("id") == "interval-1")
    outline, down = next(band.iter(f"{SVG}path")).attrib["d"], float(next(band.iter(f"{SVG}use")).attrib["y"])
    edge = [(float(x), float(y) + down) for x, y in re.findall(r"[ML] ([\d.]+) ([-\d.]+)", outline)]
    for x, y in first:
        ends = [at for left, at in edge if left == pytest.approx(x)]
        assert (max(ends) - y, y - min(ends)) == pytest.approx((0.03 * share, 0.05 * share))
    groups = {group.get("id"): group for group in root.iter(f"{SVG}g")}
    marks = [len(list(groups[f"candidate-{rank}"].iter(f"{SVG}use"))) for rank in (1, 2, 3)]
    assert marks == [3, 2, 1]  # where it was measured


@each_language
def test_the_picture_names_what_it_shows(lang: Lang) -> None:
    _, _, text = parsed(WINNER, lang)
    percent = "71.2 %" if lang == "en" else "71.2%"
    assert f"1. mini head: {percent} (68.2-76.2)" in text
    words = {
        "en": ("4. majority class: ", "about 24 labels", "1,000 texts", "accuracy, %"),
        "zh": ("4. 多数类: ", "约 24 条标注", "1,000 条文本", "准确率（%）"),
    }[lang]
    assert all(word in text for word in ("reviews.csv", "2. TF-IDF: ", *words))


def test_curves_differ_by_more_than_colour() -> None:
    many = tuple(candidate(f"m{n} head", "bert", "head", {8: 0.1 * n, 64: 0.1 * n}, n) for n in range(1, 8))
    root, _, _ = parsed(WINNER._replace(candidates=many), "en")
    groups = [one for one in root.iter(f"{SVG}g") if (one.get("id") or "").startswith("candidate-")]
    assert len(groups) == 6
    strokes = {re.sub("stroke: #......;?", "", one.findall(f"{SVG}path")[0].attrib["style"]) for one in groups}
    markers = {
        next(
            one.iter(
                f"{SVG}path",
            )
        ).attrib["d"]
        for group in groups
        for one in group.iter(f"{SVG}defs")
    }
    assert (len(strokes), len(markers)) == (6, 6)


@pytest.mark.parametrize("report", [WINNER, NASTY, NOTHING], ids=["winner", "nasty", "nothing"])
def test_a_picture_stands_alone_and_is_always_the_same(report: Trial) -> None:
    once = curve.svg(report, "zh")
    assert curve.svg(report, "zh") == once
    assert once.isascii()
    root = ElementTree.fromstring(once)
    assert root.tag == f"{SVG}svg"
    assert not [one for one in root.iter() if "date" in one.tag]
    assert not re.findall(r"""(?:href|src)="[^#]|url\([^#]""", once)
    assert "'Noto Sans CJK SC'" in once
    if report is NASTY:
        text = "\n".join(one.text or "" for one in root.iter(f"{SVG}text"))
        assert r"[bold]小模型[/bold]\x1b[31m $x^2$ | <b>&amp;\n_`head`" in text
        assert "很长的文件夹名" in text


def test_an_image_is_in_english_where_no_font_has_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curve, "_CHINESE", ("No Such Font",))
    english = curve.png(WINNER, "en")
    assert english[:8] == b"\x89PNG\r\n\x1a\n"
    assert b"tEXt" not in english
    assert curve.png(WINNER, "zh") == english
    monkeypatch.setattr(curve, "_CHINESE", ("DejaVu Serif",))  # as if it had
    assert curve.png(WINNER, "zh") != english
    assert curve.png(NASTY, "zh")[:4] == b"\x89PNG"
    monkeypatch.undo()
    monkeypatch.setattr(curve, "_CHINESE", ())
    han, asked = (curve.png(GRID._replace(file=name), "en") for name in ("评论.csv", "??.csv"))
    assert han == asked  # no boxes


def test_a_users_own_matplotlib_settings_change_nothing() -> None:
    import matplotlib

    once = curve.svg(GRID, "en")
    with matplotlib.rc_context({"lines.linewidth": 9, "font.size": 30, "axes.facecolor": "black"}):
        assert curve.svg(GRID, "en") == once
        assert matplotlib.rcParams["font.size"] == 30


def test_without_matplotlib_the_caller_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for draws in (curve.svg, curve.png):
        with pytest.raises(ImportError):
            draws(GRID, "en")
