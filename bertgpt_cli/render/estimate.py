"""An estimate told: memory part by part, whether it fits, how long it takes."""

from __future__ import annotations

from typing import Any

from bertgpt_cli.render import words
from bertgpt_cli.render.checkpoints import short_bytes, short_size
from bertgpt_cli.render.document import Block, Document, Heading, Line, Rows, Span, Table, line
from bertgpt_cli.report.estimate import Estimate, InPrecision
from bertgpt_cli.text import Lang, Text

_PARTS: dict[str, Text] = {
    "embeddings": Text("embeddings", "词嵌入"),
    "attention": Text("attention", "注意力"),
    "feed_forward": Text("feed-forward", "前馈层"),
    "norms": Text("norms", "归一化"),
    "head": Text("head", "输出头"),
    "weights": Text("weights", "权重"),
    "gradients": Text("gradients", "梯度"),
    "optimizer": Text("optimizer (AdamW)", "优化器（AdamW）"),
    "activations": Text("activations", "激活值"),
    "cache": Text("KV cache", "KV 缓存"),
    "overhead": Text("process", "进程开销"),
}
_LIMITS: dict[str, Text] = {
    "physical": Text("all of its memory", "全部内存"),
    "cgroup": Text("its control group's limit", "cgroup 限额"),
    "given": Text("as given", "按给定值"),
    "gpu": Text("the GPU's memory", "显存"),
}
_DASH = "-"


def document(report: Estimate, lang: Lang) -> Document:
    """What was asked, the parameters, the memory at each precision, the time, the machine."""
    family = Span(words.FAMILY[report.family].say(lang), words.ROLE.get(report.family, ""))
    blocks: list[Block] = [
        Heading(line(Span(report.name, "strong")), line(family, Span(f" · {short_size(report.parameters)}", "dim"))),
        Rows(tuple(_given(report, lang))),
        _memory(report, lang),
    ]
    blocks.append(Rows(tuple(_time(report, lang))))
    return tuple(blocks)


def _given(report: Estimate, lang: Lang) -> list[tuple[str, Line]]:
    doing = Text("training, one step of AdamW", "训练一步（AdamW）") if report.training else Text("inference", "推理")
    asked = Text(
        f"{doing.en}, a batch of {report.batch:,}, {report.tokens:,} tokens each",
        f"{doing.zh}，批大小 {report.batch:,}，每条 {report.tokens:,} 个 token",
    )
    parts = (", " if lang == "en" else "、").join(
        f"{_PARTS[part.name].say(lang)} {short_size(part.bytes)}" for part in report.parts if part.bytes
    )
    rows = [
        (Text("Given", "条件").say(lang), line(asked.say(lang))),
        (Text("Parameters", "参数量").say(lang), line(f"{report.parameters:,}", Span(f"  {parts}", "dim"))),
    ]
    if not report.known:
        note = Text(
            f"'{report.shape.architecture}' is no architecture that bertgpt knows; its parameters are counted as of its kind",
            f"未收录架构“{report.shape.architecture}”，参数量按同类模型估算",
        )
        rows.append((Text("But", "注意").say(lang), line(Span(note.say(lang), "bad"))))
    if report.context and report.tokens > report.context:
        note = Text(
            f"it reads {report.context:,} tokens at most; longer texts must be split",
            f"该模型最多读 {report.context:,} 个 token，更长的文本需切块",
        )
        rows.append((Text("But", "注意").say(lang), line(Span(note.say(lang), "bad"))))
    if report.adapters:
        note = Text(
            f"int8 and int4 weights are not trained; {short_size(report.adapters)} parameters of LoRA adapters (rank 16) are",
            f"int8、int4 权重不参与训练，只训练 LoRA 适配器（秩 16，{short_size(report.adapters)} 参数）",
        )
        rows.append((Text("LoRA", "LoRA").say(lang), line(note.say(lang))))
    return rows


def _memory(report: Estimate, lang: Lang) -> Table:
    """Parts down, precisions across."""
    header = (Text("memory", "内存").say(lang), *(one.precision for one in report.precisions))
    rows: list[tuple[Line, ...]] = []
    for index, part in enumerate(report.precisions[0].parts):
        told = [one.parts[index].bytes for one in report.precisions]
        if any(told):
            rows.append(
                (line(_PARTS[part.name].say(lang)), *(line(_bytes(value) if value else _DASH) for value in told))
            )
    total = Text("total", "合计")
    rows.append(
        (line(Span(total.say(lang), "strong")), *(line(Span(_bytes(one.total), "strong")) for one in report.precisions))
    )
    if report.machine.memory:
        title = Text("fits", "放得下")
        rows.append((line(title.say(lang)), *(_fits(one, lang) for one in report.precisions)))
        largest = Text("largest batch", "最大批")
        rows.append(
            (
                line(largest.say(lang)),
                *(line(f"{one.largest_batch:,}" if one.largest_batch else _DASH) for one in report.precisions),
            )
        )
    if any(one.seconds for one in report.precisions):
        title = Text("one step", "一步") if report.training else Text("the batch", "整批")
        rows.append((line(title.say(lang)), *(line(_range(one.seconds)) for one in report.precisions)))
        if not report.training and report.batch > 1:
            each = Text("one item", "每条")
            rows.append((line(each.say(lang)), *(line(_range(one.seconds, report.batch)) for one in report.precisions)))
    if any(one.token_seconds for one in report.precisions):
        title = Text("tokens a second", "每秒 token")
        rows.append((line(title.say(lang)), *(line(_rate(one, report.batch)) for one in report.precisions)))
    return Table(header, tuple(rows), tuple(range(1, len(header))))


