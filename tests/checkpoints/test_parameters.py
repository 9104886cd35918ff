"""Counts that follow from shapes: what authors publish, what transformers builds, what is worked by hand where it builds nothing."""

from __future__ import annotations

import importlib
import os
import random
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest

from bertgpt_cli.checkpoints.architectures import ALIASES, ARCHITECTURES, of
from bertgpt_cli.checkpoints.parameters import count
from bertgpt_cli.report.checkpoint import Shape
from bertgpt_cli.rulebook import loading

MODELS = loading.load().checkpoints
# Their authors' own code defines these; transformers has no such class. They are counted by hand below.
ELSEWHERE = {"jina_bert", "neobert"}
if tuple(map(int, version("transformers").split(".")[:2])) < (5, 17):
    ELSEWHERE |= {"gte"}  # which that release brought
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # DeBERTa's, in older releases
ARCHITECTURES_BUILT = sorted(set(ARCHITECTURES) - ELSEWHERE)
# Whatever the config says, transformers ties the vocabulary's matrices of these; the published weights need not be tied.
ALWAYS_TIED = {"t5", "mt5", "umt5"}
BUILT = [
    id
    for id, one in MODELS.items()
    if ALIASES.get(one.shape.architecture, one.shape.architecture) not in ELSEWHERE and one.model != "GLiNER"
]

# --- what a config of transformers calls the numbers of a shape -------------------------------------------------------

_USUAL = {
    "layers": "num_hidden_layers",
    "width": "hidden_size",
    "heads": "num_attention_heads",
    "ffn": "intermediate_size",
    "vocabulary": "vocab_size",
    "positions": "max_position_embeddings",
    "tied": "tie_word_embeddings",
    "kv_heads": "num_key_value_heads",
    "head_width": "head_dim",
    "token_types": "type_vocab_size",
    "embedding": "embedding_size",
    "labels": "num_labels",
    "experts": "num_experts",
    "experts_used": "num_experts_per_tok",
    "expert_ffn": "moe_intermediate_size",
    "window": "sliding_window",
    "ffn_bias": "mlp_bias",
}
_BART = {
    "layers": "encoder_layers",
    "decoder_layers": "decoder_layers",
    "width": "d_model",
    "heads": "encoder_attention_heads decoder_attention_heads",
    "ffn": "encoder_ffn_dim decoder_ffn_dim",
}
_T5 = {
    "layers": "num_layers",
    "decoder_layers": "num_decoder_layers",
    "width": "d_model",
    "heads": "num_heads",
    "ffn": "d_ff",
    "head_width": "d_kv",
    "buckets": "relative_attention_num_buckets",
}
_OWN: dict[str, dict[str, str]] = {
    "distilbert": {"layers": "n_layers", "width": "dim", "heads": "n_heads", "ffn": "hidden_dim"},
    "gpt2": {"layers": "n_layer", "width": "n_embd", "heads": "n_head", "ffn": "n_inner", "positions": "n_positions"},
    "opt": {"ffn": "ffn_dim"},
    "mpnet": {"buckets": "relative_attention_num_buckets"},
    "deberta-v2": {"buckets": "position_buckets"},
    "modernbert": {"window": "local_attention", "globals": "global_attn_every_n_layers"},
    "gpt_oss": {"experts": "num_local_experts"},
    "mixtral": {"experts": "num_local_experts"},
    **dict.fromkeys(("bart", "mbart", "m2m_100", "marian", "pegasus"), _BART),
    **dict.fromkeys(("t5", "mt5", "umt5"), _T5),
}
# What a config must say beside numbers to be the architecture that people publish under the name.
_SAID: dict[str, dict[str, Any]] = {
    "deberta-v2": {
        "relative_attention": True,
        "pos_att_type": ["p2c", "c2p"],
        "share_att_key": True,
        "norm_rel_ebd": "layer_norm",
        "position_biased_input": False,
        "type_vocab_size": 0,
    },
    "marian": {"share_encoder_decoder_embeddings": True},
    "gte": {"type_vocab_size": 0},
}


