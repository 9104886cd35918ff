"""Layers of rule files -> one Rulebook. What exists is changed only by an explicit `override`.

Everything is checked after all layers are read, so the order of two files never decides whether they are valid.
"""

from __future__ import annotations

from collections.abc import Iterable

from bertgpt_cli.checkpoints import memory
from bertgpt_cli.checkpoints.parameters import count
from bertgpt_cli.complaints import Enough, in_order, keep
from bertgpt_cli.errors import Complaint, InputFileError
from bertgpt_cli.report.checkpoint import Checkpoint, Gpu, Shape
from bertgpt_cli.report.evidence import Result
from bertgpt_cli.rulebook.book import (
    FAMILIES,
    Approach,
    Aside,
    Choice,
    Example,
    Family,
    Refusal,
    Rulebook,
    Said,
    Source,
    Stage,
    Task,
    Variant,
    lineage,
)
from bertgpt_cli.rulebook.citation import cited
from bertgpt_cli.rulebook.evidence import Sheet
from bertgpt_cli.rulebook.facts import FACTS
from bertgpt_cli.rulebook.naming import normal
from bertgpt_cli.rulebook.reading import Layer, Part, did_you_mean, nearest
from bertgpt_cli.rulebook.shapes import SECTIONS, SHAPES
from bertgpt_cli.text import Text

_APPROACH, _TASK = Text("approach", "方案"), Text("task", "任务")
_MOST_OFF = 0.005  # how far a count may be from what is published, which is rounded
_NO_WORDS: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


def stack(layers: Iterable[Layer], sheets: Iterable[Sheet] = (), files: tuple[str, ...] = ()) -> Rulebook:
    """Raises InputFileError with every complaint (or the first hundred), in the order of the `files`."""
    stacked = _Stack(tuple(layers), tuple(sheets), files)
    try:
        book = stacked.book()
    except Enough:
        raise InputFileError(in_order(stacked.complaints, stacked.files)) from None
    if stacked.complaints:
        raise InputFileError(in_order(stacked.complaints, stacked.files))
    return book


