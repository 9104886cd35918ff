"""A recommendation and a plan, told as documents: no longer than a screen, or with every choice under `explain`."""

from __future__ import annotations

from bertgpt_cli.render import checkpoints, evidence, words
from bertgpt_cli.render.document import Block, Document, Heading, Line, Paragraph, Rows, Span, Table, line
from bertgpt_cli.report.recommendation import Alternative, Cited, Flip, Plan, Recommendation, StageAdvice
from bertgpt_cli.text import Lang, Text

_MOST_FLIPS = 6

_WHY = Text("Why", "理由")
_UNMET = Text("Why not", "不可行")
_EVIDENCE = Text("Evidence", "证据")
_HOW = Text("How", "做法")
_FLIPS = Text("Flips", "何时改变")
_ASSUMED = Text("Assumed", "假定")
_GIVEN = Text("Given", "已知")
_BUT = Text("But", "注意")
_ALSO = Text("Also", "另可")
_STAGES = Text("Stages", "步骤")
_SOURCES = Text("Sources", "来源")
_OBJECTIVE = Text("pretrained by", "预训练")
_ADAPT = Text("adapt", "适配")
_INFERENCE = Text("inference", "推理")
_COST = Text("cost", "开销")
_COLON = Text(": ", "：")
_START = Text("start from", "可用类")
_RELATIVES = Text("relatives", "同族模型")


def document(answer: Recommendation, lang: Lang, explain: bool = False) -> Document:
    """The answer in the order of importance: what, why, how, what would change it, what was assumed."""
    role = words.ROLE[answer.family]
    headline = line(
        Span(words.FAMILY[answer.family].say(lang), role),
        Span(" · ", "dim"),
        Span(answer.approach.title.say(lang), "strong"),
    )
    blocks: list[Block] = [
        Heading(line(Span(answer.task.title.say(lang), "strong")), line(Span(answer.task.id, "dim")))
    ]
    if not answer.fits:
        blocks.append(Paragraph(line(Span(_no_fit(lang), "bad"))))
    blocks.append(Paragraph(headline, evidence.headline(answer.evidence.confidence, lang) if answer.fits else ()))
    rows: list[tuple[str, Line]] = []
    if answer.situation:
        rows.append((_GIVEN.say(lang), line(words.situation(answer.situation, lang, answer.task.read))))
    if answer.task.family not in ("", answer.family):
        rows.append((_BUT.say(lang), line(_other_family(answer, lang))))
    for index, found in enumerate(answer.unmet):
        rows.append(
            (_UNMET.say(lang) if index == 0 else "", line(words.obstacle(found, answer.got(found.wanted.fact), lang)))
        )
    rows += [
        (_WHY.say(lang), line(reason.text.say(lang), Span(_cites(reason.evidence, lang), "dim")))
        for reason in answer.reasons
    ]
    rows += _evidence(answer, lang, explain)
    rows += _adaptation(answer, lang, explain)
    rows += checkpoints.rows(answer.checkpoints, lang)
    rows += [_stage(index, stage, lang) for index, stage in enumerate(answer.stages)]
    for index, aside in enumerate(answer.outside):
        title = aside.approach.title.say(lang)
        rows.append((_ALSO.say(lang) if index == 0 else "", line(title, _COLON.say(lang), aside.because.say(lang))))
    rows += _flips(answer, lang, explain)
    if answer.assumptions:
        rows.append((_ASSUMED.say(lang), line(_assumed(answer, lang))))
    blocks.append(Rows(tuple(rows)))
    if explain:
        blocks += evidence.table(answer.evidence, lang)
        blocks += _considered(answer, lang)
        blocks += _sources(answer, lang)
    return tuple(blocks)