def config_of(shape: Shape, family: str = "", **more: Any) -> Any:
    """The config of transformers for this shape."""
    from transformers import AutoConfig

    architecture = ALIASES.get(shape.architecture, shape.architecture)
    given = dict(_SAID.get(architecture, {}))
    for field, value in shape._asdict().items():
        if field == "architecture" or (not value and field not in ("tied", "gated")):
            continue
        if field == "gated":
            given |= {"feed_forward_proj": "gated-gelu" if value else "relu"} if architecture in ALWAYS_TIED else {}
        elif field == "task_types":
            given |= {"use_task_id": True, "task_type_vocab_size": value}
        elif field != "globals" or architecture == "modernbert":
            names = _OWN.get(architecture, {}).get(field, _USUAL.get(field, field))
            given |= dict.fromkeys(names.split(), value)
    if family == "bert" and of(shape.architecture).kind == "decoder":
        given["use_bidirectional_attention"] = True
    return AutoConfig.for_model(architecture, **{**given, **more})


def class_of(name: str) -> Any:
    """The class of transformers; what the gte authors' own code calls New is its Gte."""
    import transformers

    return getattr(transformers, f"Gte{name[3:]}" if name.startswith("New") else name)


def built(config: Any, name: str) -> int:
    """How many parameters transformers makes; no memory is taken for them."""
    import torch

    with torch.device("meta"):
        model = class_of(name)(config)
    return sum(parameter.numel() for parameter in model.parameters())


def built_of(shape: Shape, name: str, family: str = "", **more: Any) -> int:
    """As `built`, with the second matrix of an untied model that transformers would not leave untied."""
    found = built(config_of(shape, family, **more), name)
    apart = shape.architecture in ALWAYS_TIED and not shape.tied and name.endswith("ForConditionalGeneration")
    return found + shape.vocabulary * shape.width * apart


@pytest.fixture(scope="module")
def transformers() -> Any:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    found = pytest.importorskip("transformers")
    found.logging.set_verbosity_error()
    return found


# --- the rule book's checkpoints --------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", MODELS)
def test_the_count_is_within_half_a_percent_of_the_published_one(id: str) -> None:
    one = MODELS[id]
    assert one.parameters == count(one.shape, one.model).total
    assert abs(one.parameters / one.published - 1) <= 0.005


def test_the_parts_add_up_and_none_is_negative() -> None:
    for one in MODELS.values():
        parts = count(one.shape, one.model)
        assert parts.total == parts.embeddings + parts.attention + parts.feed_forward + parts.norms + parts.head
        assert min(parts[:6]) >= 0
        assert min(parts.embeddings, parts.attention, parts.feed_forward, parts.norms) > 0


@pytest.mark.slow
@pytest.mark.parametrize("id", BUILT)
def test_the_count_is_what_transformers_builds(id: str, transformers: Any) -> None:
    one = MODELS[id]
    assert one.parameters == built_of(one.shape, one.model, one.family)


@pytest.mark.slow
def test_only_what_transformers_lacks_is_left_out(transformers: Any) -> None:
    known = transformers.models.auto.configuration_auto.CONFIG_MAPPING_NAMES
    assert {name for name in ARCHITECTURES if name not in known} == ELSEWHERE
    assert {ALIASES.get(name, name) for name in ALIASES.values()} <= set(ARCHITECTURES)
    assert len(BUILT) > 0.95 * len(MODELS)


# --- known answers, each from its authors or worked by hand -----------------------------------------------------------

_BERT = Shape("bert", 12, 768, 12, 3072, 30522, 512, token_types=2)
_GPT2 = Shape("gpt2", 12, 768, 12, 3072, 50257, 1024)