class _Stack:
    def __init__(self, layers: tuple[Layer, ...], sheets: tuple[Sheet, ...], files: tuple[str, ...]) -> None:
        self.layers = layers
        self.sheets = sheets
        self.files = files or tuple(layer.name for layer in layers)
        self.complaints: list[Complaint] = []
        self.tasks: dict[str, Part] = {}
        self.choices: dict[str, dict[str, Part]] = {}
        self.otherwise: dict[str, Part] = {}
        self.rest: dict[str, dict[str, Part]] = {section: {} for section in SECTIONS if section != "tasks"}
        self.disabled: dict[str, Part] = {}
        self.orphans: dict[str, list[str]] = {}  # a disabled task -> the tasks that still refer to it

    def bad(self, complaint: Complaint) -> None:
        keep(self.complaints, complaint)

    def book(self) -> Rulebook:
        for layer in self.layers:
            for section, merged in self.rest.items():
                for name, part in layer.sections[section].items():
                    self._replace(section, merged, name, part)
            for name, part in layer.sections["tasks"].items():
                self._task(name, part)
            self.otherwise = self._merged_choices("otherwise", self.otherwise, layer.otherwise)
        approaches = {name: self._approach(name, part) for name, part in self.rest["approaches"].items()}
        families = {name: self._family(name, part) for name, part in self.rest["families"].items()}
        sources = {
            name: Source(name, part.get("title", ""), part.get("year", 0), part.get("url", ""))
            for name, part in self.rest["sources"].items()
        }
        tasks = {name: self._frozen(name, part, approaches) for name, part in self.tasks.items()}
        checkpoints = {
            name: self._checkpoint(name, part, approaches) for name, part in self.rest["checkpoints"].items()
        }
        for part in self.rest["approaches"].values():
            self._composed(part, approaches)
        refused = {name: self._refusal(name, part) for name, part in self.rest["refused"].items()}
        evidence = self._evidence(sources)
        self._lineage(tasks)
        self._needed()
        dates = [layer.date for layer in self.layers if layer.date]
        newest = max(dates, default="")
        names, no_names = _names(tasks), _no_names(refused)
        said, no_said = _said(self.tasks), _said(self.rest["refused"])
        return Rulebook(
            tasks,
            approaches,
            families,
            sources,
            checkpoints,
            {id: tuple(name for name, one in checkpoints.items() if id in one.serves) for id in approaches},
            self._gpus(),
            evidence,
            _kin(tasks, evidence),
            refused,
            names,
            no_names,
            said,
            no_said,
            self.files,
            newest,
        )

    def _checkpoint(self, name: str, part: Part, approaches: dict[str, Approach]) -> Checkpoint:
        for key, what, known in (("serves", _APPROACH, approaches), ("tasks", _TASK, self.tasks)):
            for one in part.get(key, ()):
                if one not in known and one not in self.disabled:
                    message = Text(f"no {what.en} is named '{one}'", f"没有名为“{one}”的{what.zh}")
                    self.bad(part.complain("BG304", message, key, did_you_mean(one, known)))
        inner = part.get("shape")
        fields = inner.fields if inner else {}
        fits = all(name in fields for name, key in SHAPES["shape"].items() if key.required)
        shape = Shape(**fields) if fits else Shape("", 1, 1, 1, 1, 1)
        model = part.get("class", "")
        parts = count(shape, model)
        published, computed = part.get("parameters", 0), parts.total
        if fits and published and abs(computed / published - 1) > _MOST_OFF:
            message = Text(
                f"the shape makes {computed:,} parameters, {computed / published - 1:+.1%} from what is published",
                f"按 shape 算出 {computed:,} 个参数，与公布值相差 {computed / published - 1:+.1%}",
            )
            self.bad(part.complain("BG312", message, "parameters"))
        return Checkpoint(
            name,
            part.get("family", ""),
            model,
            shape,
            published,
            computed,
            memory.serving(shape, parts, part.get("family", ""), part.get("context", 0)),
            part.get("context", 0),
            part.get("languages", ()),
            part.get("license", ""),
            part.get("year", 0),
            part.get("serves", ()),
            part.get("tasks", ()),
            part.get("remote_code", False),
            part.get("about", Text("", "")),
            part.get("source", ""),
            part.origin.place,
        )

    def _gpus(self) -> dict[str, Gpu]:
        found: dict[str, Gpu] = {}
        for name, part in self.rest["gpus"].items():
            one = Gpu(
                name,
                part.get("title", ""),
                part.get("memory_gb", 0) * 1e9,
                part.get("bandwidth_gbs", 0) * 1e9,
                part.get("fp32_tflops", 0) * 1e12,
                part.get("bf16_tflops", 0) * 1e12,
                part.get("int8_tops", 0) * 1e12,
                part.get("year", 0),
                part.get("source", ""),
            )
            for called in (name, *part.get("aliases", ())):
                if called in found:
                    message = Text(
                        f"'{called}' is a name of {found[called].id} already",
                        f"“{called}”已经是 {found[called].id} 的名称",
                    )
                    self.bad(part.complain("BG303", message))
                found[called] = one
        return found

    def _composed(self, part: Part, approaches: dict[str, Approach]) -> None:
        for component in part.get("parts", ()):
            self._known(component, "approach", _APPROACH, approaches)
            task = component.get("task", "")
            if task not in self.tasks and nearest(task, self.tasks):  # else it is one that a layer has disabled
                self._known(component, "task", _TASK, self.tasks)

    def _evidence(self, sources: dict[str, Source]) -> dict[str, tuple[Result, ...]]:
        """The published results of all files by task; those of a disabled task belong to none."""
        found: dict[str, list[Result]] = {}
        places: dict[str, str] = {}
        for sheet in self.sheets:
            for index, row in enumerate(sheet.rows):
                self._result(sheet, index, row, sources)
                if row.id in places:
                    message = Text(
                        f"'{row.id}' exists already, at {places[row.id]}", f"“{row.id}”已经存在，位于 {places[row.id]}"
                    )
                    self.bad(sheet.complain(index, "id", "BG302", message))
                places.setdefault(row.id, row.place)
                gone = row.task in self.disabled and row.task not in self.tasks
                found.setdefault("" if gone else row.task, []).append(row)
        return {task: tuple(rows) for task, rows in found.items()}

    def _result(self, sheet: Sheet, index: int, row: Result, sources: dict[str, Source]) -> None:
        if row.task and row.task not in self.tasks and row.task not in self.disabled:
            message = Text(f"no task is named '{row.task}'", f"没有名为“{row.task}”的任务")
            self.bad(sheet.complain(index, "task", "BG304", message, did_you_mean(row.task, self.tasks)))
        source = sources.get(row.source)
        if source is None:
            message = Text(f"no source is named '{row.source}'", f"没有名为“{row.source}”的来源")
            self.bad(sheet.complain(index, "source", "BG305", message, did_you_mean(row.source, sources)))
            return
        known = {"source_title": source.title, "year": source.year, "url": source.url}
        told = {"source_title": row.title, "year": row.year, "url": row.url}
        for column, value in told.items():
            if value != known[column]:
                message = Text(
                    f"{row.source} has another {column}: {known[column]}",
                    f"{row.source} 的 {column} 应为：{known[column]}",
                )
                self.bad(sheet.complain(index, column, "BG311", message))

    def _replace(self, section: str, merged: dict[str, Part], name: str, part: Part) -> None:
        old = merged.get(name)
        if part.get("override") is not None and old is None:
            self._nothing_below(section, name, part, merged)
        elif old is not None and part.get("override") is None:
            self._exists(name, part, old)
        else:
            merged[name] = part

    def _nothing_below(self, what: str, name: str, part: Part, known: Iterable[str]) -> None:
        message = Text(f"no {what} named '{name}' in the layers below", f"下层规则中没有名为“{name}”的 {what}")
        self.bad(part.complain("BG301", message, help=did_you_mean(name, known)))

    def _exists(self, name: str, part: Part, old: Part) -> None:
        place = old.origin.place
        message = Text(f"'{name}' exists already, at {place}", f"“{name}”已经存在，位于 {place}")
        help = Text(
            "say 'override: replace' (or merge, disable) to change it",
            "要修改它，请写 override: replace（或 merge、disable）",
        )
        self.bad(part.complain("BG302", message, help=help))

    def _task(self, name: str, part: Part) -> None:
        old = self.tasks.get(name)
        override = part.get("override")
        if override is None:
            if old is not None:
                self._exists(name, part, old)
                return
        elif old is None:
            self._nothing_below("tasks", name, part, self.tasks)
            return
        if override == "disable":
            self.disabled[name] = part
            del self.tasks[name], self.choices[name]
            return
        if old is not None and override == "merge":
            self._merge(name, old, part)
            return
        self.tasks[name] = part
        self.choices[name] = {}
        for choice in part.get("choices", ()):
            self._choice(name, choice, self.choices[name])

    def _choice(self, task: str, part: Part, into: dict[str, Part], below: Iterable[str] = ()) -> None:
        id = part.get("id") or part.get("approach")
        if id is None:
            return
        if part.get("override") is not None:
            self._nothing_below(f"choice of {task}", id, part, below)
            into.setdefault(id, part)  # or the task would seem to lack it
        elif id in into:
            self._twice(task, id, part, into[id])
        else:
            into[id] = part

    def _twice(self, task: str, id: str, part: Part, first: Part) -> None:
        message = Text(f"two choices of {task} are named '{id}'", f"{task} 中有两个选项都叫“{id}”")
        help = Text("give one of them an 'id' of its own", "请用 id 给其中一个另取名称")
        note = Text(f"the first is at line {first.node.line}", f"第一个在第 {first.node.line} 行")
        self.bad(part.complain("BG303", message, "id" if "id" in part.places else "approach", help, note))

    def _merged_choices(self, task: str, kept: dict[str, Part], choices: Iterable[Part]) -> dict[str, Part]:
        """New choices go first, in their order, since whoever adds one wants it to be heard; the rest stay in place."""
        kept, added, overridden = dict(kept), dict[str, Part](), dict[str, Part]()
        for choice in choices:
            id = choice.get("id") or choice.get("approach")
            override = choice.get("override")
            if id is None or id not in kept:
                self._choice(task, choice, added, kept)
            elif id in overridden:
                self._twice(task, id, choice, overridden[id])
            elif override is None:
                self._exists(id, choice, kept[id])
            elif override == "disable":
                del kept[id]
            elif override == "replace":
                kept[id] = overridden[id] = choice
            else:
                overridden[id] = choice
                below = kept[id]
                fields, places = {**below.fields, **choice.fields}, {**below.places, **choice.places}
                kept[id] = choice._replace(fields=fields, places=places)
        return {**added, **kept}

    def _merge(self, name: str, old: Part, part: Part) -> None:
        self.choices[name] = self._merged_choices(name, self.choices[name], part.get("choices", ()))
        fields = {**old.fields, **part.fields}
        for words in ("aliases", "asks"):
            before, after = old.get(words, _NO_WORDS), part.get(words, _NO_WORDS)
            fields[words] = tuple(tuple(dict.fromkeys((*a, *b))) for a, b in zip(before, after, strict=True))
        fields["datasets"] = tuple(dict.fromkeys((*old.get("datasets", ()), *part.get("datasets", ()))))
        for listed in ("examples", "alternatives"):
            # A merged task's old examples may no longer hold on purpose; its new ones speak for it.
            fields[listed] = part.get(listed) or old.get(listed, ())
        self.tasks[name] = old._replace(fields=fields, places={**old.places, **part.places})

    def _known(self, part: Part, key: str, what: Text, known: Iterable[str]) -> None:
        name = part.get(key)
        if name is not None and name not in known:
            message = Text(f"no {what.en} is named '{name}'", f"没有名为“{name}”的{what.zh}")
            self.bad(part.complain("BG304", message, key, did_you_mean(name, known)))

    def _refers(self, task: str, part: Part, key: str) -> None:
        """A task refers to another one by `key`."""
        if part.get(key) in self.disabled and part.get(key) not in self.tasks:
            self.orphans.setdefault(part.get(key), []).append(task)
        else:
            self._known(part, key, _TASK, self.tasks)

    def _needed(self) -> None:
        for name, users in self.orphans.items():
            words = ", ".join(dict.fromkeys(users))
            message = Text(
                f"'{name}' cannot be disabled: it is the parent or a stage of {words}",
                f"不能禁用“{name}”：它是以下任务的 parent 或步骤：{words}",
            )
            help = Text(
                "use 'override: replace', or disable those as well", "请改用 override: replace，或把它们一并禁用"
            )
            self.bad(self.disabled[name].complain("BG310", message, "override", help))

    def _cites(self, part: Part, key: str = "evidence") -> tuple[str, ...]:
        rows: list[str] = []
        for cite in part.get(key, ()):
            source, *numbered = cited(cite)
            if source not in self.rest["sources"]:
                help = did_you_mean(source, self.rest["sources"])
                message = Text(f"no source is named '{source}'", f"没有名为“{source}”的来源")
                self.bad(part.complain("BG305", message, key, help))
            rows += numbered or [source]
        return tuple(dict.fromkeys(rows))

    def _frozen(self, name: str, part: Part, approaches: dict[str, Approach]) -> Task:
        self._refers(name, part, "parent")
        own = self.choices[name]
        shared = {id: choice for id, choice in self.otherwise.items() if id not in own} if own else {}
        choices = (
            *(self._frozen_choice(id, choice, approaches) for id, choice in own.items()),
            *(self._frozen_choice(id, choice, approaches)._replace(shared=True) for id, choice in shared.items()),
        )
        return Task(
            name,
            part.get("title", Text(name, name)),
            part.get("output", ""),
            part.get("parent", ""),
            part.get("aliases", _NO_WORDS),
            choices,
            tuple(self._aside(aside, approaches) for aside in part.get("alternatives", ())),
            tuple(self._stage(name, stage) for stage in part.get("stages", ())),
            tuple(self._example(name, example, choices, approaches) for example in part.get("examples", ())),
            part.origin,
        )

    def _frozen_choice(self, id: str, part: Part, approaches: dict[str, Approach]) -> Choice:
        self._known(part, "approach", _APPROACH, approaches)
        approach = part.get("approach", id)
        if approach in approaches and approaches[approach].family not in FAMILIES:
            message = Text(
                f"{approach} is neither BERT-style nor GPT-style, so it cannot be the advice",
                f"{approach} 既不是 BERT 类也不是 GPT 类，不能作为推荐方案",
            )
            self.bad(
                part.complain(
                    "BG306", message, "approach", Text("list it under 'alternatives'", "请放到 alternatives 下")
                )
            )
        because = part.get("because", Text("", ""))
        return Choice(
            id,
            approach,
            part.get("when", ()),
            because,
            self._cites(part),
            self._cites(part, "against"),
            part.get("classes", ()),
            False,
            part.origin,
        )

    def _aside(self, part: Part, approaches: dict[str, Approach]) -> Aside:
        self._known(part, "approach", _APPROACH, approaches)
        return Aside(part.get("approach", ""), part.get("because", Text("", "")), self._cites(part), part.origin)

    def _stage(self, task: str, part: Part) -> Stage:
        self._refers(task, part, "task")
        empty = Text("", "")
        return Stage(part.get("task", ""), part.get("does", empty), part.get("passes", empty), part.origin)

    def _example(self, task: str, part: Part, choices: tuple[Choice, ...], approaches: dict[str, Approach]) -> Example:
        self._known(part, "expect", _APPROACH, approaches)
        if choices:
            self._known(part, "choice", Text(f"choice of {task}", f"{task} 的选项"), [choice.id for choice in choices])
        return Example(part.get("given", ()), part.get("expect", ""), part.get("choice", ""), part.origin)

    def _refusal(self, name: str, part: Part) -> Refusal:
        nearest = tuple(id for id in part.get("nearest", ()) if id in self.tasks)
        for id in part.get("nearest", ()):
            if id not in self.tasks and id not in self.disabled:
                message = Text(f"no task is named '{id}'", f"没有名为“{id}”的任务")
                self.bad(part.complain("BG304", message, "nearest", did_you_mean(id, self.tasks)))
        empty = Text("", "")
        title, because = part.get("title", empty), part.get("because", empty)
        return Refusal(name, title, because, part.get("aliases", _NO_WORDS), nearest, part.origin)

    def _approach(self, name: str, part: Part) -> Approach:
        family = part.get("family", "")
        if family in FAMILIES:
            self._known(part, "family", Text("family", "模型家族"), self.rest["families"])
        needs = part.get("needs", ())
        for need in needs:
            if need.high is not None and FACTS[need.fact].budget:
                message = Text(
                    f"a need on {need.fact} must be 'at-least': more of it never rules an approach out",
                    f"needs 中 {need.fact} 只能用 at-least：预算变多不应排除任何方案",
                )
                self.bad(part.complain("BG307", message, "needs"))
        empty = Text("", "")
        return Approach(
            name,
            family,
            part.get("title", empty),
            part.get("gives", ()),
            needs,
            part.get("serving", ""),
            part.get("side") or {"bert": "encoder", "gpt": "decoder"}.get(family, ""),
            part.get("since", 0),
            part.get("classes", ()),
            tuple((one.get("approach", ""), one.get("task", "")) for one in part.get("parts", ())),
            part.get("adapt", empty),
            part.get("inference", empty),
            part.get("cost", empty),
            self._cites(part),
            part.origin,
        )

    def _family(self, name: str, part: Part) -> Family:
        empty = Text("", "")
        variants = tuple(
            Variant(one.get("name", ""), one.get("about", empty), self._cites(one)) for one in part.get("variants", ())
        )
        return Family(
            name,
            part.get("title", empty),
            part.get("objective", empty),
            part.get("formula", ""),
            part.get("attention", empty),
            part.get("good_at", empty),
            variants,
            part.origin,
        )

    def _lineage(self, tasks: dict[str, Task]) -> None:
        """Every task must reach choices; a circle of parents never does."""
        for name, task in tasks.items():
            seen = {name}
            while not task.choices and task.parent in tasks and task.parent not in seen:
                seen.add(task.parent)
                task = tasks[task.parent]
            if task.choices or (task.parent and task.parent not in tasks):
                continue
            part = self.tasks[name]
            if task.parent in seen:
                message = Text(f"the parents of '{name}' go in a circle", f"“{name}”的 parent 形成了循环")
                self.bad(part.complain("BG308", message, "parent"))
            else:
                message = Text(
                    f"'{name}' has neither choices nor a parent that has",
                    f"“{name}”既没有 choices，也没有带 choices 的 parent",
                )
                self.bad(part.complain("BG309", message))


