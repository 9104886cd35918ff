"""Every starter program is run as it stands on tiny models of the right classes, and gives what it promises."""

from __future__ import annotations

import ast
import contextlib
import http.server
import itertools
import json
import math
import re
import socket
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bertgpt_cli.rulebook import loading, starters
from tests.tiny_models import CONTEXT, READS, TinyModels, quiet

BOOK = loading.load()
FOLDER = Path(__file__).resolve().parent.parent / "rules" / "starters"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py"))
TO_FILL = {"MODEL", "CONTEXT", "ENCODER", "EMBEDDER", "RERANKER", "DECODER", "BASE_URL"}
MOST_LINES = 60

# What a program leaves behind for each output, by name.
LEFT = {
    "label": "labels",
    "span": "spans",
    "score": "scores",
    "vector": "vectors",
    "ranking": "ranking",
    "text": "answers",
    "json": "records",
}

# Where the classes that the rules name are not in the program, and why.
OTHER_CLASSES = {
    "hosted-decoder": "the rules say 'a hosted chat API', and the program speaks to one",
}

pytestmark = [
    pytest.mark.slow,
    # The libraries' own doing:
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),  # peft asks for it
    pytest.mark.filterwarnings("ignore:fan_in_fan_out:UserWarning"),  # peft, on GPT-2
    pytest.mark.filterwarnings("ignore:'pin_memory' argument:UserWarning"),  # transformers' Trainer, for setfit
]


def text_of(name: str) -> str:
    return (FOLDER / f"{name}.py").read_text(encoding="utf-8")


def approach_of(name: str) -> str:
    return name.partition(".")[0]


def constants_of(program: str) -> dict[str, Any]:
    """The constants at the top, as `fill` sees them."""
    found = {}
    for node in ast.parse(program).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper():
            with contextlib.suppress(ValueError):
                found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


# --- without models --------------------------------------------------------------------------------------------------


def test_every_approach_has_a_program() -> None:
    assert {approach_of(name) for name in NAMES} == set(BOOK.approaches)


@pytest.mark.parametrize("name", NAMES)
def test_a_program_is_named_after_what_it_is_for(name: str) -> None:
    approach, _, rest = name.partition(".")
    assert approach in BOOK.approaches
    assert not rest or rest in BOOK.tasks or rest in BOOK.approaches[approach].gives or rest == "label"


PAIRS = [(approach.id, output) for approach in BOOK.approaches.values() for output in approach.gives]


@pytest.mark.parametrize(("approach", "output"), PAIRS)
def test_every_output_of_every_approach_finds_a_program_that_gives_it(approach: str, output: str) -> None:
    program = starters.find(approach, (), output)
    assert program is not None
    assert re.search(rf"^ *(\w+, )*{LEFT[output]}(, \w+)* = ", program, re.M), LEFT[output]


@pytest.mark.parametrize("name", NAMES)
def test_a_program_of_a_task_gives_what_the_task_gives(name: str) -> None:
    approach, _, rest = name.partition(".")
    if rest in BOOK.tasks:
        output = BOOK.tasks[rest].output
        output = output if output in BOOK.approaches[approach].gives else BOOK.approaches[approach].gives[0]
        assert re.search(rf"^ *(\w+, )*{LEFT[output]}(, \w+)* = ", text_of(name), re.M)


