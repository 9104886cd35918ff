"""Checkpoints told: the few that an answer names, a listing, one by itself."""

from __future__ import annotations

from typing import Any

from bertgpt_cli.render import words
from bertgpt_cli.render.document import Block, Document, Heading, Line, Paragraph, Rows, Span, line
from bertgpt_cli.report.checkpoint import Checkpoint, Models, Pick, Picks
from bertgpt_cli.text import Lang, Text

_FEW_LANGUAGES = 4
_ROLES: dict[str, Text] = {
    "first": Text("the first to try", "首选"),
    "smaller": Text("smaller", "更小"),
    "larger": Text("larger", "更大"),
    "next": Text("also fits", "也合适"),
}
_PARTS: dict[str, Text] = {
    "bi-encoder": Text("retrieves", "负责召回"),
    "cross-encoder": Text("reranks", "负责重排"),
    "prompted-decoder": Text("writes", "负责生成"),
    "fine-tuned-encoder": Text("understands", "负责理解"),
}


def short_size(count: int) -> str:
    """149655232 -> 150M; 1235814400 -> 1.24B: three digits, as people say it."""
    for letter, unit in (("B", 10**9), ("M", 10**6), ("K", 10**3)):
        if count >= unit * 0.9995:
            return f"{count / unit:.3g}{letter}" if count < unit * 999.5 else f"{count / unit:.0f}{letter}"
    return str(count)


def short_bytes(count: float) -> str:
    """Bytes in GB, two digits that matter."""
    return f"{count / 1e9:.2g} GB" if count < 9.95e9 else f"{count / 1e9:.0f} GB"


def languages(checkpoint: Checkpoint, lang: Lang, whole: bool = False) -> str:
    """The codes if they are few, else how many there are."""
    codes = checkpoint.languages
    if whole or len(codes) <= _FEW_LANGUAGES:
        return ", ".join(codes)
    spoken = len([code for code in codes if code != "code"])
    tail = Text(", code", "、code") if "code" in codes else Text("", "")
    return Text(f"{spoken} languages{tail.en}", f"{spoken} 种语言{tail.zh}").say(lang)


def rows(picks: Picks, lang: Lang) -> list[tuple[str, Line]]:
    """For an answer: each pick's name and numbers, why this one, and what sets it apart."""
    label = Text("Models", "模型").say(lang)
    if not picks.picks:
        if not picks.unfit:
            return []
        said = Text(
            "no checkpoint that bertgpt knows fits these facts; 'bertgpt models' lists them",
            "已知的模型中没有满足这些条件的；可用 bertgpt models 查看",
        )
        return [(label, line(said.say(lang)))]
    told = []
    for index, pick in enumerate(picks.picks):
        one = pick.checkpoint
        length = Text(f"{one.context:,} tokens", f"上下文 {one.context:,}")
        if not pick.whole:
            length = Text(f"{length.en} (split longer texts)", f"{length.zh}（更长的需切块）")
        numbers = (
            short_size(one.parameters),
            short_bytes(one.memory),
            length.say(lang),
            one.license,
            languages(one, lang),
        )
        told.append(
            (
                "" if index else label,
                line(
                    Span(one.id, "strong"),
                    Span(f"  {' · '.join(numbers)}  ", "dim"),
                    f"{_said_role(pick).say(lang)}{_COLON.say(lang)}{one.about.say(lang)}",
                ),
            )
        )
    if picks.assumed:
        chosen = Text(
            f"picked for texts in '{picks.language}'; --text-language says otherwise",
            f"按“{picks.language}”文本挑选；其他语言请用 --text-language 说明",
        )
        told.append(("", line(Span(chosen.say(lang), "dim"))))
    return told


_COLON = Text(": ", "：")


def _said_role(pick: Pick) -> Text:
    return _PARTS.get(pick.part) or _ROLES[pick.role]


def why(pick: Pick, lang: Lang) -> str:
    """Why this one was picked, of those that fit."""
    one = pick.checkpoint
    parts = [_said_role(pick).say(lang)]
    size = Text(f"{short_bytes(one.memory)} to serve", f"推理约需 {short_bytes(one.memory)}")
    parts.append(size.say(lang))
    length = Text(f"reads {one.context:,} tokens", f"上下文 {one.context:,}")
    if not pick.whole:
        length = Text(f"{length.en}, so longer texts are split", f"{length.zh}，更长的文本需切块")
    parts.append(length.say(lang))
    return (", " if lang == "en" else "，").join(parts)