def plan(answer: Plan, lang: Lang, explain: bool = False) -> Document:
    """The stages in one table, then each stage's own answer."""
    header = (
        Text("#", "#").say(lang),
        Text("stage", "步骤").say(lang),
        Text("family", "家族").say(lang),
        Text("approach", "方案").say(lang),
        Text("passes on", "传给下一步").say(lang),
    )
    rows: list[tuple[Line, ...]] = []
    for index, stage in enumerate(answer.stages):
        last = index == len(answer.stages) - 1
        role = words.ROLE[stage.approach.family]
        rows.append(
            (
                line(str(index + 1)),
                line(stage.title.say(lang)),
                line(Span(words.FAMILY[stage.approach.family].say(lang), role)),
                line(stage.approach.title.say(lang)) if stage.fits else line(Span(words.NOTHING_FITS.say(lang), "bad")),
                line("" if last else stage.passes.say(lang)),
            )
        )
    title = Text(f"A plan of {len(answer.stages)} stages", f"共 {len(answer.stages)} 步的方案")
    role = words.ROLE[answer.family]
    blocks: list[Block] = [
        Heading(line(Span(title.say(lang), "strong")), line(Span(words.FAMILY[answer.family].say(lang), role))),
        Table(header, tuple(rows)),
    ]
    for inner in answer.answers:
        blocks += document(inner, lang, explain)
    return tuple(blocks)


def _other_family(answer: Recommendation, lang: Lang) -> str:
    said, advised = words.FAMILY[answer.task.family], words.FAMILY[answer.family]
    return Text(
        f"you named a {said.en} model; the advice is {advised.en}",
        f"你提到的是 {said.zh}模型；这里推荐的是 {advised.zh}",
    ).say(lang)


def _no_fit(lang: Lang) -> str:
    return Text(
        "Nothing fits these facts. The nearest, if what stands in its way can be changed:",
        "在这些条件下没有可行方案。若能放宽下列限制，最接近的是：",
    ).say(lang)


def _evidence(answer: Recommendation, lang: Lang, explain: bool) -> list[tuple[str, Line]]:
    """Why it is how sure, and the strongest results on both sides; all of them stand in a table under `explain`."""
    if not answer.fits:
        return []
    rows = [(_EVIDENCE.say(lang), line(evidence.explained(answer.evidence.confidence).say(lang)))]
    told = () if explain else evidence.shown(answer.evidence)
    return [*rows, *(("", evidence.told(one, lang)) for one in told)]


def _adaptation(answer: Recommendation, lang: Lang, explain: bool) -> list[tuple[str, Line]]:
    adaptation = answer.adaptation
    pairs: list[tuple[Text, Line]] = [
        (_OBJECTIVE, line(adaptation.objective.say(lang))),
        (_ADAPT, line(adaptation.adapt.say(lang))),
        (_INFERENCE, line(adaptation.inference.say(lang))),
        (_COST, line(adaptation.cost.say(lang))),
        (_START, line(Span(", ".join(adaptation.classes), "code"))),
    ]
    if explain:
        pairs.insert(1, (Text("loss", "损失"), line(Span(adaptation.formula, "code"))))
        pairs.insert(2, (Text("attention", "注意力"), line(adaptation.attention.say(lang))))
        for name, about in adaptation.variants:
            pairs.append((_RELATIVES, line(name, _COLON.say(lang), about.say(lang))))
    return [
        (_HOW.say(lang) if index == 0 else "", line(Span(label.say(lang) + _COLON.say(lang), "dim"), *said))
        for index, (label, said) in enumerate(pairs)
    ]


def _stage(index: int, stage: StageAdvice, lang: Lang) -> tuple[str, Line]:
    role = words.ROLE[stage.approach.family]
    arrow = Text(" -> passes on ", " -> 传递")
    parts: list[str | Span] = [
        f"{index + 1}. {stage.does.say(lang)} ({stage.task})",
        Span(" · ", "dim"),
        Span(words.card(stage.approach, lang), role),
        arrow.say(lang),
        stage.passes.say(lang),
    ]
    return (_STAGES.say(lang) if index == 0 else "", line(*parts))