def _names(tasks: dict[str, Task]) -> dict[str, tuple[str, ...]]:
    """An id belongs to its task alone, an alias to every task that lists it, a title likewise where it is no alias."""
    names: dict[str, list[str]] = {}
    for task in tasks.values():
        for alias in (*task.aliases[0], *task.aliases[1]):
            owners = names.setdefault(normal(alias), [])
            if task.id not in owners:
                owners.append(task.id)
    for task in tasks.values():
        names[normal(task.id)] = [task.id]
    titles: dict[str, list[str]] = {}
    for task in tasks.values():
        for title in dict.fromkeys(map(normal, task.title)):
            titles.setdefault(title, []).append(task.id)
    for title, owners in titles.items():
        names.setdefault(title, owners)
    return {name: tuple(owners) for name, owners in names.items()}


def _said(parts: dict[str, Part]) -> dict[str, Said]:
    return {name: Said(part.get("asks", _NO_WORDS), part.get("datasets", ())) for name, part in parts.items()}


def _no_names(refused: dict[str, Refusal]) -> dict[str, str]:
    return {
        name: refusal.id
        for refusal in refused.values()
        for name in map(normal, (refusal.id, *refusal.title, *refusal.aliases[0], *refusal.aliases[1]))
    }


def _kin(tasks: dict[str, Task], evidence: dict[str, tuple[Result, ...]]) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Only tasks that have results are named."""
    lines = {id: lineage(tasks, id) for id in tasks}
    owners = {id: next((one for one in line if tasks[one].choices), "") for id, line in lines.items()}
    below: dict[str, list[str]] = {id: [] for id in tasks}
    for id in evidence:
        for one in lines.get(id, ()):
            if owners[one] == owners[id]:
                below[one].append(id)
    return {id: (tuple(below[id]), *((one,) for one in lines[id][1:] if one in evidence)) for id in tasks}
