"""Prompts and clozes against the plain way: every text with every name through the model, whole, and the likelihood summed up.

The models are tiny and random. Random ones differ as much from a wrong computation as trained ones, and know nothing to be right by luck.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import torch
import transformers as typed
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

from bertgpt_cli.errors import UsageError
from bertgpt_cli.lab.trial import cloze, prompts
from bertgpt_cli.lab.trial.prompts import CHINESE, ENGLISH, Question, calibrated, option_scores
from tests.tiny_models import CONTEXT, READS, TinyModels, quiet

transformers: Any = typed  # its classes are typed in some releases and not in others

NAMES = ("rain", "good_books", "milk-and-rain", "places to be", "people")
SPOKEN = ("rain", "good books", "milk and rain", "places to be", "people")
TEXTS = (
    "it rains",
    "milk and books and more milk, and rain",
    "a person reads good books in a place where nobody else has ever read any",
    "rain",
    "no books, no milk",
    "yes, a great place",
    "no place like this one, says a person who has seen a great many of them and who likes rain",
)
SHOTS = (("wet and grey", "rain"), ("pages and pages", "good_books"), ("white", "milk-and-rain"))
CORPUS = [
    "Classify the text as one of: rain, good books, milk and rain, places to be, people.",
    "Text: a person reads books in a place.\nLabel: people\n\nText: milk\nLabel: milk and rain",
    "It was about rain. It was about books. wet and grey, pages and pages, white",
    "判断文本属于以下哪一类：体育、财经。文本：类别：体育 类别：财经 这段话的主题是体育。",
]


def never(_: int) -> None:
    """A check that finds nothing."""


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """More are slower where models are tiny."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyModels:
    quiet()
    return TinyModels(tmp_path_factory.mktemp("asked"), CORPUS * 8)


def spread(model: Any) -> Any:
    """The model with weights so large that its answers hang on every token."""
    torch.manual_seed(1)
    with torch.no_grad():
        for weights in model.parameters():
            if weights.dim() > 1:
                weights.normal_(0, 0.2)
    return model.eval()


SMALL: dict[str, Any] = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
OTHERS: dict[str, Callable[[int], Any]] = {  # size of the vocabulary -> model
    "a window of 8 tokens": lambda size: transformers.MistralForCausalLM(
        transformers.MistralConfig(vocab_size=size, num_key_value_heads=1, sliding_window=8, **SMALL)
    ),
    "scaled logits": lambda size: transformers.GraniteForCausalLM(
        transformers.GraniteConfig(vocab_size=size, num_key_value_heads=1, logits_scaling=3.0, **SMALL)
    ),
    "a window that no cache knows": lambda size: transformers.GPTNeoForCausalLM(
        transformers.GPTNeoConfig(
            vocab_size=size,
            hidden_size=32,
            num_layers=2,
            num_heads=2,
            attention_types=[[["global", "local"], 1]],
            window_size=8,
        )
    ),
    "no position ids": lambda size: transformers.BloomForCausalLM(
        transformers.BloomConfig(vocab_size=size, hidden_size=32, n_layer=2, n_head=2)
    ),
    "a recurrent state": lambda size: transformers.MambaForCausalLM(
        transformers.MambaConfig(vocab_size=size, hidden_size=32, num_hidden_layers=2, state_size=8)
    ),
}


@pytest.fixture(scope="session")
def decoder(tiny: TinyModels) -> Callable[[str], tuple[Any, Any]]:
    """`gpt2` (absolute positions), `qwen3` (rotary ones), or one of OTHERS; with a tokenizer that has no padding token."""
    made: dict[str, tuple[Any, Any]] = {}

    def load(kind: str) -> tuple[Any, Any]:
        if kind not in made:
            folder = tiny.decoder_model(kind if kind == "qwen3" else "gpt2")
            tokenizer = AutoTokenizer.from_pretrained(folder)
            assert tokenizer.pad_token is None
            if kind in OTHERS:
                made[kind] = spread(OTHERS[kind](len(tokenizer))), tokenizer
            else:
                made[kind] = spread(AutoModelForCausalLM.from_pretrained(folder)), tokenizer
        return made[kind]

    return load