def test_bert_base_by_hand() -> None:
    parts = count(_BERT, "BertModel")
    assert parts.embeddings == (30522 + 512 + 2) * 768 + 2 * 768
    assert parts.attention == 12 * 4 * (768 * 768 + 768)
    assert parts.feed_forward == 12 * (2 * 768 * 3072 + 3072 + 768)
    assert parts.norms == 12 * 2 * 2 * 768
    assert parts.head == 768 * 768 + 768  # the pooler
    assert parts.total == 109_482_240  # as the hub's model.safetensors has it, without the head


@pytest.mark.parametrize(
    ("shape", "model", "expected"),
    [
        (_BERT, "BertForMaskedLM", 109_514_298),
        (_BERT._replace(labels=3), "BertForSequenceClassification", 109_482_240 + 3 * 769),
        (_BERT._replace(labels=9), "BertForTokenClassification", 109_482_240 - 768 * 769 + 9 * 769),
        (_BERT, "BertForQuestionAnswering", 109_482_240 - 768 * 769 + 2 * 769),
        (_BERT, "BertForPreTraining", 109_514_298 + 768 * 769 + 2 * 769),
        (_GPT2, "GPT2LMHeadModel", 124_439_808),
        (_GPT2, "GPT2Model", 124_439_808),
        (_GPT2._replace(tied=False), "GPT2LMHeadModel", 124_439_808 + 50257 * 768),
        (_GPT2._replace(labels=5), "GPT2ForSequenceClassification", 124_439_808 + 5 * 768),
        (Shape("llama", 32, 4096, 32, 11008, 32000, tied=False), "LlamaForCausalLM", 6_738_415_616),
        (Shape("mistral", 32, 4096, 32, 14336, 32000, tied=False, kv_heads=8), "MistralForCausalLM", 7_241_732_096),
        (Shape("t5", 12, 768, 12, 3072, 32128, head_width=64, buckets=32), "T5ForConditionalGeneration", 222_903_552),
    ],
)
def test_known_answers(shape: Shape, model: str, expected: int) -> None:
    assert count(shape, model).total == expected


def test_neobert_by_hand() -> None:
    """Queries, keys and values in one matrix, SwiGLU, RMS norms, no biases; only the vocabulary's scores have one."""
    shape = MODELS["chandar-lab/NeoBERT"].shape
    layer = 3 * 768 * 768 + 768 * 768 + 2 * 768 * 2048 + 2048 * 768 + 2 * 768
    bare = 30522 * 768 + 28 * layer + 768
    assert count(shape, "NeoBERT").total == bare == 221_665_536
    assert count(shape, "NeoBERTLMHead").total == bare + 768 * 30522 + 30522 == 245_136_954
    labelled = bare + 768 * 769 + 4 * 769
    assert count(shape._replace(labels=4), "NeoBERTForSequenceClassification").total == labelled


def test_jina_bert_by_hand() -> None:
    """BERT with a gate, without a table of positions, and with whole queries and keys normed."""
    shape = MODELS["jinaai/jina-embeddings-v2-base-code"].shape
    attention = 4 * 768 * 769 + 2 * 2 * 768
    gated = 768 * 2 * 3072 + 3072 * 768 + 768
    embeddings = (61056 + 2) * 768 + 2 * 768
    assert embeddings + 12 * (attention + gated + 2 * 2 * 768) + 768 * 769 == 160_850_688
    assert count(shape, "JinaBertModel").total == 160_850_688


@pytest.mark.parametrize("id", [id for id, one in MODELS.items() if one.model == "GLiNER"])
def test_gliner_by_hand(id: str) -> None:
    """The encoder, a projection to 512, an LSTM of 256 each way, and feed-forward layers for starts, ends, spans, type names."""
    shape = MODELS[id].shape
    projection = shape.width * 512 + 512
    lstm = 2 * 4 * (256 * (512 + 256) + 2 * 256)
    layers = 3 * (512 * 2048 + 2048 + 2048 * 512 + 512) + (1024 * 2048 + 2048 + 2048 * 512 + 512)
    assert lstm + layers == 11_024_384
    assert count(shape, "GLiNER").total == count(shape, "DebertaV2Model").total + projection + lstm + layers


