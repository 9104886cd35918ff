"""A trial told: the verdict first, what the rules had advised, where the lead changes, every candidate, the curves, how it was done."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len

from bertgpt_cli.errors import Complaint
from bertgpt_cli.render import curve, words
from bertgpt_cli.render.curve import called, interval, last, percent, ranked, shown
from bertgpt_cli.render.document import Block, Document, Heading, Line, Paragraph, Rows, Span, Table, line
from bertgpt_cli.render.safe import one_line
from bertgpt_cli.report.trial import Candidate, Pair, Score, Trial
from bertgpt_cli.text import Lang, Text, same

_HEIGHT = 12  # lines of the curves
_FEW = 3  # of what may be many, how many are named
_FEW_CLASSES = 5
_NONE = "-"
_COMMA, _SEMICOLON = Text(", ", "，"), Text("; ", "；")
_STOPPED = Text("Stopped", "提前结束")
_TITLE = Text("How accuracy grows with labels", "准确率随标注数的变化")
_RANK, _CANDIDATE = same("#"), Text("candidate", "候选方案")
_SCORES = (Text("accuracy", "准确率"), Text("95 %", "95% 区间"), same("macro-F1"), Text("labels", "标注数"))
_COSTS = (same("p50/p95 ms"), Text("texts/s", "条/秒"), Text("memory", "内存"), Text("disk", "磁盘"))
_FRONT = Text(
    "* on the front: none of the others is both more accurate and faster", "* 位于前沿：没有其他方案比它既准又快"
)
_CONTROL = Text(
    "a control is its original with random weights and is never ranked: what the original has beyond it with as many labels "
    "came from pretraining",
    "对照与原模型结构相同但权重随机，不参与排名：标注数相同时，原模型高出的部分来自预训练",
)
_BEATEN = Text("not behind its original: pretraining brought nothing here", "不低于原模型：预训练在这里没有帮助")
# In the order in which they are told.
_STATUS: dict[str, Text] = {
    "measured": Text("Not ranked", "不排名"),
    "blocked": Text("Over a limit", "超出限制"),
    "unfinished": Text("Unfinished", "未完成"),
    "dropped": Text("Dropped", "已淘汰"),
    "control": Text("Control", "对照"),
    "failed": Text("Failed", "失败"),
}
_TRANSFER = {
    "H-score": Text(
        "how far the classes' means lie apart beside the spread of all texts. Compares checkpoints of one width on the same texts. It "
        "grows with the width over the number of texts even where features say nothing, so it compares no different widths or "
        "numbers of texts, and random weights may come first.",
        "各类均值的距离与全体文本的离散程度之比。只能比较同一批文本上宽度相同的模型。宽度与文本数之比越大得分越高，哪怕特征毫无信息，"
        "因此不能跨宽度、跨文本数比较，随机权重也可能排第一。",
    ),
    "LogME": Text(
        "the log likelihood of the labels, per text, under a linear model of the features. Compares checkpoints of any width on the "
        "same texts and labels. It is taken on those texts themselves, so it is no accuracy, and a value by itself says nothing.",
        "在特征的线性模型下，标签的对数似然（按文本平均）。可比较同一批文本和标签上任意宽度的模型。它就在这些文本上计算，不是准确率，"
        "单看一个数没有意义。",
    ),
    "kNN": Text(
        "the share of texts whose nearest three others mostly have their label. Compares checkpoints of any width, and with the "
        "majority class. It sees plain distance alone, so features that a head could use well may score low.",
        "最近的三条其他文本多数与自己同类的文本占比。可比较任意宽度的模型，也可与多数类相比。它只看距离远近，线性头用得上的特征也可能得分偏低。",
    ),
}
_FROZEN = Text(
    "These scores look at frozen features: they say nothing of prompts and little of fine-tuning.",
    "这些得分只看冻结特征，与提示词无关，对微调也只有参考意义。",
)

Named = dict[str, Span]  # by id: the candidate's name in its family's colour


def document(report: Trial, lang: Lang, width: int) -> Document:
    """For a terminal of this many cells."""
    drawn = curve.terminal(report, lang, width, _HEIGHT)
    return _told(report, lang, width, [Paragraph(row) for row in drawn])


def table(report: Trial, lang: Lang) -> Document:
    """The same for formats that cannot draw: the curves are a table, and no table is split for its width."""
    best = ranked(report)
    sizes = sorted({point.labels for one in best for point in one.points})
    header = (_CANDIDATE.say(lang), *(f"{size:,}" for size in sizes))
    rows = tuple((line(_named(one, lang)), *_along(one, sizes, lang)) for one in best)
    drawn = [Table(header, rows, tuple(range(1, len(header))))] if best else []
    return _told(report, lang, None, drawn)


def _told(report: Trial, lang: Lang, width: int | None, drawn: Sequence[Block]) -> Document:
    named = {one.id: _named(one, lang) for one in report.candidates}
    counts = Text(
        f"{report.texts:,} texts · {len(report.classes):,} classes",
        f"{report.texts:,} 条文本 · {len(report.classes):,} 个类别",
    )
    blocks: list[Block] = [
        Heading(line(Span(shown(report.file), "strong")), line(Span(counts.say(lang), "dim"))),
        Paragraph(_verdict(report, named, lang)),
        Rows((*_advised(report, lang), *_crossings(report, named, lang))),
        *_tables(report, named, lang, width),
        Rows(tuple(_asides(report, named, lang))),
        *_transfer(report, named, lang),
    ]
    if drawn:
        blocks += [Heading(line(_TITLE.say(lang)), level=2), *drawn]
    return (
        *blocks,
        Heading(line(Text("How it was done", "如何测得").say(lang)), level=2),
        Rows(tuple(_notes(report, lang))),
    )


def _named(one: Candidate, lang: Lang) -> Span:
    return Span(called(one, lang), words.ROLE.get(one.family, ""))


# --- the verdict ------------------------------------------------------------------------------------------------------


def _verdict(report: Trial, named: Named, lang: Lang) -> Line:
    verdict = report.verdict
    if verdict.kind == "nothing":
        measured = any(one.points and one.status != "control" for one in report.candidates)
        limits = Text("Nothing that was measured keeps the limits.", "测过的方案都超出了限制。")
        said = limits if measured else Text("Nothing was measured.", "没有测出任何结果。")
        return line(Span(said.say(lang), "bad"))
    scores = {one.id: last(one).accuracy for one in report.candidates if one.points}
    pairs = {pair.second: pair for pair in verdict.pairs}
    score = scores[verdict.winner]
    best = Text(
        f"{percent(score.value, 'en')} ({_ends(score, 'en')})", f"{percent(score.value, 'zh')}（{_ends(score, 'zh')}）"
    ).say(lang)
    winner = named[verdict.winner]
    if verdict.kind == "level":
        parts = line(Text("Cannot separate ", "分不出 ").say(lang), winner, f" {best}")
        for number, other in enumerate(verdict.level_with[:_FEW]):
            between = Text(" from ", "与 ") if number == 0 else Text(", ", "、")
            parts += line(between.say(lang), named[other], f" {percent(scores[other].value, lang)}")
            parts += line(_apart(pairs[other], lang)) if other in pairs else ()
        more = len(verdict.level_with) - _FEW
        rest = Text(f", {more} more", f"等另外 {more} 个") if more > 0 else same("")
        return (*parts, Span(rest.say(lang)), Span(Text("", "的高下").say(lang)))
    parts = line(winner, Text(" is ahead: ", " 领先：").say(lang), best)
    others = [one.id for one in ranked(report) if one.id != verdict.winner]
    for other in others[:1]:
        parts += line(Text("; next, ", "；其次是 ").say(lang), named[other], f" {percent(scores[other].value, lang)}")
        if other in pairs:
            parts += line(_COMMA.say(lang), _chance(pairs[other].p))
    return parts


def _apart(pair: Pair, lang: Lang) -> str:
    """The chance of such a difference between equals, and what would tell the two apart."""
    many = f"{pair.more_labels:,}"
    more = Text(f"about {many} labelled texts would", f"约 {many} 条标注文本可以分出")
    if not pair.more_labels:
        more = Text("more texts would hardly", "再多文本也难分出")
    return Text(f" ({_chance(pair.p)}; {more.en})", f"（{_chance(pair.p)}；{more.zh}）").say(lang)


def _chance(p: float) -> str:
    return f"p = {p:.3f}" if p >= 0.0005 else "p < 0.001"


def _ends(score: Score, lang: Lang) -> str:
    """`67.9 to 74.1`."""
    low, high = f"{100 * score.low:.1f}", f"{100 * score.high:.1f}"
    return Text(f"{low} to {high}", f"{low}~{high}").say(lang)


def _advised(report: Trial, lang: Lang) -> list[tuple[str, Line]]:
    advised = report.advised
    if advised is None:
        return []
    says = {
        True: Text("had advised the same: ", "推荐相同："),
        False: Text("had advised another: ", "推荐不同："),
        None: Text("had advised, and this trial cannot tell: ", "推荐如下，本次实测无法判定："),
    }
    said = says[advised.agrees]
    if not advised.measured:
        said = Text("had advised what was not measured: ", "推荐的方案没有参加实测：")
    title = Span(advised.title.say(lang), words.ROLE.get(advised.family, ""))
    return [(Text("Rules", "规则").say(lang), line(said.say(lang), title))]


def _crossings(report: Trial, named: Named, lang: Lang) -> list[tuple[str, Line]]:
    rows: list[tuple[str, Line]] = []
    for one in report.crossings:
        below = Text(
            f" is ahead below about {one.labels:,} labels ({one.low:,} to {one.high:,}); ",
            f" 在标注少于约 {one.labels:,} 条（{one.low:,}~{one.high:,}）时领先，更多时 ",
        )
        above = Text(" above", " 领先")
        label = "" if rows else Text("Flips", "何时改变").say(lang)
        rows.append((label, line(named[one.below], below.say(lang), named[one.above], above.say(lang))))
    return rows


# --- the candidates ---------------------------------------------------------------------------------------------------


def _state(one: Candidate) -> str:
    return "blocked" if one.blocked and one.status == "measured" else one.status


def _listed(report: Trial) -> list[Candidate]:
    """Those with scores: the ranked, then the others by what became of them, each with its control right under it."""
    controls = [one for one in report.candidates if one.status == "control" and one.points]
    states = list(_STATUS)
    others = [one for one in report.candidates if one.points and not one.rank and one not in controls]
    others.sort(key=lambda one: states.index(_state(one)))
    rows: list[Candidate] = []
    for one in (*ranked(report), *others):
        rows += [one, *(control for control in controls if _twins(control, one))]
    return [*rows, *(one for one in controls if one not in rows)]


def _twins(control: Candidate, original: Candidate) -> bool:
    """Whether this is the control of that one."""
    return (control.checkpoint, control.way) == (original.checkpoint, original.way) and original.status != "control"


def _tables(report: Trial, named: Named, lang: Lang, width: int | None) -> list[Block]:
    """One table where it has room, else two (accuracy, cost), else a list; then what its marks mean."""
    listed = _listed(report)
    if not listed:
        return []
    names = [_marked(one, report, named, lang) for one in listed]
    ranks = [str(one.rank or _NONE) for one in listed]
    scores, costs = [_scores(one, lang) for one in listed], [_costs(one) for one in listed]
    first = [(line(rank), name) for rank, name in zip(ranks, names, strict=True)]
    whole = _table(first, [(*a, *b) for a, b in zip(scores, costs, strict=True)], (*_SCORES, *_COSTS), lang)
    halves = [_table(first, scores, _SCORES, lang), _table(first, costs, _COSTS, lang)]
    if width is None or _wide(whole, False) <= width:
        blocks: list[Block] = [whole]
    elif max(_wide(half, True) for half in halves) <= width:
        blocks = [*halves]
    else:
        titles = [title.say(lang) for title in (*_SCORES, *_COSTS)]
        blocks = []
        for rank, name, score, cost in zip(ranks, names, scores, costs, strict=True):
            told = zip(titles, (*score, *cost), strict=True)
            said = _COMMA.say(lang).join(f"{title} {cell}" for title, cell in told if cell != _NONE)
            blocks += [Paragraph(line(Span(f"{rank} ", "strong"), *name)), Rows((("", line(said)),))]
    marks = [_FRONT] * bool(report.front) + [_CONTROL] * any(one.status == "control" for one in listed)
    return [*blocks, *(Paragraph(line(Span(mark.say(lang), "dim"))) for mark in marks)]


def _marked(one: Candidate, report: Trial, named: Named, lang: Lang) -> Line:
    front = " *" if one.id in report.front else ""
    state = _state(one)
    title = _STATUS[state]
    remark = Text(f" ({title.en.lower()})", f"（{title.zh}）") if state != "measured" else same("")
    return line(named[one.id], front, Span(remark.say(lang), "dim"))


def _table(first: list[tuple[Line, Line]], cells: list[tuple[str, ...]], titles: tuple[Text, ...], lang: Lang) -> Table:
    header = tuple(title.say(lang) for title in (_RANK, _CANDIDATE, *titles))
    rows = tuple((*key, *map(line, row)) for key, row in zip(first, cells, strict=True))
    return Table(header, rows, (0, *range(2, len(header))))


def _wide(table: Table, wrapped: bool) -> int:
    """How many cells it takes, with names on one line or wrapped between words as a terminal does it."""
    cells = ([one_line("".join(span.text for span in cell)) for cell in row] for row in table.rows)
    columns = [list(column) for column in zip(table.header, *cells, strict=True)]
    widths = [max(map(cell_len, column)) for column in columns]
    if wrapped:
        parts = (part for name in columns[1] for part in name.split(" "))
        widths[1] = min(widths[1], max(14, *map(cell_len, parts)))
    return sum(widths) + 2 * (len(widths) - 1)


def _scores(one: Candidate, lang: Lang) -> tuple[str, ...]:
    point = last(one)
    accuracy, f1 = percent(point.accuracy.value, lang), percent(point.f1.value, lang)
    return accuracy, interval(point.accuracy), f1, f"{point.labels:,}"


def _costs(one: Candidate) -> tuple[str, ...]:
    cost = one.cost
    if cost is None:
        return (_NONE,) * len(_COSTS)
    about = "~" if cost.memory_from == "estimated" and cost.memory else ""
    times = f"{_short(1e3 * cost.p50)}/{_short(1e3 * cost.p95)}"
    return times, _short(cost.texts_a_second), f"{about}{_size(cost.memory)}", _size(cost.disk)


def _short(value: float) -> str:
    """Two digits that matter, more where the whole part has more."""
    return f"{value:.2g}" if value < 9.95 else f"{value:,.0f}"


def _size(count: int) -> str:
    if not count:
        return _NONE
    return f"{_short(count / 1e6)} MB" if count < 999.5e6 else f"{count / 1e9:.3g} GB"


def _asides(report: Trial, named: Named, lang: Lang) -> list[tuple[str, Line]]:
    """Why some are not ranked, by what became of them."""
    rows: list[tuple[str, Line]] = []
    for state, title in _STATUS.items():
        label = title.say(lang)
        for one in report.candidates:
            if _state(one) != state:
                continue
            if state == "control":
                why = [_BEATEN] * any(_beats(one, other) for other in report.candidates)
            else:
                why = [*one.blocked, one.reason]
            reasons = [text.say(lang) for text in why if text.say(lang)]
            if reasons:
                said = Text(": ", "：").say(lang) + _SEMICOLON.say(lang).join(reasons)
                rows.append((label, line(named[one.id], said)))
                label = ""
    return rows


def _beats(control: Candidate, other: Candidate) -> bool:
    """Whether a control is as good as its original with as many labels, the most that both were given."""
    if not _twins(control, other):
        return False
    original = {point.labels: point.accuracy.value for point in other.points}
    both = [point for point in control.points if point.labels in original]
    most = max(both, key=lambda point: point.labels, default=None)
    return most is not None and most.accuracy.value >= original[most.labels]


def _transfer(report: Trial, named: Named, lang: Lang) -> list[Block]:
    """Transferability scores where they were asked for, and what each can compare."""
    scored = [one for one in report.candidates if one.transfer]
    kinds = tuple(dict.fromkeys(name for one in scored for name, _ in one.transfer))
    if not kinds:
        return []
    rows = []
    for one in scored:
        values = dict(one.transfer)
        cells = (f"{values[kind]:.4f}" if math.isfinite(values.get(kind, math.nan)) else _NONE for kind in kinds)
        rows.append((line(named[one.id]), *map(line, cells)))
    known = [(kind, _TRANSFER[kind]) for kind in kinds if kind in _TRANSFER]
    return [
        Heading(line(Text("Transferability scores", "可迁移性得分").say(lang)), level=2),
        Table((_CANDIDATE.say(lang), *kinds), tuple(rows), tuple(range(1, len(kinds) + 1))),
        Rows(tuple((kind, line(Span(about.say(lang), "dim"))) for kind, about in known)),
        Paragraph(line(Span(_FROZEN.say(lang), "dim"))),
    ]


def _along(one: Candidate, sizes: list[int], lang: Lang) -> list[Line]:
    points = {point.labels: point.accuracy for point in one.points}
    told = (
        f"{percent(points[size].value, lang)} ({interval(points[size])})" if size in points else _NONE for size in sizes
    )
    return [line(cell) for cell in told]


# --- how it was done --------------------------------------------------------------------------------------------------


def _notes(report: Trial, lang: Lang) -> list[tuple[str, Line]]:
    """What ended it early, what was chosen on the way, what was left out, and what it takes to do it again."""
    rows: list[tuple[Text, str]] = []
    if report.stopped:
        rows.append((_STOPPED, _stopped(report).say(lang)))
    chosen = [(called(one, lang), _chosen(one, lang)) for one in _listed(report)]
    told = [Text(f"{name}: {what}", f"{name}：{what}").say(lang) for name, what in chosen if what]
    if told:
        rows.append((Text("Chosen", "选定"), _SEMICOLON.say(lang).join(told)))
    rows.append((Text("Texts", "文本"), _texts(report, lang)))
    left_out = _left_out(report, lang)
    if left_out:
        rows.append((Text("Left out", "未用"), _SEMICOLON.say(lang).join(left_out)))
    rows += [(Text("Note", "说明"), remark.say(lang)) for remark in report.remarks]
    versions = _COMMA.say(lang).join(f"{name} {version}" for name, version in report.versions)
    run = Text(
        f"seed {report.seed}, {report.folds} folds, {report.seconds:,.1f} s",
        f"种子 {report.seed}，{report.folds} 折，{report.seconds:,.1f} 秒",
    ).say(lang)
    rows.append((Text("Run", "运行"), _SEMICOLON.say(lang).join(filter(None, (run, versions)))))
    labels = ["" if index and rows[index - 1][0] == label else label.say(lang) for index, (label, _) in enumerate(rows)]
    return [
        (label, line(Span(said, "" if title == _STOPPED else "dim")))
        for label, (title, said) in zip(labels, rows, strict=True)
    ]


def _stopped(report: Trial) -> Text:
    reasons = {"budget": Text("the time was used up", "时间预算用完"), "interrupted": Text("interrupted", "被中断")}
    why = reasons[report.stopped]
    missing = [one for one in report.candidates if one.status == "unfinished"]
    if not missing:
        return why
    names = [called(one, "en") for one in missing], [called(one, "zh") for one in missing]
    return Text(f"{why.en}; not finished: {', '.join(names[0])}", f"{why.zh}；未完成：{'、'.join(names[1])}")


def _chosen(one: Candidate, lang: Lang) -> str:
    """Its setting, and the precision that it ran in where that is not the usual one."""
    precision = one.cost.precision if one.cost and one.cost.precision != "fp32" else ""
    return _COMMA.say(lang).join(filter(None, (one.setting.say(lang), precision)))


def _texts(report: Trial, lang: Lang) -> str:
    largest = sorted(report.classes, key=lambda one: -one[1])[:_FEW_CLASSES]
    classes = Text(", ", "、").say(lang).join(f"{shown(name)} {count:,}" for name, count in largest)
    more = len(report.classes) - len(largest)
    rest = Text(f" and {more} more", f" 等 {len(report.classes)} 类") if more else same("")
    text, label = shown(report.text_column), shown(report.label_column)
    return Text(
        f"'{text}' with '{label}': {classes}{rest.en}; {report.tokens:,} tokens in the median",
        f"“{text}”列，标签为“{label}”列：{classes}{rest.zh}；长度中位数为 {report.tokens:,} 个 token",
    ).say(lang)


def _left_out(report: Trial, lang: Lang) -> list[str]:
    """Rows that were not used, by what is wrong with them; texts that count once; texts that were cut."""
    told: list[Text] = []
    found: dict[str, list[Complaint]] = {}
    for complaint in report.left_out:
        found.setdefault(complaint.code, []).append(complaint)
    for some in found.values():
        lines = [f"{one.line:,}" for one in some[:_FEW]]
        more = len(some) - len(lines)
        tail = Text(f" and {more} more", f" 等 {len(some)} 行") if more else Text("", " 行")
        where = Text(
            f" (line{'s' * (len(some) > 1)} {', '.join(lines)}{tail.en})", f"（第 {'、'.join(lines)}{tail.zh}）"
        )
        place = where if some[0].line else same("")
        told.append(Text(f"{some[0].message.en}{place.en}", f"{some[0].message.zh}{place.zh}"))
    if report.repeated:
        told.append(Text(f"{report.repeated:,} repeated texts", f"{report.repeated:,} 条重复文本"))
    for checkpoint, count in report.cut:
        name = shown(checkpoint)
        told.append(
            Text(
                f"the ends of {count:,} texts longer than {name} reads",
                f"{count:,} 条文本超过 {name} 的长度上限，末尾被截断",
            )
        )
    return [one.say(lang) for one in told]


# --- for programs -----------------------------------------------------------------------------------------------------


def plain(report: Trial, lang: Lang) -> dict[str, Any]:
    """The JSON of a trial: shares from 0 to 1, seconds, bytes."""
    verdict, advised = report.verdict, report.advised
    return {
        "kind": "trial",
        "file": report.file,
        "text_column": report.text_column,
        "label_column": report.label_column,
        "texts": report.texts,
        "classes": [{"name": name, "texts": count} for name, count in report.classes],
        "tokens": report.tokens,
        "verdict": {
            "kind": verdict.kind,
            "winner": verdict.winner or None,
            "level_with": list(verdict.level_with),
            "pairs": [
                {**pair._asdict(), "difference": _plain_score(pair.difference), "p": _rounded(pair.p, 6)}
                for pair in verdict.pairs
            ],
        },
        "advised": {
            **advised._asdict(),
            "title": advised.title.say(lang),
            "situation": dict(advised.situation),
            "measured": list(advised.measured),
        }
        if advised
        else None,
        "crossings": [one._asdict() for one in report.crossings],
        "front": list(report.front),
        "candidates": [_plain_candidate(one, lang) for one in report.candidates],
        "stopped": report.stopped or None,
        "left_out": [{"code": one.code, "message": one.message.say(lang), "line": one.line} for one in report.left_out],
        "repeated": report.repeated,
        "cut": [{"checkpoint": name, "texts": count} for name, count in report.cut],
        "remarks": [one.say(lang) for one in report.remarks],
        "folds": report.folds,
        "seed": report.seed,
        "seconds": _rounded(report.seconds, 6),
        "versions": dict(report.versions),
    }


def _plain_candidate(one: Candidate, lang: Lang) -> dict[str, Any]:
    cost = one.cost
    return {
        "id": one.id,
        "checkpoint": one.checkpoint or None,
        "family": one.family or None,
        "way": one.way,
        "approach": one.approach or None,
        "status": one.status,
        "rank": one.rank or None,
        "points": [
            {**point._asdict(), "accuracy": _plain_score(point.accuracy), "f1": _plain_score(point.f1)}
            for point in one.points
        ],
        "setting": one.setting.say(lang) or None,
        "reason": one.reason.say(lang) or None,
        "blocked": [text.say(lang) for text in one.blocked],
        "cost": {
            "p50_seconds": _rounded(cost.p50, 6),
            "p95_seconds": _rounded(cost.p95, 6),
            "texts_a_second": _rounded(cost.texts_a_second, 2),
            "memory_bytes": cost.memory,
            "memory_from": cost.memory_from,
            "disk_bytes": cost.disk,
            "precision": cost.precision,
        }
        if cost
        else None,
        "transfer": {name: _rounded(value, 6) for name, value in one.transfer},
    }


def _plain_score(score: Score) -> dict[str, float | None]:
    return {name: _rounded(share, 4) for name, share in score._asdict().items()}


def _rounded(value: float, places: int) -> float | None:
    """None for what JSON cannot say."""
    return round(value, places) if math.isfinite(value) else None