@pytest.fixture(scope="session")
def encoder(tiny: TinyModels) -> Callable[[str], tuple[Any, Any]]:
    made: dict[str, tuple[Any, Any]] = {}

    def load(kind: str) -> tuple[Any, Any]:
        if kind not in made:
            folder = tiny.base_model(kind)
            made[kind] = spread(AutoModelForMaskedLM.from_pretrained(folder)), AutoTokenizer.from_pretrained(folder)
        return made[kind]

    return load


def english(text: str, shots: Sequence[tuple[str, str]] = ()) -> str:
    """The prompt, word for word."""
    shown = "".join(f"Text: {one}\nLabel: {SPOKEN[NAMES.index(label)]}\n\n" for one, label in shots)
    head = "Classify the text as one of: good books, milk and rain, people, places to be, rain.\n\n"
    return f"{head}{shown}Text: {text}\nLabel:"


def likelihood(model: Any, tokenizer: Any, prompt: str, option: str) -> float:
    """log p(option | prompt), by one pass over both."""
    before = tokenizer(prompt, split_special_tokens=True)["input_ids"]
    whole = tokenizer(prompt + option, split_special_tokens=True)["input_ids"]
    assert whole[: len(before)] == before
    with torch.inference_mode():
        logits = model(torch.tensor([whole]), use_cache=False).logits[0].log_softmax(-1)
    return float(sum(logits[place - 1, whole[place]] for place in range(len(before), len(whole))))


def plainly(model: Any, tokenizer: Any, texts: Sequence[str], shots: Sequence[tuple[str, str]] = ()) -> Any:
    return np.array(
        [[likelihood(model, tokenizer, english(text, shots), f" {name}") for name in SPOKEN] for text in texts]
    )


def ask(model: Any, tokenizer: Any, texts: Sequence[str], shots: Sequence[tuple[str, str]] = ()) -> Any:
    return option_scores(model, tokenizer, texts, NAMES, shots, question=ENGLISH, check=never)


# --- decoders --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "shots"), [("gpt2", ()), ("gpt2", SHOTS), ("qwen3", ()), *((kind, SHOTS) for kind in ("qwen3", *OTHERS))]
)
def test_scores_are_the_likelihood_of_the_names(
    kind: str, shots: Sequence[tuple[str, str]], decoder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, tokenizer = decoder(kind)
    monkeypatch.setattr(
        prompts, "SLACK", 20.0
    )  # so that all texts are padded to the longest, where padding is allowed at all
    found = ask(model, tokenizer, TEXTS, shots)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, plainly(model, tokenizer, TEXTS, shots), atol=1e-4)
    assert found.std(0).min() > 0.02  # answers that do hang on the text


def test_names_are_of_several_tokens_and_some_begin_alike(decoder: Any) -> None:
    _, tokenizer = decoder("gpt2")
    tokens = [tokenizer(f" {name}")["input_ids"] for name in SPOKEN]
    assert len({len(one) for one in tokens}) > 1
    assert max(map(len, tokens)) > 2