def plain(one: Checkpoint, lang: Lang) -> dict[str, Any]:
    """A checkpoint for JSON."""
    return {
        "id": one.id,
        "family": one.family,
        "class": one.model,
        "shape": {name: value for name, value in one.shape._asdict().items() if value},
        "parameters": one.parameters,
        "published_parameters": one.published,
        "memory_bytes": one.memory,
        "context": one.context,
        "languages": list(one.languages),
        "license": one.license,
        "year": one.year,
        "serves": list(one.serves),
        "tasks": list(one.tasks),
        "remote_code": one.remote_code,
        "about": one.about.say(lang),
        "source": one.source,
        "place": one.place,
    }


def one_plain(one: Checkpoint, lang: Lang) -> dict[str, Any]:
    """The JSON of one checkpoint by itself."""
    return {"kind": "checkpoint", **plain(one, lang)}


def listing_plain(models: Models, lang: Lang) -> dict[str, Any]:
    """The JSON of a listing."""
    found = [plain(one, lang) for one in models.checkpoints]
    return {"kind": "checkpoints", "words": models.words, "total": models.total, "checkpoints": found}


def plain_pick(pick: Pick, lang: Lang, whole: bool) -> dict[str, Any]:
    """A pick for the JSON of an answer; not `whole`: in a few words, of which `bertgpt models ID` tells the rest."""
    one = pick.checkpoint
    told = {
        "id": one.id,
        "part": pick.part or None,
        "role": pick.role,
        "parameters": one.parameters,
        "memory_bytes": one.memory,
        "context": one.context,
        "license": one.license,
        "why": why(pick, lang),
    }
    more = {"family": one.family, "year": one.year, "about": one.about.say(lang), "source": one.source}
    return {**told, **more} if whole else told


def listing(models: Models, lang: Lang) -> Document:
    """Two lines at most for a checkpoint."""
    blocks: list[Block] = []
    for one in models.checkpoints:
        length = Text(f"{one.context:,} tokens", f"上下文 {one.context:,}").say(lang)
        numbers = (
            short_size(one.parameters), short_bytes(one.memory), length, languages(one, lang), one.license, str(one.year)
        )  # fmt: skip
        role = words.ROLE.get(one.family, "")
        blocks.append(Paragraph(line(Span(one.id, role)), line(Span(" · ".join(numbers), "dim"))))
    count = len(models.checkpoints)
    said = Text(
        f"{count} of {models.total} checkpoints. In GB: what serving one text of 512 tokens takes (encoders in fp32, the rest in bf16)",
        f"{models.total} 个模型中的 {count} 个。GB 为处理一条 512 token 文本所需内存（编码器按 fp32，其余按 bf16）",
    )
    return (*blocks, Paragraph(line(Span(said.say(lang), "dim"))))


def document(one: Checkpoint, lang: Lang) -> Document:
    """One checkpoint, all that is known."""
    shape = ", ".join(f"{name} {value:,}" for name, value in one.shape._asdict().items() if value and name not in _OWN)
    pairs: list[tuple[Text, Line]] = [
        (Text("What", "概况"), line(one.about.say(lang))),
        (
            Text("Parameters", "参数量"),
            line(
                Text(
                    f"{one.parameters:,} (published: {one.published:,})",
                    f"{one.parameters:,}（公布值 {one.published:,}）",
                ).say(lang)
            ),
        ),
        (Text("Shape", "结构"), line(f"{one.shape.architecture}: {shape}")),
        (Text("Class", "类"), line(Span(one.model, "code"))),
        (Text("Context", "上下文"), line(Text(f"{one.context:,} tokens", f"{one.context:,} 个 token").say(lang))),
        (
            Text("Memory", "内存"),
            line(
                Text(
                    f"{short_bytes(one.memory)} to serve one text of 512 tokens; more: bertgpt estimate {one.id}",
                    f"处理一条 512 token 的文本约需 {short_bytes(one.memory)}；详见 bertgpt estimate {one.id}",
                ).say(lang)
            ),
        ),
        (Text("Languages", "语言"), line(languages(one, lang, whole=True))),
        (Text("Licence", "许可证"), line(one.license)),
        (Text("Year", "年份"), line(str(one.year))),
        (Text("Serves", "适用方案"), line(", ".join(one.serves))),
    ]
    if one.tasks:
        pairs.append((Text("Ready for", "现成任务"), line(", ".join(one.tasks))))
    if one.remote_code:
        needs = Text(
            "transformers needs code from its repository, so no answer names it",
            "transformers 需要运行其仓库自带的代码，因此不会出现在推荐里",
        )
        pairs.append((Text("Loading", "加载"), line(needs.say(lang))))
    pairs.append((Text("Source", "来源"), line(Span(one.source, "dim"))))
    family = Span(words.FAMILY[one.family].say(lang), words.ROLE.get(one.family, ""))
    return (
        Heading(line(Span(one.id, "strong")), line(family, Span(f" · {short_size(one.parameters)}", "dim"))),
        Rows(tuple((label.say(lang), said) for label, said in pairs)),
    )


_OWN = ("architecture", "tied", "gated")
