"""The shape of a rule file, once: which keys each part has, of what kind, and what they mean.

The strict reader, the JSON Schema and the list of allowed keys in a complaint all come from these tables.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from bertgpt_cli.report.checkpoint import Shape
from bertgpt_cli.rulebook.book import FAMILIES, SIDES
from bertgpt_cli.rulebook.facts import OUTPUTS

# both: {en: text, zh: text}; lists: {en: [text], zh: [text]}; line: text; lines: [text]; id: a name; year: a number;
# word: one of `of`; words: a list of them; when: conditions; given: facts; items: a list of the shape named by `of`;
# cites: a list of sources or rows of them; count, size (400M) and number: above 0; flag: true or false; languages: a list of
# codes; part: a map with the keys of the shape named by `of`.
Kind = Literal[
    "both", "lists", "line", "lines", "id", "year", "word", "words", "when", "given", "items", "cites",
    "count", "size", "number", "flag", "languages", "part",
]  # fmt: skip


class Key(NamedTuple):
    kind: Kind
    about: str
    required: bool = False
    of: tuple[str, ...] = ()
    least: int = 0  # the fewest entries of a list


# What names look like. Patterns of names and values are shared by the reader and the schema, so they use no syntax that
# JSON Schema lacks.
ID = r"[a-z0-9]+(-[a-z0-9]+)*"
SOURCE_ID = r"[A-Z][A-Z0-9]*"
MODEL_ID = r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?"

OVERRIDES = ("replace", "merge", "disable")

_EVIDENCE = Key("cites", "sources (ETTIN) or rows of evidence (ETTIN-01, ETTIN-01..06) behind this", least=1)

SHAPES: dict[str, dict[str, Key]] = {
    "task": {
        "title": Key("both", "the task's name for people", required=True),
        "output": Key("word", "what the task usually gives", required=True, of=OUTPUTS),
        "parent": Key("id", "the task whose choices apply where this one has none"),
        "aliases": Key("lists", "other names of the task, as the field uses them"),
        "asks": Key("lists", "how people put it who do not know the name: the job, not the jargon"),
        "datasets": Key("lines", "well-known data sets of the task, as the field writes them"),
        "choices": Key("items", "read top down; the first that holds is the advice", of=("choice",), least=1),
        "alternatives": Key("items", "approaches outside the two families worth naming", of=("aside",), least=1),
        "stages": Key("items", "the steps of a task that is done in steps", of=("stage",), least=2),
        "examples": Key("items", "the rules' own tests", of=("example",), least=1),
        "override": Key("word", "what to do with the task of this name in the layers below", of=OVERRIDES),
    },
    "choice": {
        "id": Key("id", "a name unique in the task; the approach's id unless told"),
        "approach": Key("id", "the approach that is advised", required=True),
        "when": Key("when", "conditions on facts, all of which must hold; none: always"),
        "because": Key("both", "the reason, as a person would give it", required=True),
        "evidence": _EVIDENCE._replace(required=True),
        "against": _EVIDENCE._replace(
            about="rows of evidence that speak against this; where results conflict, both are told"
        ),
        "classes": Key("lines", "Hugging Face classes, where the task needs others than the approach names", least=1),
        "override": Key("word", "what to do with the choice of this id in the layers below", of=OVERRIDES),
    },
    "aside": {
        "approach": Key("id", "the approach", required=True),
        "because": Key("both", "when it is the better one", required=True),
        "evidence": _EVIDENCE._replace(required=True),
    },
    "stage": {
        "task": Key("id", "the task that this step amounts to", required=True),
        "does": Key("both", "what the step does", required=True),
        "passes": Key("both", "what it hands on to the next step", required=True),
    },
    "example": {
        "given": Key("given", "facts", required=True),
        "expect": Key("id", "the approach that must be advised", required=True),
        "choice": Key("id", "the choice that must decide, where several lead to the approach"),
    },
    "approach": {
        "family": Key("word", "which family it belongs to", required=True, of=(*FAMILIES, "encoder-decoder")),
        "title": Key("both", "the approach in a few words", required=True),
        "gives": Key("words", "the outputs it can produce", required=True, of=OUTPUTS, least=1),
        "needs": Key("when", "what it cannot do without; contradicted by a given fact, it is ruled out"),
        "serving": Key("word", "what one item costs when served", required=True, of=("light", "mixed", "heavy")),
        "side": Key("word", "whose published wins speak for it; the family tells, but for a hybrid", of=SIDES),
        "since": Key("year", "the year in which models of this kind appeared; no older result speaks for it"),
        "classes": Key("lines", "the Hugging Face classes to start from", required=True, least=1),
        "parts": Key(
            "items", "of a combination: the approaches that it is put together from", of=("component",), least=2
        ),
        "adapt": Key("both", "how the pretrained model is adapted: head or prompt", required=True),
        "inference": Key("both", "what inference needs", required=True),
        "cost": Key("both", "what it costs in the input's length n", required=True),
        "evidence": _EVIDENCE,
        "override": Key("word", "what to do with the approach of this name in the layers below", of=("replace",)),
    },
    "component": {
        "approach": Key("id", "the approach whose models do this part", required=True),
        "task": Key("id", "the task that it does here, if it is not the whole's"),
    },
    "family": {
        "title": Key("both", "the family's name", required=True),
        "objective": Key("both", "what it is pretrained to do", required=True),
        "formula": Key("line", "the loss", required=True),
        "attention": Key("both", "which tokens see which", required=True),
        "good_at": Key("both", "what that makes it good at", required=True),
        "variants": Key("items", "relatives and what they changed", of=("variant",)),
        "override": Key("word", "what to do with the family of this name in the layers below", of=("replace",)),
    },
    "variant": {
        "name": Key("line", "the model's name", required=True),
        "about": Key("both", "what it changed", required=True),
        "evidence": _EVIDENCE,
    },
    "refusal": {
        "title": Key("both", "what the words are about instead of a text task", required=True),
        "because": Key("both", "why bertgpt does not advise on it, and what to do where text is near", required=True),
        "aliases": Key("lists", "names of what is refused; words that are one are never a misspelt task"),
        "asks": Key("lists", "how people put it", required=True),
        "nearest": Key("lines", "the tasks that come nearest, if any do", least=1),
        "override": Key("word", "what to do with the refusal of this name in the layers below", of=("replace",)),
    },
    "source": {
        "title": Key("line", "the publication's title", required=True),
        "year": Key("year", "the year it appeared", required=True),
        "url": Key("line", "where it can be read", required=True),
    },
    "checkpoint": {
        "family": Key("word", "which family it belongs to", required=True, of=("bert", "gpt", "encoder-decoder")),
        "class": Key("line", "the transformers class that the published weights are for", required=True),
        "shape": Key("part", "the numbers of its architecture, as in its config.json", required=True, of=("shape",)),
        "parameters": Key("size", "the parameter count as published", required=True),
        "context": Key("count", "the most tokens that it reads at once", required=True),
        "languages": Key(
            "languages", "the languages that it was trained for; code for program text", required=True, least=1
        ),
        "license": Key("line", "the licence of the weights, as on the model card", required=True),
        "year": Key("year", "the year in which the weights appeared", required=True),
        "serves": Key("lines", "the approaches that start from it", required=True, least=1),
        "tasks": Key("lines", "the only tasks that its head is ready for; none: any", least=1),
        "remote_code": Key("flag", "true where nothing loads it but code from its own repository; no answer names it"),
        "about": Key("both", "what sets it apart, in a clause", required=True),
        "source": Key("line", "where these facts can be read", required=True),
        "override": Key("word", "what to do with the checkpoint of this name in the layers below", of=("replace",)),
    },
    "shape": {
        "architecture": Key("line", "the config's model_type", required=True),
        **{
            name: Key("flag" if isinstance(default, bool) else "count", f"{name} of the architecture")
            for name, default in Shape._field_defaults.items()
        },
        **{
            name: Key("count", f"{name} of the architecture", required=True)
            for name in Shape._fields
            if name not in Shape._field_defaults and name != "architecture"
        },
    },
    "gpu": {
        "title": Key("line", "the name it is sold under", required=True),
        "aliases": Key("lines", "other ways to write it, in small letters"),
        "memory_gb": Key("number", "its memory, in gigabytes", required=True),
        "bandwidth_gbs": Key("number", "its memory's bandwidth, in gigabytes a second", required=True),
        "fp32_tflops": Key("number", "dense fp32 without tensor cores, in tera-operations a second", required=True),
        "bf16_tflops": Key("number", "dense bf16 (or fp16) with tensor cores", required=True),
        "int8_tops": Key("number", "dense int8 with tensor cores"),
        "year": Key("year", "the year in which it appeared", required=True),
        "source": Key("line", "where these numbers can be read", required=True),
        "override": Key("word", "what to do with the GPU of this name in the layers below", of=("replace",)),
    },
}

# The top level: each section is a map from names to parts of one shape.
SECTIONS: dict[str, str] = {
    "tasks": "task",
    "approaches": "approach",
    "families": "family",
    "sources": "source",
    "refused": "refusal",
    "checkpoints": "checkpoint",
    "gpus": "gpu",
}

# What the names of a section look like, where they are not ids.
NAMES: dict[str, str] = {"source": SOURCE_ID, "checkpoint": MODEL_ID}

# One section is a list of choices: they end every task's own list, for outputs that the task does not usually give.
OTHERWISE = "otherwise"