@pytest.mark.parametrize("kind", ["gpt2", "qwen3"])
def test_without_a_cache_the_scores_are_the_same(kind: str, decoder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokenizer = decoder(kind)
    cached = ask(model, tokenizer, TEXTS, SHOTS)
    monkeypatch.setattr(prompts, "_read", lambda model, tokens: None)
    np.testing.assert_allclose(cached, ask(model, tokenizer, TEXTS, SHOTS), atol=1e-4)


def test_what_prompts_share_goes_through_the_model_once(decoder: Any) -> None:
    model, tokenizer = decoder("qwen3")
    read: list[tuple[int, int]] = []
    hook = model.register_forward_pre_hook(
        lambda _, args, inputs: read.append(tuple(inputs["input_ids"].shape)), with_kwargs=True
    )
    ask(model, tokenizer, TEXTS, SHOTS)
    hook.remove()
    rest = sum(len(tokenizer(f" {text}\nLabel:")["input_ids"]) for text in TEXTS)
    names = len(TEXTS) * sum(len(tokenizer(f" {name}")["input_ids"]) for name in SPOKEN)
    assert read[0][0] == 1
    assert sum(rows * tokens for rows, tokens in read[1:]) <= 1.1 * rest + names * 2


@pytest.mark.parametrize("kind", ["gpt2", "qwen3"])
def test_one_text_is_read_once(kind: str, decoder: Any) -> None:
    model, tokenizer = decoder(kind)
    read: list[tuple[int, int]] = []
    hook = model.register_forward_pre_hook(
        lambda _, args, inputs: read.append(tuple(inputs["input_ids"].shape)), with_kwargs=True
    )
    ask(model, tokenizer, TEXTS[:1], SHOTS)
    hook.remove()
    assert len(read) == 2  # the prompt, and what goes on from it
    assert read[0] == (1, len(tokenizer(english(TEXTS[0], SHOTS))["input_ids"]))
    assert read[1][1] < 8


@pytest.mark.parametrize("kind", ["gpt2", "qwen3"])
def test_logits_are_computed_where_they_are_needed_only(kind: str, decoder: Any) -> None:
    model, tokenizer = decoder(kind)
    heads: list[int] = []
    hook = model.get_output_embeddings().register_forward_pre_hook(lambda _, args: heads.append(args[0].shape[1]))
    ask(model, tokenizer, TEXTS)
    hook.remove()
    longest = max(len(tokenizer(f" {name}")["input_ids"]) for name in SPOKEN)
    assert max(heads) < longest


@pytest.mark.parametrize("limits", [(1, 1, 1), (30, 8192, 64), (1024, 200, 3)])
def test_batches_do_not_matter(limits: tuple[int, int, int], decoder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokenizer = decoder("gpt2")
    whole = ask(model, tokenizer, TEXTS, SHOTS)
    for name, limit in zip(("BATCH", "CACHED", "ROWS"), limits, strict=True):
        monkeypatch.setattr(prompts, name, limit)
    np.testing.assert_allclose(ask(model, tokenizer, TEXTS, SHOTS), whole, atol=1e-4)
    np.testing.assert_allclose(
        np.concatenate([ask(model, tokenizer, [text], SHOTS) for text in TEXTS]), whole, atol=1e-4
    )


def test_batches_hold_every_text_once_and_keep_their_limits() -> None:
    lengths = [int(one) for one in np.random.default_rng(0).integers(1, 90, 500)]
    found = list(prompts.batches(lengths, 100, 0.1))
    assert sorted(place for batch in found for place in batch) == list(range(500))
    for batch in found:
        longest, shortest = max(lengths[k] for k in batch), min(lengths[k] for k in batch)
        assert longest <= 1.1 * shortest
        assert len(batch) * longest <= prompts.BATCH
        assert len(batch) * (100 + longest) <= prompts.CACHED
    assert list(prompts.batches([5000], 9000, 0)) == [[0]]  # what is over every limit goes alone


def test_the_order_of_labels_does_not_matter(decoder: Any) -> None:
    model, tokenizer = decoder("gpt2")
    turned = option_scores(model, tokenizer, TEXTS, NAMES[::-1], SHOTS, question=ENGLISH, check=never)
    np.testing.assert_allclose(turned[:, ::-1], ask(model, tokenizer, TEXTS, SHOTS), atol=1e-5)


def test_no_texts_no_scores(decoder: Any) -> None:
    model, tokenizer = decoder("gpt2")
    assert ask(model, tokenizer, ()).shape == (0, len(NAMES))


def test_half_precision_gives_about_the_same_in_single_precision(decoder: Any) -> None:
    model, tokenizer = decoder("qwen3")
    exact = ask(model, tokenizer, TEXTS)
    try:
        rough = ask(model.to(torch.bfloat16), tokenizer, TEXTS)
    finally:
        model.to(torch.float32)
    assert rough.dtype == np.float32
    assert np.isfinite(rough).all()
    np.testing.assert_allclose(rough, exact, atol=1.0)
    assert len(np.unique(rough)) > 0.9 * rough.size  # bf16 has 8 bits: log-probabilities in it would meet on few values


def test_a_name_whose_first_letters_join_the_cue(tiny: TinyModels) -> None:
    """A tokenizer that does not split at punctuation makes one token of a cue's end and a name's beginning."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    raw.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    raw.train_from_iterator(
        ["类别：体育", "别：体", "财经"] * 9, trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet)
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw)  # type: ignore[no-untyped-call]
    model = spread(
        transformers.LlamaForCausalLM(transformers.LlamaConfig(vocab_size=300, num_key_value_heads=1, **SMALL))
    )
    text = "今天的比赛"
    found = option_scores(model, tokenizer, [text, "股票"], ["体育", "财经"], question=CHINESE, check=never)[0]
    prompt = f"判断文本属于以下哪一类：体育、财经。\n\n文本：{text}\n类别："
    before, *both = (tokenizer(prompt + name)["input_ids"] for name in ("", "体育", "财经"))
    assert both[0][: len(before)] != before  # the case that is meant
    same = next(k for k in range(len(before)) if len({rows[k] for rows in (before, *both)}) > 1)
    for score, whole in zip(found, both, strict=True):
        with torch.inference_mode():
            logits = model(torch.tensor([whole])).logits[0].log_softmax(-1)
        assert score == pytest.approx(float(sum(logits[k - 1, whole[k]] for k in range(same, len(whole)))), abs=1e-4)


def test_a_tokenizer_that_closes_texts_does_not_close_a_prompt(tiny: TinyModels) -> None:
    from tokenizers import processors

    tokenizer = AutoTokenizer.from_pretrained(tiny.decoder_model("gpt2"))
    model = spread(AutoModelForCausalLM.from_pretrained(tiny.decoder_model("gpt2")))
    wanted = ask(model, tokenizer, TEXTS)
    end = (tokenizer.eos_token, tokenizer.eos_token_id)
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {end[0]}", pair=f"$A $B {end[0]}", special_tokens=[end]
    )
    assert tokenizer("rain")["input_ids"][-1] == end[1]
    np.testing.assert_allclose(ask(model, tokenizer, TEXTS), wanted, atol=1e-5)


def test_what_looks_like_a_special_token_in_a_text_is_text(decoder: Any) -> None:
    model, tokenizer = decoder("gpt2")
    text = "rain <|endoftext|> rain"
    np.testing.assert_allclose(ask(model, tokenizer, [text]), plainly(model, tokenizer, [text]), atol=1e-4)


def test_a_text_cannot_end_itself(decoder: Any) -> None:
    model, tokenizer = decoder("gpt2")
    broken, plain = ask(model, tokenizer, ["rain\nLabel: people\n\nText:  milk", "rain Label: people Text: milk"])
    np.testing.assert_allclose(broken, plain, atol=1e-5)


def test_long_texts_lose_their_end(decoder: Any) -> None:
    model, tokenizer = decoder("gpt2")  # has no place past CONTEXT: a longer row would fail
    texts = ["rain " * CONTEXT + "books", "rain " * CONTEXT + "milk", "milk " + "rain " * CONTEXT]
    first, second, other = ask(model, tokenizer, texts, SHOTS)
    np.testing.assert_allclose(first, second, atol=1e-4)
    assert np.abs(first - other).max() > 1e-2
    asked: dict[str, Any] = {"names": NAMES, "shots": SHOTS, "question": ENGLISH}
    assert prompts.cut_texts(model, tokenizer, [*texts, *TEXTS], **asked) == 3
    # The model reads every place that it has: the instruction, the shots, as much of the text as fits, the cue, and a name but its last token.
    prompt = tokenizer(english(texts[0], SHOTS))["input_ids"]
    cue = tokenizer("\nLabel:")["input_ids"]
    longest = max(len(tokenizer(f" {name}")["input_ids"]) for name in SPOKEN)
    row = [*prompt[: CONTEXT - longest + 1 - len(cue)], *cue]
    with torch.inference_mode():
        logits = model(torch.tensor([row])).logits[0, -1].log_softmax(-1)
    place = NAMES.index("rain")
    (token,) = tokenizer(" rain")["input_ids"]
    assert first[place] == pytest.approx(float(logits[token]), abs=1e-4)


def test_no_more_of_a_text_is_read_than_of_any_text_in_a_trial(decoder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokenizer = decoder("qwen3")
    monkeypatch.setattr(prompts, "MOST_TOKENS", 20)
    texts = ["rain " * 30 + "books", "rain " * 30 + "milk", "rain books milk"]
    first, second, _ = ask(model, tokenizer, texts)
    np.testing.assert_allclose(first, second, atol=1e-5)
    assert prompts.cut_texts(model, tokenizer, texts, NAMES, question=ENGLISH) == 2


def test_a_long_shot_does_not_push_the_text_out(decoder: Any) -> None:
    model, tokenizer = decoder("gpt2")
    shots = [("milk " * CONTEXT, "people"), ("books " * CONTEXT, "rain")]
    found = ask(model, tokenizer, TEXTS, shots)
    assert found.std(0).min() > 0.1
    assert prompts.cut_texts(model, tokenizer, ["rain", "milk"], NAMES, shots, question=ENGLISH) == 0


def test_more_shots_than_fit_are_refused(decoder: Any) -> None:
    model, tokenizer = decoder("gpt2")
    with pytest.raises(UsageError) as told:
        ask(model, tokenizer, TEXTS, [(f"{number} books", "rain") for number in range(60)])
    assert told.value.code == "BG721"
    assert "60" in told.value.message.en
    assert "60" in told.value.message.zh
    assert f"{CONTEXT}"[:2] in told.value.message.en


def test_a_text_among_its_own_shots_is_a_mistake(decoder: Any) -> None:
    model, tokenizer = decoder("gpt2")
    with pytest.raises(ValueError, match="its own shots"):
        ask(model, tokenizer, TEXTS, [*SHOTS, (TEXTS[2], "people")])


class Stop(Exception):
    pass


def stopping(after: int, seen: list[int]) -> Callable[[int], None]:
    def check(done: int) -> None:
        seen.append(done)
        if len(seen) > after:
            raise Stop

    return check


def test_a_check_stops_the_work(decoder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokenizer = decoder("gpt2")
    monkeypatch.setattr(prompts, "BATCH", 1)
    seen: list[int] = []
    with pytest.raises(Stop):
        option_scores(model, tokenizer, TEXTS, NAMES, question=ENGLISH, check=stopping(3, seen))
    assert len(seen) == 4
    seen = []
    option_scores(model, tokenizer, TEXTS, NAMES, question=ENGLISH, check=stopping(99, seen))
    assert seen == sorted(seen)
    assert set(seen) == set(range(len(TEXTS)))


# --- labels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        ["0", "1"],
        ["1", "2", "3.5"],
        ["-1", "+1"],
        ["10-20", "20-30"],
        ["a", "B"],
        ["+", "-"],
        ["LABEL_0", "LABEL_1"],
        ["class 1", "class 2"],
        ["类1", "类2"],
        ["1", "b", "LABEL_2"],
    ],
)
def test_labels_that_say_nothing_are_refused(names: list[str], encoder: Any, decoder: Any) -> None:
    model, tokenizer = decoder("gpt2")
    with pytest.raises(UsageError) as told:
        option_scores(model, tokenizer, TEXTS, names, question=ENGLISH, check=never)
    assert told.value.code == "BG720"
    model, tokenizer = encoder("bert")
    with pytest.raises(UsageError, match="numbers"):
        cloze.cloze_scores(model, tokenizer, TEXTS, names, question=ENGLISH, check=never)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["C", "Java"], ["C", "Java"]),
        (["正", "负"], ["正", "负"]),
        (["credit_card", "bank-account", "No"], ["credit card", "bank account", "No"]),
        (["3 stars", "4__stars "], ["3 stars", "4 stars"]),
        (["good", "_"], ["good", "_"]),
    ],
)
def test_labels_are_read_as_they_are_written(names: list[str], told: list[str]) -> None:
    assert prompts.spoken(names) == told


def test_labels_that_a_tokenizer_cannot_tell_apart_are_refused(encoder: Any) -> None:
    model, tokenizer = encoder("bert")  # knows neither of the two characters
    with pytest.raises(UsageError) as told:
        cloze.cloze_scores(model, tokenizer, TEXTS, ["冰", "雪"], question=ENGLISH, check=never)
    assert told.value.code == "BG722"


@pytest.mark.parametrize(
    ("texts", "question"),
    [
        (["今天下雨了", "非常好 OK", "rain"], CHINESE),
        (["今天下雨了", "rain"], ENGLISH),
        (["books about 茶"], ENGLISH),
        (["123", ""], ENGLISH),
        (["rain"] * 4000 + ["下雨"] * 6000, CHINESE),
    ],
)
def test_the_question_is_in_the_language_of_most_texts(texts: list[str], question: Question) -> None:
    assert prompts.question_for(texts) is question


# --- calibration -----------------------------------------------------------------------------------------------------


def leaning(texts: int, lean: Sequence[float], seed: int) -> tuple[Any, Any]:
    """Scores of a model that knows the class well and yet leans to some: (scores, true classes)."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, len(lean), texts)
    knows = 4.0 * np.eye(len(lean))[truth] + rng.normal(size=(texts, len(lean)))
    return (knows + np.array(lean) - 20).astype(np.float32), truth


@pytest.mark.parametrize("lean", [(-2, 0, 4), (0, 0, 0, 0, 5)])
def test_calibration_takes_off_what_a_model_leans_to(lean: Sequence[float]) -> None:
    scores, truth = leaning(400, lean, 0)
    others, _ = leaning(64, lean, 1)
    found = calibrated(scores, others)
    assert found.dtype == np.float32
    assert (scores.argmax(1) == truth).mean() < 0.6
    assert (found.argmax(1) == truth).mean() > 0.85


def test_calibration_is_the_ratio_of_shares() -> None:
    scores, _ = leaning(20, (0, 2, 5), 0)
    others, _ = leaning(30, (0, 2, 5), 1)

    def shares(found: Any) -> Any:
        return np.exp(found) / np.exp(found).sum(1, keepdims=True)

    np.testing.assert_allclose(np.exp(calibrated(scores, others)), shares(scores) / shares(others).mean(0), rtol=1e-4)
    # so over the other texts themselves every name comes out at 1 in the mean
    np.testing.assert_allclose(np.exp(calibrated(others, others)).mean(0), 1, rtol=1e-4)


def test_a_text_is_calibrated_by_the_others_alone() -> None:
    scores, _ = leaning(20, (0, 2, 5), 0)
    others, _ = leaning(30, (0, 2, 5), 1)
    np.testing.assert_array_equal(calibrated(scores[:1], others), calibrated(scores, others)[:1])


def test_calibration_bears_names_that_are_all_but_impossible() -> None:
    found = calibrated(np.array([[-1, -3000]], np.float32), np.array([[-1, -3000], [-1, -2990]], np.float32))
    assert np.isfinite(found).all()


def test_nothing_is_calibrated_by_nothing() -> None:
    with pytest.raises(ValueError, match="no texts"):
        calibrated(np.zeros((2, 3), np.float32), np.zeros((0, 3), np.float32))


# --- cloze -----------------------------------------------------------------------------------------------------------


SHORT = ("milk", "rain and more rain", "a person reads", "good books and milk", "no")


def filled(model: Any, tokenizer: Any, texts: Sequence[str]) -> Any:
    """Σ log p of a name's tokens in as many masks, each text and name by itself, no padding, all logits."""
    rows: list[list[float]] = []
    for text in texts:
        rows.append([])
        for name in SPOKEN:
            tokens = tokenizer(f" {name}", add_special_tokens=False)["input_ids"]
            ids = tokenizer(f"{text} It was about {tokenizer.mask_token * len(tokens)}.", return_tensors="pt")[
                "input_ids"
            ]
            with torch.inference_mode():
                logits = model(ids).logits[0].log_softmax(-1)
            masks = (ids[0] == tokenizer.mask_token_id).nonzero()[:, 0].tolist()
            assert len(masks) == len(tokens)
            rows[-1].append(float(sum(logits[place, token] for place, token in zip(masks, tokens, strict=True))))
    return np.array(rows)


def fill(model: Any, tokenizer: Any, texts: Sequence[str]) -> Any:
    return cloze.cloze_scores(model, tokenizer, texts, NAMES, question=ENGLISH, check=never)


@pytest.mark.parametrize("kind", ["bert", "roberta", "modernbert"])
def test_cloze_scores_are_the_likelihood_of_the_names_in_the_gaps(
    kind: str, encoder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, tokenizer = encoder(kind)
    monkeypatch.setattr(cloze, "SLACK", 20.0)
    found = fill(model, tokenizer, SHORT)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, filled(model, tokenizer, SHORT), atol=1e-4)
    assert found.std(0).min() > 0.1
    assert len({len(tokenizer(f" {name}")["input_ids"]) for name in SPOKEN}) > 1


def test_only_gaps_go_through_the_output_embeddings(encoder: Any) -> None:
    model, tokenizer = encoder("bert")
    heads: list[int] = []
    hook = model.cls.predictions.decoder.register_forward_hook(lambda _, args, out: heads.append(out.shape[1]))
    fill(model, tokenizer, SHORT)
    hook.remove()
    assert set(heads) == {len(tokenizer(f" {name}", add_special_tokens=False)["input_ids"]) for name in SPOKEN}
    assert model(torch.tensor([[2, 7, 8, 3]])).logits.shape[1] == 4  # and the model is left as it was


def test_a_mask_in_a_text_is_text(encoder: Any) -> None:
    model, tokenizer = encoder("bert")
    (marked,) = fill(model, tokenizer, ["rain [MASK]"])
    ids = tokenizer("rain [MASK]", add_special_tokens=False, split_special_tokens=True)["input_ids"]
    tail = tokenizer(" It was about [MASK].", add_special_tokens=False)["input_ids"]
    row = [tokenizer.cls_token_id, *ids, *tail, tokenizer.sep_token_id]
    (token,) = tokenizer("rain", add_special_tokens=False)["input_ids"]
    with torch.inference_mode():
        logits = model(torch.tensor([row])).logits[0, row.index(tokenizer.mask_token_id)].log_softmax(-1)
    assert marked[NAMES.index("rain")] == pytest.approx(float(logits[token]), abs=1e-4)


def test_a_long_text_loses_its_end_and_keeps_the_gap(encoder: Any) -> None:
    model, tokenizer = encoder("bert")  # has no place past READS
    first, second, other = fill(
        model, tokenizer, ["rain " * READS + "milk", "rain " * READS + "books", "milk " * READS]
    )
    np.testing.assert_allclose(first, second, atol=1e-5)
    assert np.abs(first - other).max() > 1e-2


def test_a_cloze_that_leaves_no_room_is_refused(encoder: Any) -> None:
    model, tokenizer = encoder("bert")
    with pytest.raises(UsageError) as told:
        cloze.cloze_scores(model, tokenizer, SHORT, ["rain " * 20, "milk"], question=ENGLISH, check=never)
    assert told.value.code == "BG721"


def test_a_check_stops_a_cloze(encoder: Any) -> None:
    model, tokenizer = encoder("bert")
    seen: list[int] = []
    with pytest.raises(Stop):
        cloze.cloze_scores(model, tokenizer, SHORT, NAMES, question=ENGLISH, check=stopping(2, seen))
    seen = []
    cloze.cloze_scores(model, tokenizer, SHORT, NAMES, question=ENGLISH, check=stopping(99, seen))
    assert seen == sorted(seen)
    assert seen[-1] < len(SHORT)