def test_gliner_large_is_what_the_hub_states() -> None:
    one = MODELS["urchade/gliner_large-v2.1"]
    assert count(one.shape, one.model).total == 445_463_040


def test_a_mixture_works_with_the_experts_that_it_uses() -> None:
    shape = MODELS["Qwen/Qwen3-30B-A3B"].shape
    parts = count(shape, "Qwen3MoeForCausalLM")
    idle = 48 * (128 - 8) * 3 * 2048 * 768  # layers, experts that rest, matrices of each
    assert parts.working == parts.total - parts.embeddings - parts.norms - idle
    assert parts.working + parts.embeddings == pytest.approx(3.35e9, rel=0.01)  # "A3B": 3.3B activated, its card says


@pytest.mark.parametrize(
    ("model", "writes"),
    [("GPT2LMHeadModel", True), ("GPT2Model", False), ("GPT2ForSequenceClassification", False)],
)
def test_a_decoder_writes_where_its_class_scores_the_vocabulary(model: str, writes: bool) -> None:
    assert count(_GPT2, model).writes is writes
    assert count(_BERT, f"Bert{model.removeprefix('GPT2')}").writes is False


# --- shapes drawn at random, of every architecture --------------------------------------------------------------------

_HEAD_WIDTHS = "gemma gemma2 gemma3_text gpt_oss llama ministral mistral mixtral qwen3 qwen3_moe t5 mt5 umt5".split()
_NO_KV_HEADS = ("gpt2", "gpt_neox", "modernbert-decoder", "opt")
_TOKEN_TYPES = "albert bert big_bird camembert electra ernie gte longformer nomic_bert roberta xlm-roberta".split()
_TOKENS: dict[str, Any] = dict.fromkeys(
    ("pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id", "decoder_start_token_id"), 1
)


def tiny(architecture: str, seed: int, **fixed: Any) -> Shape:
    """A shape that the architecture can have, of numbers so odd that two of them are seldom taken for one another."""
    draw = random.Random(f"{architecture} {seed}")
    traits = of(architecture)
    heads = draw.choice([2, 4])
    drawn: dict[str, Any] = {
        # Some releases build no ModernBERT without a local layer, which its second is.
        "layers": draw.randint(2 if architecture.startswith("modernbert") else 1, 4),
        "width": heads * draw.choice([4, 8, 12]),
        "heads": heads,
        "ffn": draw.randint(3, 40),
        "vocabulary": draw.randint(8, 60),
        "positions": draw.randint(5, 40),
        "labels": draw.randint(1, 5),
    }
    if (traits.kind == "decoder" or architecture == "eurobert") and architecture not in _NO_KV_HEADS:
        drawn["kv_heads"] = draw.choice([1, 2])
    if architecture in _HEAD_WIDTHS:
        drawn["head_width"] = draw.choice([2, 4, 6])
    if architecture in _TOKEN_TYPES:
        drawn["token_types"] = draw.randint(1, 3)
    if architecture in ("albert", "electra"):
        drawn["embedding"] = draw.choice([drawn["width"], 6])
    if traits.kind == "encoder-decoder":
        drawn["decoder_layers"] = draw.randint(1, 4)
    if architecture in ("deberta-v2", "mpnet", *ALWAYS_TIED):
        drawn["buckets"] = 2 * draw.randint(2, 8)
    if architecture in ALWAYS_TIED:
        drawn["gated"] = draw.random() < 0.5
    if architecture in ("gpt_oss", "mixtral", "qwen3_moe"):
        drawn |= {"experts": draw.randint(2, 5), "experts_used": draw.randint(1, 2)}
    if architecture == "qwen3_moe":
        drawn["expert_ffn"] = draw.randint(2, 9)
    return Shape(architecture, **{**drawn, **fixed})