def _fits(one: InPrecision, lang: Lang) -> Line:
    return line(Span(Text("yes", "是").say(lang), "good") if one.fits else Span(Text("no", "否").say(lang), "bad"))


def _time(report: Estimate, lang: Lang) -> list[tuple[str, Line]]:
    machine = report.machine
    flops = report.precisions[0].flops
    work = Text(
        f"{_operations(flops)} for the {'step' if report.training else 'batch'}, {_operations(flops / report.batch)} for each item",
        f"{'一步' if report.training else '整批'} {_operations(flops)}，每条 {_operations(flops / report.batch)}",
    )
    rows = [(Text("Work", "计算量").say(lang), line(work.say(lang)))]
    named = machine.gpu or machine.processor
    room = f"{short_bytes(machine.memory)}" if machine.memory else Text("memory not known", "内存未知").say(lang)
    parts = [named] if named else []
    if not machine.gpu:
        parts.append(Text(f"{machine.cores} cores", f"{machine.cores} 核").say(lang))
    limit = _LIMITS[machine.limit].say(lang)
    parts.append(f"{room} ({limit})" if lang == "en" else f"{room}（{limit}）")
    if machine.spare:
        parts.append(Text(f"{short_bytes(machine.spare)} free now", f"当前可用 {short_bytes(machine.spare)}").say(lang))
    rows.append((Text("Machine", "机器").say(lang), line((", " if lang == "en" else "，").join(parts))))
    rows.append((Text("Speed", "速度").say(lang), line(_speed(report, lang))))
    return rows


def _speed(report: Estimate, lang: Lang) -> str:
    speed = report.speed
    if speed is None and report.machine.gpu:
        return Text(
            "not known: rules/gpus.yaml has no such GPU, so no time is told",
            "未知：rules/gpus.yaml 中没有这款 GPU，因此不给出时间",
        ).say(lang)
    if speed is None:
        return Text(
            "not known: without PyTorch nothing is measured, so no time is told",
            "未知：没有 PyTorch 无法测速，因此不给出时间",
        ).say(lang)
    told = Text(
        f"{_operations(speed.fp32)}/s in fp32, {_operations(speed.bf16)}/s in bf16, memory {short_bytes(speed.bandwidth)}/s",
        f"fp32 {_operations(speed.fp32)}/s，bf16 {_operations(speed.bf16)}/s，内存带宽 {short_bytes(speed.bandwidth)}/s",
    )
    where = {
        "measured": Text("measured here; --calibrate measures again", "在本机测得；--calibrate 可重测"),
        "scaled": Text("scaled from this machine's to other cores", "由本机测得值按核数折算"),
        "stated": Text(
            "by its data sheet, and the share of it that models reach", "取自规格表，并按模型实际能达到的比例折算"
        ),
    }[report.measured]
    return Text(f"{told.en} ({where.en})", f"{told.zh}（{where.zh}）").say(lang)


def _bytes(value: int) -> str:
    return f"{value / 1e9:.2f} GB" if value >= 5e6 else f"{value / 1e6:.1f} MB"


def _range(found: tuple[float, float] | None, items: int = 1) -> str:
    if found is None:
        return _DASH
    low, high = (value / items for value in found)
    unit, scale = ("s", 1.0) if high >= 1 else ("ms", 1e3)
    return (
        f"{low * scale:.2g}-{high * scale:.2g} {unit}"
        if high * scale < 100
        else f"{low * scale:.0f}-{high * scale:.0f} {unit}"
    )


def _rate(one: InPrecision, batch: int) -> str:
    if one.token_seconds is None:
        return _DASH
    low, high = one.token_seconds
    return f"{batch / high:.2g}-{batch / low:.2g}" if batch / low < 100 else f"{batch / high:.0f}-{batch / low:.0f}"


def _operations(value: float) -> str:
    """12.3 TFLOP."""
    for letter, unit in (("P", 1e15), ("T", 1e12), ("G", 1e9)):
        if value >= unit:
            return f"{value / unit:.3g} {letter}FLOP"
    return f"{value / 1e6:.3g} MFLOP"


def plain(report: Estimate, lang: Lang) -> dict[str, Any]:
    """The JSON of an estimate: bytes, seconds, operations."""
    machine, speed = report.machine, report.speed
    return {
        "kind": "estimate",
        "name": report.name,
        "family": report.family,
        "class": report.model,
        "shape": {name: value for name, value in report.shape._asdict().items() if value},
        "architecture_known": report.known,
        "parameters": {"total": report.parameters, **{part.name: part.bytes for part in report.parts}},
        "adapters": report.adapters,
        "training": report.training,
        "batch": report.batch,
        "tokens": report.tokens,
        "context": report.context,
        "machine": {**machine._asdict(), "memory": machine.memory or None, "spare": machine.spare or None},
        "speed": {**speed._asdict(), "from": report.measured} if speed else None,
        "precisions": [
            {
                "precision": one.precision,
                "memory_bytes": {**{part.name: part.bytes for part in one.parts}, "total": one.total},
                "fits": one.fits,
                "largest_batch": one.largest_batch if one.largest_batch >= 0 else None,
                "flops": one.flops,
                "seconds": list(one.seconds) if one.seconds else None,
                "token_seconds": list(one.token_seconds) if one.token_seconds else None,
            }
            for one in report.precisions
        ],
    }
