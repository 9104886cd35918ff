"""What is said about rules, told as documents: `rules check`, `test`, `show` and `diff`."""

from __future__ import annotations

from bertgpt_cli.render import words
from bertgpt_cli.render.document import Block, Document, Heading, Line, Paragraph, Rows, Span, Table, line
from bertgpt_cli.report.rules import (
    CheckReport,
    DiffReport,
    FailedExample,
    Finding,
    RuleChange,
    ShownChoice,
    ShownTask,
    ShowReport,
    TestReport,
)
from bertgpt_cli.text import Lang, Text

_LEVEL: dict[str, Text] = {"error": Text("finding", "问题"), "note": Text("note", "提示")}


def check(report: CheckReport, lang: Lang) -> Document:
    blocks: list[Block] = []
    for finding in report.findings:
        blocks += _finding(finding, lang)
    errors = sum(one.level == "error" for one in report.findings)
    notes = len(report.findings) - errors
    said = Text(
        f"{_count(report.tasks, 'task')}, {_count(report.choices, 'choice')} in {_count(len(report.files), 'file')}: "
        f"{_count(errors, 'finding')}, {_count(notes, 'note')}",
        f"{len(report.files)} 个文件，{report.tasks} 个任务，{report.choices} 个选项：{errors} 个问题，{notes} 条提示",
    )
    return (*blocks, Paragraph(line(Span(said.say(lang), "bad" if errors else "good"))))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _finding(finding: Finding, lang: Lang) -> list[Block]:
    colon = "：" if lang == "zh" else ": "
    label = Span(f"{_LEVEL[finding.level].say(lang)}[{finding.code}]", "bad" if finding.level == "error" else "dim")
    blocks: list[Block] = [
        Paragraph(line(label, colon, finding.message.say(lang))),
        Paragraph(line(Span("  --> ", "dim"), finding.place)),
    ]
    if finding.witness or finding.code in ("BG405",):
        title = Text("for instance", "例如").say(lang)
        blocks.append(Paragraph(line(Span(f"   = {title}{colon}", "dim"), _given(finding.witness, lang))))
    return blocks


def _given(given: tuple[tuple[str, int | float | str | bool], ...], lang: Lang) -> str:
    return words.situation(given, lang) or Text("nothing is known", "什么都未说明").say(lang)


def test(report: TestReport, lang: Lang) -> Document:
    blocks: list[Block] = []
    for failed in report.failed:
        blocks += _failed(failed, lang)
    if report.unreached:
        title = Text("choices that no example reaches", "没有示例覆盖的选项")
        rows = tuple((place, line(f"{task}: {choice}")) for task, choice, place in report.unreached)
        blocks += [Heading(line(title.say(lang)), level=2), Rows(rows)]
    if not report.passed and not report.failed:
        nothing = Text(
            "there is no example to run; rules without tests do not pass", "没有可运行的示例；没有测试的规则不算通过"
        )
        blocks.append(Paragraph(line(Span(nothing.say(lang), "bad"))))
    covered = Text(f"{report.coverage}% of the choices are reached", f"示例覆盖了 {report.coverage}% 的选项")
    said = Text(
        f"{report.passed} passed, {len(report.failed)} failed", f"{report.passed} 通过，{len(report.failed)} 失败"
    )
    good = report.passed > 0 and not report.failed
    blocks.append(Paragraph(line(Span(covered.say(lang), "dim"))))
    blocks.append(Paragraph(line(Span(said.say(lang), "good" if good else "bad"))))
    return tuple(blocks)


def _failed(failed: FailedExample, lang: Lang) -> list[Block]:
    rows: list[tuple[str, Line]] = [
        (Text("given", "已知").say(lang), line(_given(failed.given, lang))),
        (Text("expected", "期望").say(lang), line(Span(failed.expected, "good"))),
        (Text("got", "得到").say(lang), line(Span(failed.got, "bad"))),
    ]
    if failed.decided_at:
        rows.append((Text("decided at", "决定处").say(lang), line(failed.decided_at)))
    title = Text(f"{failed.place}: {failed.task}", f"{failed.place}：{failed.task}")
    return [Heading(line(Span(title.say(lang), "bad")), level=2), Rows(tuple(rows))]


def show(report: ShowReport, lang: Lang) -> Document:
    return tuple(block for task in report.tasks for block in _task(task, lang))


def _task(report: ShownTask, lang: Lang) -> Document:
    blocks: list[Block] = [
        Heading(line(Span(report.title.say(lang), "strong")), line(Span(report.task, "dim"))),
        Paragraph(line(Span(report.place, "dim"))),
    ]
    if report.ruled_by != report.task:
        said = Text(
            f"no choices of its own: those of {report.ruled_by} apply", f"自身没有选项：沿用 {report.ruled_by} 的"
        )
        blocks.append(Paragraph(line(said.say(lang))))
    header = (
        "#",
        Text("choice", "选项").say(lang),
        Text("when", "条件").say(lang),
        Text("approach", "方案").say(lang),
        Text("because", "理由").say(lang),
        Text("written at", "出处").say(lang),
    )
    rows = tuple(_shown(index, choice, lang) for index, choice in enumerate(report.choices, 1))
    return (*blocks, Table(header, rows))


def _shown(index: int, choice: ShownChoice, lang: Lang) -> tuple[Line, ...]:
    when = ("，" if lang == "zh" else ", ").join(words.fact_range(one, lang) for one in choice.when)
    return (
        line(str(index)),
        line(Span(choice.id, "strong")),
        line(when or Text("always", "总是").say(lang)),
        line(Span(choice.approach.id, words.ROLE[choice.approach.family])),
        line(choice.because.say(lang)),
        line(Span(choice.place, "dim")),
    )


_PARTS: dict[str, Text] = {
    "task": Text("task", "任务"),
    "choice": Text("choice", "选项"),
    "approach": Text("approach", "方案"),
    "family": Text("family", "模型家族"),
    "source": Text("source", "来源"),
    "refusal": Text("refusal", "拒答项"),
    "title": Text("title", "名称"),
    "output": Text("output", "输出"),
    "parent": Text("parent", "父任务"),
    "aliases": Text("aliases", "别名"),
    "alternatives": Text("alternatives", "替代方案"),
    "stages": Text("stages", "步骤"),
    "asks": Text("asks", "问法"),
    "datasets": Text("data sets", "数据集"),
    "order": Text("order", "顺序"),
}


def _part(one: RuleChange, lang: Lang) -> str:
    """`task ner`, `ner: choice token-head`, `ner: order`."""
    where = f"{one.task}{'：' if lang == 'zh' else ': '}" if one.task else ""
    return f"{where}{_PARTS[one.part].say(lang)} {one.name}".rstrip()


def diff(report: DiffReport, lang: Lang) -> Document:
    if not report.changes:
        return (Paragraph(line(Text("the files change nothing", "这些文件没有改变任何规则").say(lang))),)
    header = (
        Text("change", "变化").say(lang),
        Text("what", "对象").say(lang),
        Text("before", "之前").say(lang),
        Text("after", "之后").say(lang),
    )
    verbs = {"added": Text("added", "新增"), "removed": Text("removed", "删除"), "changed": Text("changed", "修改")}
    roles = {"added": "good", "removed": "bad", "changed": ""}
    rows: tuple[tuple[Line, ...], ...] = tuple(
        (
            line(Span(verbs[one.verb].say(lang), roles[one.verb])),  # type: ignore[arg-type]
            line(_part(one, lang)),
            line(one.before),
            line(one.after),
        )
        for one in report.changes
    )
    return (Table(header, rows),)