def usual_classes(architecture: str) -> Iterator[str]:
    """The bare model, the one that scores the vocabulary as models of its kind do, and the heads for labels, as far as they exist."""
    from transformers.models.auto import modeling_auto as auto

    scoring = {
        "encoder": auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES,
        "decoder": auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        "encoder-decoder": auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    }
    for names in (
        auto.MODEL_MAPPING_NAMES,
        scoring[of(architecture).kind],
        auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
        auto.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
        auto.MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES,
    ):
        if architecture in names:
            yield str(names[architecture])


def differing(shape: Shape, names: list[str]) -> dict[str, str]:
    """The classes whose counts are not what transformers builds, with both numbers."""
    wrong = {}
    for name in names:
        # A span has a start and an end: two labels, or the model could not run.
        one = shape._replace(labels=2) if name.endswith("ForQuestionAnswering") else shape
        ours, theirs = count(one, name).total, built_of(one, name, **_TOKENS)
        if ours != theirs:
            wrong[name] = f"{ours}, but transformers builds {theirs} of {one}"
    return wrong


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES_BUILT)
def test_any_shape_counts_as_transformers_builds_it(architecture: str, transformers: Any) -> None:
    names = list(usual_classes(architecture))
    assert len(names) >= 2
    wrong: dict[str, str] = {}
    for seed in range(5):
        wrong |= differing(tiny(architecture, seed, tied=True), names)
    assert wrong == {}


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES_BUILT)
def test_any_untied_shape_counts_as_transformers_builds_it(architecture: str, transformers: Any) -> None:
    names = list(usual_classes(architecture))[:2]
    wrong: dict[str, str] = {}
    for seed in range(5, 10):
        wrong |= differing(tiny(architecture, seed, tied=False), names)
    assert wrong == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "name"),
    [
        ("t5", "T5EncoderModel"),  # what sentence-t5 and instructor models are
        ("mt5", "MT5EncoderModel"),
        ("umt5", "UMT5EncoderModel"),
        ("bert", "BertForPreTraining"),
        ("ernie", "ErnieForPreTraining"),
        ("big_bird", "BigBirdForPreTraining"),
        ("electra", "ElectraForPreTraining"),
        # An encoder's weights read from left to right: the masked-token head, and no pooler.
        ("bert", "BertLMHeadModel"),
        ("roberta", "RobertaForCausalLM"),
        ("xlm-roberta", "XLMRobertaForCausalLM"),
        ("camembert", "CamembertForCausalLM"),
        ("electra", "ElectraForCausalLM"),
        # The decoder alone.
        ("bart", "BartForCausalLM"),
        ("mbart", "MBartForCausalLM"),
        ("marian", "MarianForCausalLM"),
        ("pegasus", "PegasusForCausalLM"),
    ],
)
def test_classes_beyond_the_usual_ones(architecture: str, name: str, transformers: Any) -> None:
    wrong: dict[str, str] = {}
    for seed in range(3):
        wrong |= differing(tiny(architecture, seed, tied=True), [name])
    assert wrong == {}


@pytest.mark.slow
def test_the_parts_are_those_of_the_model_that_is_built(transformers: Any) -> None:
    """Not only the sum: each part of one BERT and of one Llama, by the names of their weights."""
    torch = importlib.import_module("torch")
    words = {
        "embeddings": ("embed",),
        "attention": ("attention.self", "attention.output.dense", "_proj"),
        "feed_forward": ("intermediate", "output.dense"),
        "norms": ("norm",),
        "head": ("pooler", "lm_head"),
    }
    for shape, name in ((tiny("bert", 1), "BertModel"), (tiny("llama", 1, tied=False), "LlamaForCausalLM")):
        with torch.device("meta"):
            model = class_of(name)(config_of(shape, **_TOKENS))
        found = dict.fromkeys(words, 0)
        for called, weight in model.named_parameters():
            part = next(part for part, ones in words.items() if any(word in called.lower() for word in ones))
            found["feed_forward" if ".mlp." in called else part] += weight.numel()
        assert found == {part: getattr(count(shape, name), part) for part in words}