def _flips(answer: Recommendation, lang: Lang, explain: bool) -> list[tuple[str, Line]]:
    shown = answer.flips if explain else _told(answer)
    rows: list[tuple[str, Line]] = []
    for flip in shown:
        label = _FLIPS.say(lang) if not rows else ""
        if flip.approach is None:
            target = Span(words.NOTHING_FITS.say(lang), "bad")
        else:
            target = Span(words.card(flip.approach, lang), words.ROLE[flip.approach.family])
        rows.append((label, line(words.changes(flip, lang), Span(" -> ", "dim"), target)))
    rest = len(answer.flips) - len(shown)
    if rest:
        more = Text(f"{rest} more: --explain", f"另有 {rest} 条：--explain")
        rows.append(("", line(Span(more.say(lang), "dim"))))
    return rows


def _told(answer: Recommendation) -> tuple[Flip, ...]:
    """The few flips that teach most: one for each approach they lead to, another family first, output last."""
    firsts: dict[str, Flip] = {}
    for flip in answer.flips:
        firsts.setdefault(flip.approach.id if flip.approach else "", flip)

    def weight(flip: Flip) -> tuple[bool, bool]:
        same = flip.approach is not None and flip.approach.family == answer.family
        return any(change.to.fact == "output" for change in flip.changes), same

    ranked = sorted(firsts.values(), key=weight)[:_MOST_FLIPS]
    return tuple(flip for flip in answer.flips if flip in ranked)


def _assumed(answer: Recommendation, lang: Lang) -> str:
    semicolon = "；" if lang == "zh" else "; "
    assumed = semicolon.join(words.assumption(one, lang) for one in answer.assumptions)
    options = ("、" if lang == "zh" else ", ").join(one.option for one in answer.assumptions)
    return Text(f"{assumed}. Say {options}.", f"{assumed}。请用 {options} 说明。").say(lang)


def _cites(evidence: tuple[Cited, ...], lang: Lang) -> str:
    parts = tuple(rows_of(cited) for cited in evidence)
    joined = ("，" if lang == "zh" else ", ").join(parts)
    return f"（{joined}）" if lang == "zh" else f" ({joined})"


def rows_of(cited: Cited) -> str:
    """`ETTIN-01..06`, `WANG24-03, -05`, or the source's id alone."""
    if not cited.rows:
        return cited.id
    numbers = [row.rpartition("-")[2] for row in cited.rows]
    runs: list[list[str]] = []
    for number in numbers:
        if runs and int(number) == int(runs[-1][-1]) + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = [run[0] if len(run) == 1 else f"{run[0]}..{run[-1]}" for run in runs]
    return f"{cited.id}-" + ", -".join(parts)


def _considered(answer: Recommendation, lang: Lang) -> list[Block]:
    title = Text("Every other choice, in the order of the rules", "其余所有选项（按规则顺序）")
    header = (
        Text("choice", "选项").say(lang),
        Text("approach", "方案").say(lang),
        Text("why not", "为何不选").say(lang),
        Text("written at", "出处").say(lang),
    )
    rows = tuple(
        (
            line(one.choice),
            line(Span(one.approach.id, words.ROLE[one.approach.family])),
            line(_why_not(answer, one, lang)),
            line(Span(one.place, "dim")),
        )
        for one in answer.alternatives
    )
    decided = Text(
        f"decided by '{answer.choice}' at {answer.reasons[0].place}",
        f"由“{answer.choice}”决定，位于 {answer.reasons[0].place}",
    )
    return [
        Heading(line(title.say(lang)), level=2),
        Table(header, rows),
        Paragraph(line(Span(decided.say(lang), "dim"))),
    ]


def _why_not(answer: Recommendation, one: Alternative, lang: Lang) -> str:
    if one.blocked_by:
        first = one.blocked_by[0]
        return words.obstacle(first, answer.got(first.wanted.fact), lang)
    return Text("possible, but a choice above it applies", "可行，但排在前面的选项已生效").say(lang)


def _sources(answer: Recommendation, lang: Lang) -> list[Block]:
    cited: dict[str, Cited] = {}
    for reason in answer.reasons:
        for one in reason.evidence:
            cited.setdefault(one.id, one)
    rows = tuple((one.id, line(f"{one.title}, {one.year}, ", Span(one.url, "dim"))) for one in cited.values())
    return [Heading(line(_SOURCES.say(lang)), level=2), Rows(rows)]