@pytest.mark.parametrize("name", NAMES)
def test_the_top_is_as_bertgpt_fills_it(name: str) -> None:
    program = text_of(name)
    lines = program.splitlines()
    assert len(lines) <= MOST_LINES
    assert re.fullmatch(r'"""\S.*[.?] Needs: pip install [a-z _-]+\."""', lines[0])
    assert "Your own data here" in program
    assert "print(" in program
    assert "__name__" not in program
    top = constants_of(program)
    named = {one for one in top if re.search(rf"^{one} = ", program, re.M)}
    ids = named & {"MODEL", "ENCODER", "EMBEDDER", "RERANKER", "DECODER"}
    assert ids
    assert ids == {"MODEL"} or "MODEL" not in ids
    assert all(isinstance(top[one], str) and re.fullmatch(r"[\w.-]+(/[\w.-]+)?", top[one]) for one in ids)
    if approach_of(name) == "hosted-decoder":
        assert "BASE_URL" in named
        assert "CONTEXT" not in named
    elif "CONTEXT" in named:
        assert re.search(r"^CONTEXT = [\d_]+  # most tokens that (it|the decoder) reads at once$", program, re.M)
        assert program.count("CONTEXT") > 1
    else:
        assert ids == {"EMBEDDER", "RERANKER"}  # no decoder whose it would be


@pytest.mark.parametrize("name", NAMES)
def test_filling_changes_the_constants_and_nothing_else(name: str) -> None:
    program = text_of(name)
    values: dict[str, str | int] = {one: f"someone/{one.lower()}" for one in TO_FILL - {"CONTEXT"}}
    filled = starters.fill(program, {**values, "CONTEXT": 123456})
    ast.parse(filled)
    before, after = program.splitlines(), filled.splitlines()
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        if old != new:
            constant = old.partition(" = ")[0]
            assert constant in TO_FILL
            value = "123_456" if constant == "CONTEXT" else f'"{values[constant]}"'
            assert new == f"{constant} = {value}" + (f"  #{old.partition('  #')[2]}" if "  #" in old else "")
    assert starters.fill(program, {}) == program
    own = {one: values[one] for one in constants_of(program) if one in values}
    assert own.items() <= constants_of(filled).items()


@pytest.mark.parametrize("name", NAMES)
def test_the_classes_are_those_that_the_rules_name(name: str) -> None:
    approach, _, rest = name.partition(".")
    named = set(BOOK.approaches[approach].classes)
    for task in BOOK.tasks.values():
        for choice in task.choices:
            if choice.approach == approach and rest in ("", task.id, "span"):
                named |= set(choice.classes)
    # A span or a question is read by the heads that the rules name for spans.
    if rest == "question-answering":
        named.add("AutoModelForQuestionAnswering")
    used = {node.id for node in ast.walk(ast.parse(text_of(name))) if isinstance(node, ast.Name)}
    assert used & named or approach in OTHER_CLASSES, named


# --- with models -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyModels]:
    quiet()
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the models are too small to share
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import transformers

    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    strings = [
        node.value
        for name in NAMES
        for node in ast.walk(ast.parse(text_of(name)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    yield TinyModels(tmp_path_factory.mktemp("models"), strings)
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def only_here(self: socket.socket, address: Any) -> None:
        assert isinstance(address, (str, bytes)) or address[0] == "127.0.0.1", f"the network was asked: {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_here)


class Host(http.server.BaseHTTPRequestHandler):
    """A chat endpoint that answers with what stands in `says`, in turn, and keeps what it was asked."""

    says: Iterator[tuple[str, str]]
    asked: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path.endswith("/chat/completions")
        assert self.headers["Authorization"] == "Bearer secret"
        self.asked.append(body)
        answer, reason = next(self.says)
        reply = {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": [{"index": 0, "finish_reason": reason, "message": {"role": "assistant", "content": answer}}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
        data = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)  # it would not ask 127.0.0.1 either
    monkeypatch.setenv("API_KEY", "secret")
    Host.asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


Left = dict[str, Any]


def execute(program: str, constants: Mapping[str, str | int]) -> Left:
    import torch

    torch.manual_seed(0)
    # What is written is kept short, so that a decoder without places past CONTEXT can hold it.
    program = re.sub(r"^(MAX_NEW_TOKENS(?:, \w+)*) = \d+", r"\1 = 12", starters.fill(program, constants), flags=re.M)
    left: Left = {"__name__": "starter"}
    exec(compile(program, "starter.py", "exec"), left)
    return left


BERTS = ("bert", "roberta", "modernbert")
GPTS = ("gpt2", "qwen3")


def kinds_of(name: str) -> Sequence[str]:
    """The kinds of models that a program is run on."""
    approach, _, rest = name.partition(".")
    if approach == "hosted-decoder":
        return ("host",)
    if approach in ("few-shot-encoder", "zero-shot-span-encoder", "embed-and-cluster"):
        return ("bert",)
    if approach == "choice-head":
        return BERTS
    if approach in ("bi-encoder", "retrieve-then-rerank"):
        return ("bert", "roberta")
    if approach == "encoder-decoder":
        return ("nllb",) if rest == "translation" else ("t5", "bart")
    if approach == "decoder-embedder":
        return ("qwen3",)
    family = BOOK.approaches[approach].family
    return BERTS if family == "bert" else GPTS


def models(tiny: TinyModels, name: str, kind: str) -> dict[str, str | int]:
    """What stands in the place of each checkpoint."""
    approach, _, rest = name.partition(".")
    berts = kind if kind in BERTS else "bert"
    if approach in ("few-shot-encoder", "bi-encoder", "embed-and-cluster", "decoder-embedder"):
        return {"MODEL": tiny.embedder_model(kind), "CONTEXT": READS}
    if approach == "ready-made-encoder":
        model = {
            "": lambda: tiny.classifier_model(kind, ("negative", "neutral", "positive")),
            "span": lambda: tiny.tagger_model(kind),
            "score": lambda: tiny.classifier_model(kind, ("1 star", "2 stars", "3 stars")),
            "question-answering": lambda: tiny.reader_model(kind),
        }.get(rest, lambda: tiny.classifier_model(kind, ("contradiction", "entailment", "neutral")))()
        return {"MODEL": model, "CONTEXT": READS}
    if approach == "zero-shot-nli-encoder":
        return {"MODEL": tiny.classifier_model(kind, ("contradiction", "entailment", "neutral")), "CONTEXT": READS}
    if approach == "zero-shot-span-encoder":
        return {"MODEL": tiny.gliner_model(), "CONTEXT": READS}
    if name == "edit-tagging-encoder.pii-detection":
        return {"MODEL": tiny.tagger_model(kind), "CONTEXT": READS}
    if name == "cross-encoder.ranking":
        return {"MODEL": tiny.classifier_model(kind, ("relevant",)), "CONTEXT": READS}
    if approach == "encoder-decoder":
        return {"MODEL": tiny.seq2seq_model(kind), "CONTEXT": READS}
    if BOOK.approaches[approach].family == "bert" and approach != "retrieve-then-rerank":
        return {"MODEL": tiny.base_model(kind), "CONTEXT": READS}
    found: dict[str, str | int] = {"CONTEXT": CONTEXT}
    parts = constants_of(text_of(name))
    if "MODEL" in parts:
        found["MODEL"] = tiny.decoder_model(kind)
    if "DECODER" in parts:
        found["DECODER"] = tiny.decoder_model(kind)
    if "ENCODER" in parts:
        found["ENCODER"] = tiny.base_model(berts)
    if "EMBEDDER" in parts:
        found["EMBEDDER"] = tiny.embedder_model(berts)
    if "RERANKER" in parts:
        found["RERANKER"] = tiny.classifier_model(berts, ("relevant",))
    return found


HOSTED = {
    "hosted-decoder": ["A cold day.", "A bridge."],
    "hosted-decoder.label": ["Praise.", "no idea", "praise", "complaint"],
    "hosted-decoder.span": ['Here: [{"text": "London", "type": "place"}]', "nothing"],
    "hosted-decoder.json": ['```json\n{"item": "guitar", "price": 120, "city": "London"}\n```', "nothing"],
    "hosted-decoder.score": ["4", "I would say 9"],
    "hosted-decoder.ranking": ["[2] > [9] > [4] > [2]"],
}

RUNS = [(name, kind) for name in NAMES for kind in kinds_of(name)]


@pytest.mark.parametrize(("name", "kind"), RUNS, ids=["-on-".join(run) for run in RUNS])
def test_a_program_gives_what_it_promises(
    name: str,
    kind: str,
    tiny: TinyModels,
    host: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import torch

    monkeypatch.chdir(tmp_path)
    watched: list[tuple[torch.Tensor, torch.Tensor]] = []

    class Watched(torch.optim.AdamW):
        def __init__(self, params: Any, **how: Any) -> None:
            params = list(params)
            watched.extend((one.detach().clone(), one) for one in params)
            super().__init__(params, **how)

    if name.startswith("zero-shot-span"):
        pytest.importorskip("gliner", reason="asks for transformers below 5.17, so it is installed with --no-deps")
    if "losses = " in text_of(name) or "losses, " in text_of(name):
        monkeypatch.setattr(torch.optim, "AdamW", Watched)
    if kind == "host":
        Host.says = ((one, "stop") for one in HOSTED[name])
        left = execute(text_of(name), {"MODEL": "big", "BASE_URL": host})
    else:
        left = execute(text_of(name), models(tiny, name, kind))
    approach = approach_of(name)
    outputs = [output for output in BOOK.approaches[approach].gives if LEFT[output] in left]
    assert outputs
    for output in outputs:
        CHECKS[output](name, left)
    if "probabilities" in left:
        assert all(math.isclose(sum(row), 1, abs_tol=1e-4) for row in left["probabilities"])
    if "losses" in left:
        assert len(left["losses"]) >= 2
        assert all(math.isfinite(loss) for loss in left["losses"])
        # Losses differ by dropout alone, so that the weights themselves are looked at.
        moved = [not torch.equal(old, new) for old, new in watched]
        assert sum(moved) > len(moved) / 2
    assert capsys.readouterr().out.strip()


def items(left: Left) -> Sequence[Any]:
    for name in ("texts", "pairs", "questions"):
        if name in left:
            found = left[name]
            assert isinstance(found, list)
            return found
    return [left[name] for name in ("query", "question") if name in left]


def check_labels(name: str, left: Left) -> None:
    labels, known = left["labels"], left.get("LABELS")
    if approach_of(name) == "embed-and-cluster":
        assert set(labels) == set(range(len(set(labels))))
    if approach_of(name) == "decoder-reranker":
        assert set(labels) <= {"yes", "no"}
        return
    assert len(labels) == len(items(left))
    if approach_of(name) in ("choice-head", "option-scoring-decoder"):
        assert all(label in options for label, (_, options) in zip(labels, left["questions"], strict=True))
    elif name.startswith("hosted"):
        assert labels == ["praise", None]
    elif known is not None:
        known = {*known, *(known.values() if isinstance(known, dict) else ())}
        flat = itertools.chain(*labels) if isinstance(labels[0], list) else labels
        assert set(flat) <= known


def check_spans(name: str, left: Left) -> None:
    texts = [item[1] if isinstance(item, tuple) else item for item in items(left)]
    assert len(left["spans"]) == len(texts)
    for text, found in zip(texts, left["spans"], strict=True):
        assert list(found) == sorted(found)
        for start, end, kind in found:
            assert 0 <= start < end <= len(text)
            assert text[start:end].strip()
            assert isinstance(kind, str)
            if "edit" not in name:
                assert kind in {*left.get("TYPES", ()), *(tag[2:] for tag in left.get("TAGS", ())), "answer"} or (
                    kind in ("person", "place", "PER", "LOC")
                )
        for (_, end, _), (start, _, _) in itertools.pairwise(found):
            assert end <= start
    if name.startswith("hosted"):
        assert left["spans"] == [[(21, 27, "place")], []]


def check_scores(name: str, left: Left) -> None:
    flat = [one for row in left["scores"] for one in (row if isinstance(row, list) else [row])]
    assert flat
    if name.startswith("hosted"):
        assert flat == [4.0, None]
        return
    assert all(isinstance(one, float) and math.isfinite(one) for one in flat)
    if "HIGHEST" in left and not name.startswith("llm"):
        assert all(1 <= one <= left["HIGHEST"] for one in flat)
    if name.startswith(("choice", "option")):
        assert all(math.isclose(sum(row), 1, abs_tol=1e-4) for row in left["scores"])


def check_vectors(name: str, left: Left) -> None:
    import numpy as np

    assert left["vectors"].shape == (len(left.get("sentences") or left["texts"]), 32)
    assert np.allclose(np.linalg.norm(left["vectors"], axis=1), 1, atol=1e-4)


def check_ranking(name: str, left: Left) -> None:
    things = left.get("documents") or left["sentences"]
    assert sorted(left["ranking"]) == list(range(len(things)))
    if name.startswith("hosted"):
        assert left["ranking"] == [1, 3, 0, 2]


def check_answers(name: str, left: Left) -> None:
    assert len(left["answers"]) == len(items(left))
    assert all(isinstance(answer, str) for answer in left["answers"])
    if name == "hosted-decoder":
        assert left["answers"] == ["A cold day.", "A bridge."]
        assert [asked["temperature"] for asked in Host.asked] == [0.7, 0.7]
    if "out" in left and "MAX_NEW_TOKENS" in left and "head" in left:
        assert left["out"].shape[1] - left["head"].shape[1] <= left["MAX_NEW_TOKENS"]


def check_records(name: str, left: Left) -> None:
    assert len(left["records"]) == len(items(left))
    assert all(record is None or isinstance(record, dict) for record in left["records"])
    if name.startswith("hosted"):
        assert left["records"] == [{"item": "guitar", "price": 120, "city": "London"}, None]
        assert all(asked["temperature"] == 0 and asked["max_tokens"] == left["MAX_TOKENS"] for asked in Host.asked)


CHECKS = {
    "label": check_labels,
    "span": check_spans,
    "score": check_scores,
    "vector": check_vectors,
    "ranking": check_ranking,
    "text": check_answers,
    "json": check_records,
}


# --- what people get wrong -------------------------------------------------------------------------------------------

# Of these no model has a place past its context, so that reading or writing too much is an error.
LONG_RUNS = [(name, kind) for name, kind in RUNS if kind in ("bert", "roberta", "gpt2", "bart")]


def lengthened(name: str, times: int) -> str:
    """The program with its own texts made longer than a model reads at once, just before the models are loaded."""
    program = text_of(name)
    swollen = f"' '.join([{{}}] * {times})"
    first, both = swollen.format("one[0]"), f"tuple(' '.join([text] * {times}) for text in one)"
    if "question-answering" in name or name == "span-head":
        both = f"(one[0], {swollen.format('one[1]')})"
    elif "AutoModelForSequenceClassification" in program and "premise" in program:
        both = f"({first}, one[1])"
    lines = [
        f"texts = [{swollen.format('one')} for one in texts]",
        f"documents = [{swollen.format('one')} for one in documents]",
        f"pairs = [{both} for one in pairs]",
        f"questions = [({first}, one[1]) for one in questions]",
    ]
    others = ("token-head", "span-head", "few-shot-encoder", "fine-tuned-decoder.ranking")  # what stands first is short
    if name not in others and "ENCODER" not in program:
        lines.append(f"train = [({first}, *one[1:]) for one in train]")
    added = [line for line in lines if re.search(rf"^{line.partition(' ')[0]} = \[", program, re.M)]
    if not added:
        return ""
    return re.sub(
        r"^(?=device = |model = |embedder = )", lambda _: "\n".join(added) + "\n", program, count=1, flags=re.M
    )


@pytest.mark.parametrize(("name", "kind"), LONG_RUNS, ids=["-on-".join(run) for run in LONG_RUNS])
def test_texts_over_the_context_are_read(
    name: str, kind: str, tiny: TinyModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if name.startswith("zero-shot-span"):
        pytest.importorskip("gliner", reason="asks for transformers below 5.17, so it is installed with --no-deps")
    program = lengthened(name, 45 if kind == "gpt2" else 9)
    if not program:
        assert name in ("bi-encoder.extractive-summarization", "retrieve-then-rerank.label")
        return
    left = execute(program, models(tiny, name, kind))
    given = [*strings_in([left.get(one, []) for one in ("texts", "pairs", "documents", "questions")])]
    assert max(len(tiny.wordpiece()(text)["input_ids"]) for text in given) > (CONTEXT if kind == "gpt2" else READS)
    outputs = [output for output in BOOK.approaches[approach_of(name)].gives if LEFT[output] in left]
    assert outputs
    for output in outputs:
        CHECKS[output](name, left)


def strings_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from strings_in(one)


def mutated(name: str, old: str, new: str) -> str:
    program = text_of(name)
    assert old in program
    return program.replace(old, new)


def lines_without(name: str, start: str) -> str:
    program = text_of(name)
    kept = [line for line in program.splitlines() if not line.startswith(start)]
    assert len(kept) < len(program.splitlines())
    return "\n".join(kept)


@pytest.mark.parametrize("name", ["fine-tuned-decoder.label", "fine-tuned-decoder.score", "fine-tuned-decoder.ranking"])
@pytest.mark.parametrize(
    ("line", "error"),
    [("tokenizer.pad_token = ", "padding token"), ("model.config.pad_token_id = ", "padding token")],
)
def test_a_decoder_classifier_fails_without_a_padding_token(name: str, line: str, error: str, tiny: TinyModels) -> None:
    with pytest.raises(ValueError, match=error):
        execute(lines_without(name, line), models(tiny, name, "qwen3"))


def test_the_last_real_token_is_read_however_much_padding_follows(tiny: TinyModels) -> None:
    import torch

    name = "fine-tuned-decoder.label"
    left = execute(text_of(name), models(tiny, name, "qwen3"))
    with torch.inference_mode():
        alone, beside = left["read"](["Hello."]), left["read"](["Hello.", "A much longer text stands beside it here."])
    assert torch.allclose(alone[0], beside[0], atol=1e-4)


@pytest.mark.parametrize("side", ["left", "right"])
def test_prompts_of_unequal_length_need_padding_on_the_left(side: str, tiny: TinyModels) -> None:
    name = "prompted-decoder.span"
    program = mutated(name, 'padding_side="left"', f'padding_side="{side}"')
    left = execute(program, models(tiny, name, "qwen3"))
    short, long = left["prompt"]("Hello."), left["prompt"]("A much longer text stands beside it here, and goes on.")
    assert (left["ask"]([short, long])[0] == left["ask"]([short])[0]) is (side == "left")


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_reranker_reads_the_last_place(side: str, tiny: TinyModels) -> None:
    name = "decoder-reranker"
    program = mutated(name, 'padding_side="left"', f'padding_side="{side}"')
    left = execute(program, models(tiny, name, "qwen3"))
    tokenizer, room = left["tokenizer"], left["room"]
    for word in " ".join(left["documents"]).split():  # until the second piece, a short one, is the better
        ids = tokenizer.encode(" ".join([word] * (room + 3)), add_special_tokens=False)[: room + 3]
        pieces = [ids[i : i + room] for i in range(0, len(ids) - room // 8, room - room // 8)]
        scores = [left["read"](tokenizer.decode(piece)) for piece in pieces]
        if scores[1] > scores[0]:
            break
    assert math.isclose(left["read"](tokenizer.decode(ids)), scores[1], abs_tol=1e-5) is (side == "left")


def test_only_the_first_piece_of_a_word_is_scored(tiny: TinyModels) -> None:
    name = "token-head"
    right = execute(text_of(name), models(tiny, name, "bert"))
    words = len(right["train"][-1][1].split())
    assert int((right["target"] != -100).sum()) == words < len(right["target"])
    wrong = execute(mutated(name, ", -100)  #", ", 0)  #"), models(tiny, name, "bert"))
    assert right["losses"][0] != pytest.approx(wrong["losses"][0], abs=1e-4)


def test_only_the_answer_is_learnt(tiny: TinyModels) -> None:
    name = "fine-tuned-decoder"
    right = execute(text_of(name), models(tiny, name, "gpt2"))
    tails = [tail for _, tail in right["rows"]]
    assert int((right["target"] != -100).sum()) == sum(map(len, tails))
    assert all(tail[-1] == right["tokenizer"].eos_token_id for tail in tails)
    for old, new in [("[-100] * len(head) + tail", "head + tail"), ("padding_value=-100", "padding_value=0")]:
        wrong = execute(mutated(name, old, new), models(tiny, name, "gpt2"))
        assert right["losses"][0] != pytest.approx(wrong["losses"][0], abs=1e-4)


OVERFLOW = ', "return_overflowing_tokens": True}'
OWNER = 'chunks.pop("overflow_to_sample_mapping")'


def test_the_end_of_a_long_text_counts(tiny: TinyModels) -> None:
    import torch

    name = "fine-tuned-encoder"
    constants = models(tiny, name, "bert")
    right = execute(text_of(name), constants)
    program = mutated(name, OVERFLOW, "}").replace(OWNER, "torch.arange(len(texts))")
    wrong = execute(program, constants)
    start = "The staff were kind and the room was spotless. " * 8
    with torch.inference_mode():
        for left, tells in [(right, True), (wrong, False)]:
            one, other = left["read"]([f"{start} great"])[0], left["read"]([f"{start} terrible books"])[0]
            assert torch.allclose(one, other, atol=1e-6) is not tells
    with pytest.raises((IndexError, RuntimeError, UserWarning)):
        execute(mutated(name, '"truncation": True', '"truncation": False'), constants)


def test_padding_is_left_out_of_a_mean(tiny: TinyModels) -> None:
    import numpy as np

    name = "frozen-encoder"
    constants = models(tiny, name, "bert")
    right = execute(text_of(name), constants)
    wrong = execute(
        mutated(name, "(hidden * mask)", "hidden").replace("mask.sum()", "hidden[..., 0].numel()"), constants
    )
    text = "The staff were kind and the room was spotless. " * 4  # two chunks, the last with padding
    assert not np.allclose(right["embed"](text), wrong["embed"](text), atol=1e-4)
    short = "The staff were kind."
    assert np.allclose(right["embed"](short), wrong["embed"](short), atol=1e-4)


@pytest.mark.parametrize("kind", BERTS)
def test_a_mask_is_filled_by_one_word_for_each_label(kind: str, tiny: TinyModels) -> None:
    name = "masked-token-prompt"
    constants = models(tiny, name, kind)
    left = execute(text_of(name), constants)
    assert all(len(ids) == 2 for ids in left["words"].values())
    with pytest.raises(ValueError, match="not one token"):
        execute(mutated(name, '"great"', '"otherworldly"'), constants)


SAYS = [
    ("prompted-decoder", "It is cold.", {"answers": ["It is cold.", "It is cold."]}),
    ("prompted-decoder.span", '[{"text": "London", "type": "place"}, 3]', {"spans": [[], []]}),
    (
        "prompted-decoder.span",
        'Sure: [{"text": "London", "type": "place"}, {"text": "Mars", "type": "place"}]',
        {"spans": [[(21, 27, "place")], []]},
    ),
    ("prompted-decoder.json", '{"item": "guitar", "price": "cheap", "city": null}', {"records": [None, None]}),
    (
        "prompted-decoder.json",
        '{"item": "guitar", "price": 120, "city": null, "more": 1}',
        {"records": [{"item": "guitar", "price": 120, "city": None}] * 2},
    ),
    ("prompted-decoder.ranking", "[3] > [9] > [3] > [1]", {"ranking": [2, 0, 1, 3]}),
    ("retrieve-then-generate", "It is cold [1] [7].", {"answers": ["It is cold [1] [7]."]}),
    ("retrieve-then-generate.json", '{"answer": "cold", "passages": [9]}', {"records": [None]}),
    (
        "retrieve-then-generate.json",
        '{"answer": "cold", "passages": []}',
        {"records": [{"answer": "cold", "passages": []}]},
    ),
    ("shortlist-then-decode.span", '[{"text": "Cambridge", "type": "place"}]', None),
    (
        "shortlist-then-decode.json",
        '{"item": "guitar", "price": 120, "city": null}',
        {"records": [{"item": "guitar", "price": 120, "city": None}]},
    ),
    ("shortlist-then-decode.json", '{"item": "guitar"}', {"records": [None]}),
    ("llm-labels-then-encoder.span", "place: London", None),
    ("nlu-then-decoder", "How many people?", {"answers": ["How many people?", "How many people?"]}),
]


@pytest.mark.parametrize(("name", "says", "expected"), SAYS)
def test_what_a_decoder_answers_is_read(name: str, says: str, expected: Left | None, tiny: TinyModels) -> None:
    constants = models(tiny, name, "qwen3")
    constants["DECODER" if "DECODER" in constants else "MODEL"] = tiny.decoder_model("qwen3", says)
    left = execute(text_of(name), constants)
    for variable, value in (expected or {}).items():
        assert left[variable] == value
    if name == "shortlist-then-decode.span":
        assert [left["texts"][0][start:end] for start, end, _ in left["spans"][0]] in ([], ["Cambridge"])
    if name == "llm-labels-then-encoder.span":
        assert list(left["data"].values()) == [[(21, 27, 1)], []]


def test_a_cut_off_answer_of_a_host_is_an_error(host: str) -> None:
    Host.says = iter([("It is", "length")])
    with pytest.raises(ValueError, match="cut off"):
        execute(text_of("hosted-decoder"), {"MODEL": "big", "BASE_URL": host})


def test_options_are_compared_for_each_character_and_without_the_padding(tiny: TinyModels) -> None:
    import torch

    name = "option-scoring-decoder"
    left = execute(text_of(name), models(tiny, name, "gpt2"))
    long = "a much longer option that is padded to"
    both, alone = left["read"]("What fell?", ["rain", long]), left["read"]("What fell?", ["rain"])
    assert torch.allclose(both[0], alone[0], atol=1e-4)


@pytest.mark.parametrize("kind", BERTS)
def test_a_tagger_s_words_are_whole_and_end_where_they_end(kind: str, tiny: TinyModels) -> None:
    import types

    import torch

    name = "ready-made-encoder.span"
    left = execute(text_of(name), models(tiny, name, kind))
    real, tokenizer = left["model"], left["tokenizer"]
    stop = set(tokenizer(".,", add_special_tokens=False)["input_ids"])

    def place_but_for_a_full_stop(input_ids: torch.Tensor, **_: object) -> object:
        stops = torch.tensor([[id in stop for id in row] for row in input_ids.tolist()])
        return types.SimpleNamespace(logits=torch.nn.functional.one_hot(torch.where(stops, 0, 3), 5))

    place_but_for_a_full_stop.config = real.config  # type: ignore[attr-defined]
    left["model"] = place_but_for_a_full_stop
    text = "London. Cambridge, Otherworldliness. " * 6
    found = [(text[start:end].strip(), tag) for start, end, tag in left["tagged"](text)]
    once = [
        ("London", "B-LOC"),
        (".", "O"),
        ("Cambridge", "B-LOC"),
        (",", "O"),
        ("Otherworldliness", "B-LOC"),
        (".", "O"),
    ]
    assert found == once * 6
