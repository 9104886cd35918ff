"""A config.json: read as transformers would read it, nothing in it is run, and what is wrong with it is told in one complaint."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bertgpt_cli.checkpoints.architectures import of
from bertgpt_cli.checkpoints.config import KEYS, MAX_BYTES, Config, read
from bertgpt_cli.checkpoints.parameters import count
from bertgpt_cli.errors import Complaint, Exit, InputFileError
from bertgpt_cli.rulebook import loading
from tests.checkpoints.test_parameters import ALWAYS_TIED, ARCHITECTURES_BUILT, BUILT, MODELS, built, config_of, tiny
from tests.checkpoints.test_parameters import transformers as transformers
from tests.conftest import InProcess

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # DeBERTa's, in older releases

# Files as they stand on the hub, shortened by what is no number of the shape.
BERT: dict[str, Any] = {
    "architectures": ["BertForMaskedLM"],
    "hidden_act": "gelu",
    "hidden_size": 768,
    "intermediate_size": 3072,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 512,
    "model_type": "bert",
    "num_attention_heads": 12,
    "num_hidden_layers": 12,
    "type_vocab_size": 2,
    "vocab_size": 30522,
}
GPT2: dict[str, Any] = {
    "architectures": ["GPT2LMHeadModel"],
    "model_type": "gpt2",
    "n_ctx": 1024,
    "n_embd": 768,
    "n_head": 12,
    "n_inner": None,
    "n_layer": 12,
    "n_positions": 1024,
    "vocab_size": 50257,
}
LLAMA: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 2048,
    "intermediate_size": 5632,
    "max_position_embeddings": 2048,
    "model_type": "llama",
    "num_attention_heads": 32,
    "num_hidden_layers": 22,
    "num_key_value_heads": 4,
    "tie_word_embeddings": False,
    "vocab_size": 32000,
}


def parsed(config: object) -> Config:
    return read("config.json", json.dumps(config).encode())


def total(config: object) -> int:
    found = parsed(config)
    return count(found.shape, found.model).total


def complaint(data: bytes) -> Complaint:
    """The one complaint; any other exception fails the test."""
    with pytest.raises(InputFileError) as caught:
        read("config.json", data)
    (one,) = caught.value.complaints
    assert one.file == "config.json"
    assert one.message.en
    assert one.message.zh
    assert caught.value.exit_code == Exit.BAD_FILE
    return one


# --- good files -------------------------------------------------------------------------------------------------------


def test_bert() -> None:
    assert parsed(BERT) == Config(MODELS["google-bert/bert-base-uncased"].shape, "BertForMaskedLM", "bert", 512)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (BERT, 109_514_298),
        (GPT2, 124_439_808),
        (LLAMA, 1_100_048_384),  # TinyLlama
        (  # roberta-base, saved in 2019
            {**BERT, "architectures": ["RobertaForMaskedLM"], "model_type": "roberta", "vocab_size": 50265}
            | {"max_position_embeddings": 514, "type_vocab_size": 1},
            124_697_433,
        ),
        (  # DeBERTa-v3-base names no class
            {"model_type": "deberta-v2", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12}
            | {"intermediate_size": 3072, "max_position_embeddings": 512, "max_relative_positions": -1}
            | {"position_buckets": 256, "relative_attention": True, "share_att_key": True, "pos_att_type": "p2c|c2p"}
            | {
                "norm_rel_ebd": "layer_norm",
                "position_biased_input": False,
                "type_vocab_size": 0,
                "vocab_size": 128100,
            },
            183_831_552,
        ),
        (  # gte-multilingual-base: the authors' own code
            {**BERT, "architectures": ["NewModel"], "model_type": "new", "type_vocab_size": 1, "vocab_size": 250048}
            | {"auto_map": {"AutoModel": "Alibaba-NLP/new-impl--modeling.NewModel"}, "max_position_embeddings": 8192},
            305_368_320,
        ),
        (  # nomic-embed-text-v1.5: BERT by the names of GPT-2
            {
                "architectures": ["NomicBertModel"],
                "model_type": "nomic_bert",
                "n_embd": 768,
                "n_head": 12,
                "n_inner": 3072,
            }
            | {"n_layer": 12, "n_positions": 8192, "type_vocab_size": 2, "vocab_size": 30528, "qkv_proj_bias": False},
            136_731_648,
        ),
        (  # NeoBERT: its gate takes two thirds of intermediate_size
            {"architectures": ["NeoBERTLMHead"], "model_type": "neobert", "hidden_size": 768, "intermediate_size": 3072}
            | {"max_length": 4096, "num_attention_heads": 12, "num_hidden_layers": 28, "vocab_size": 30522},
            245_136_954,
        ),
        (  # OPT-350m: narrow embeddings, norms after the layers
            {"architectures": ["OPTForCausalLM"], "model_type": "opt", "hidden_size": 1024, "ffn_dim": 4096}
            | {"num_attention_heads": 16, "num_hidden_layers": 24, "max_position_embeddings": 2048, "vocab_size": 50272}
            | {"word_embed_proj_dim": 512, "do_layer_norm_before": False},
            331_196_416,
        ),
        (  # granite-3b-code-base: a Llama with biases
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 2560, "num_hidden_layers": 32}
            | {"intermediate_size": 10240, "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 49152}
            | {"attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True},
            49152 * 2560 + 32 * (4 * 2560 * 2561 + 3 * 2560 * 10240 + 2 * 10240 + 2560 + 2 * 2560) + 2560,
        ),
    ],
    ids="bert gpt2 tinyllama roberta deberta-v3 gte nomic neobert opt-350m granite-code".split(),
)
def test_files_as_they_stand_on_the_hub(config: dict[str, Any], expected: int) -> None:
    assert total(config) == expected


def test_what_is_missing_takes_its_usual_value() -> None:
    bare = {
        key: BERT[key]
        for key in ("model_type", "hidden_size", "intermediate_size", "num_attention_heads", "num_hidden_layers")
    }
    found = parsed({**bare, "vocab_size": 30522, "max_position_embeddings": 512})
    assert found.shape == MODELS["google-bert/bert-base-uncased"].shape
    assert (found.model, found.family) == ("Model", "bert")
    assert parsed({**GPT2, "n_positions": 7}).context == 7


@pytest.mark.parametrize(("said", "tied"), [({}, False), ({"tie_word_embeddings": True}, True)])
def test_a_config_that_does_not_say_ties_as_its_architecture_does(said: dict[str, bool], tied: bool) -> None:
    untold = {key: value for key, value in LLAMA.items() if key != "tie_word_embeddings"}
    assert parsed({**untold, **said}).shape.tied is tied
    assert parsed({**untold, "model_type": "gemma", **said}).shape.tied is True


def test_labels_are_counted_from_their_names() -> None:
    config = {**BERT, "architectures": ["BertForSequenceClassification"], "id2label": {"0": "a", "1": "b", "2": "c"}}
    assert parsed(config).shape.labels == 3
    assert parsed({**BERT, "num_labels": 4}).shape.labels == 4
    assert total(config) == 109_482_240 + 3 * 769


def test_of_a_model_that_also_sees_the_text_part_is_read() -> None:
    config = {
        "architectures": ["Gemma3ForConditionalGeneration"],
        "model_type": "gemma3",
        "vision_config": {"hidden_size": 1152, "num_hidden_layers": 27, "model_type": "siglip_vision_model"},
        "text_config": {
            "hidden_size": 2560,
            "intermediate_size": 10240,
            "model_type": "gemma3_text",
            "num_hidden_layers": 34,
            "num_attention_heads": 8,
            "num_key_value_heads": 4,
            "head_dim": 256,
            "sliding_window": 1024,
            "vocab_size": 262208,
        },
    }
    found = parsed(config)
    assert (found.shape.architecture, found.shape.layers, found.family) == ("gemma3_text", 34, "gpt")
    assert count(found.shape, found.model).total == MODELS["google/gemma-3-4b-it"].parameters


def test_gemma_3_4b_as_it_stands_on_the_hub() -> None:
    """Its text part leaves out all that is Gemma3's default: 8 heads, 4 of keys, 256 wide, 262,208 tokens."""
    text = {"hidden_size": 2560, "intermediate_size": 10240, "model_type": "gemma3_text", "num_hidden_layers": 34}
    config = {"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3", "text_config": text}
    assert total(config) == MODELS["google/gemma-3-4b-it"].parameters


def test_what_reads_both_ways_is_an_encoder() -> None:
    gemma = {**LLAMA, "model_type": "gemma3_text", "architectures": ["Gemma3TextModel"]}
    assert parsed(gemma).family == "gpt"
    assert parsed({**gemma, "use_bidirectional_attention": True}).family == "bert"
    assert parsed({**gemma, "use_bidirectional_attention": 1}).family == "gpt"


@pytest.mark.parametrize(
    ("config", "family"),
    [
        (BERT, "bert"),
        (LLAMA, "gpt"),
        ({**BERT, "architectures": []}, "bert"),
        ({**BERT, "architectures": ["ThingForCausalLM"]}, "gpt"),
        ({**LLAMA, "architectures": ["ThingForTokenClassification"]}, "bert"),
        ({**LLAMA, "architectures": None}, "gpt"),
    ],
)
def test_an_unknown_architecture_is_read_and_marked(config: dict[str, Any], family: str) -> None:
    found = parsed({**config, "model_type": "thing"})
    assert found.family == family
    assert found.shape.architecture == "thing"
    assert not of(found.shape.architecture, family == "gpt").known
    assert of(config["model_type"]).known


# --- beside transformers ----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("id", BUILT)
@pytest.mark.parametrize("form", ["to_dict", "to_diff_dict"])
def test_what_transformers_saves_is_read_back(id: str, form: str, transformers: Any) -> None:
    one = MODELS[id]
    config = getattr(config_of(one.shape, one.family), form)()
    found = read(id, json.dumps({**config, "architectures": [one.model]}, default=str).encode())
    shape = one.shape
    if shape.architecture in ALWAYS_TIED:  # transformers writes what it does, whatever the weights are
        assert found.shape.tied
        shape = shape._replace(tied=True)
    assert (found.model, found.family) == (one.model, one.family)
    assert count(found.shape, one.model) == count(shape, one.model)
    for field in ("layers", "width", "heads", "ffn", "vocabulary", "query_width", "key_width", "experts", "buckets"):
        assert getattr(found.shape, field) == getattr(shape, field), field
    if shape.positions:
        assert found.shape.positions == found.context == shape.positions


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES_BUILT)
def test_a_key_that_is_missing_counts_as_transformers_counts_it_or_is_asked_for(
    architecture: str, transformers: Any
) -> None:
    from transformers import AutoConfig

    shape = tiny(architecture, 1, width=48, heads=4, labels=0, tied=of(architecture).tied)
    auto = transformers.models.auto.modeling_auto
    names = auto.MODEL_MAPPING_NAMES if of(architecture).kind == "encoder" else auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    if of(architecture).kind == "encoder-decoder":
        names = auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES
    model = str(names[architecture])
    whole = config_of(shape, pad_token_id=1, bos_token_id=1, eos_token_id=1).to_dict()
    wrong: dict[str, str] = {}
    for key in {*(key for keys in KEYS.values() for key in keys), "tie_word_embeddings", "feed_forward_proj"} & set(
        whole
    ):
        part = {name: value for name, value in whole.items() if name != key}
        given = {name: value for name, value in part.items() if name != "model_type"}
        try:
            theirs = built(AutoConfig.for_model(architecture, **given), model)
        except Exception:  # transformers cannot do without it either
            continue
        try:
            ours = total({**json.loads(json.dumps(part, default=str)), "architectures": [model]})
        except InputFileError:  # it is asked for
            continue
        if ours != theirs:
            wrong[key] = f"{ours}, but transformers builds {theirs}"
    assert wrong == {}


# --- bad files --------------------------------------------------------------------------------------------------------


def broken(**changes: object) -> bytes:
    return json.dumps({**BERT, **changes}).encode()


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"", "BG602", "Expecting value"),
        (b" \n\n", "BG602", "Expecting value"),
        (b"hello", "BG602", "Expecting value"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "BG602", "Expecting value"),
        (b"[1, 2]", "BG602", "not a JSON object"),
        (b'"bert"', "BG602", "not a JSON object"),
        (b"null", "BG602", "not a JSON object"),
        (b"NaN", "BG602", "not a JSON object"),
        (b"7", "BG602", "not a JSON object"),
        (b"[" * 100_000, "BG602", "nobody would write"),
        (b'{"a":' * 100_000, "BG602", "nobody would write"),
        (b'{"hidden_size": ' + b"9" * 5000 + b"}", "BG602", "nobody would write"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 570\n", "BG601", "git lfs pull"),
        (b'{"model_type": "b\xffrt"}', "BG601", "byte 17"),
        ("{}".encode("utf-16"), "BG601", "not UTF-8"),
        (b" " * (2 << 20), "BG601", "larger"),
        (broken(filler="x" * MAX_BYTES), "BG601", "larger"),
        (b"{}", "BG603", "model_type"),
        (broken(model_type=None), "BG603", "model_type"),
        (broken(model_type=""), "BG603", "model_type"),
        (broken(model_type=["bert"]), "BG603", "model_type"),
        (b'{"peft_type": "LORA", "base_model_name_or_path": "x/y", "r": 16}', "BG603", "model_type"),
        (b'{"model_type": "bert"}', "BG604", "num_hidden_layers"),
        (broken(vocab_size=None), "BG604", "vocab_size"),
        (broken(hidden_size=0), "BG604", "hidden_size"),
        (broken(hidden_size=-768), "BG605", "hidden_size is -768"),
        (broken(hidden_size="768"), "BG605", 'hidden_size is "768"'),
        (broken(hidden_size=768.0), "BG605", "hidden_size is 768.0"),
        (broken(hidden_size=True), "BG605", "hidden_size is true"),
        (broken(hidden_size=float("nan")), "BG605", "hidden_size is NaN"),
        (broken(hidden_size=float("inf")), "BG605", "hidden_size is Infinity"),
        (broken(hidden_size=10**12), "BG605", "hidden_size is 1000000000000"),
        (broken(hidden_size=[768]), "BG605", "hidden_size is [768]"),
        (broken(hidden_size={"a": 1}), "BG605", "hidden_size is {"),
        (broken(num_attention_heads=False), "BG605", "num_attention_heads is false"),
        (broken(type_vocab_size=-1), "BG605", "type_vocab_size is -1"),
        (broken(use_task_id=True, task_type_vocab_size="3"), "BG605", "task_type_vocab_size"),
        (broken(num_attention_heads=7), "BG605", "no multiple of the 7 heads"),
    ],
)
def test_bad_files_are_one_complaint(data: bytes, code: str, said: str) -> None:
    one = complaint(data)
    assert (one.code, said in one.message.en) == (code, True), one.message.en


def test_a_trailing_comma_is_told_where_it_stands() -> None:
    one = complaint(b'{\n  "model_type": "bert",\n  "hidden_size": 768,\n}\n')
    assert one.code == "BG602"
    assert (one.line, one.column) in ((3, 21), (4, 1))  # newer Pythons point at the comma, older ones behind it


@pytest.mark.parametrize(
    ("data", "place"),
    [(b'{\n "a" 1}', (2, 6)), (b'{"a": 1} x', (1, 10)), (b'{"a": tru}', (1, 7)), ('{"名": x}'.encode(), (1, 7))],
)
def test_what_is_no_json_is_told_by_line_and_column(data: bytes, place: tuple[int, int]) -> None:
    one = complaint(data)
    assert (one.code, one.line, one.column) == ("BG602", *place)


def test_a_byte_order_mark_is_read_over() -> None:
    assert read("config.json", b"\xef\xbb\xbf" + json.dumps(BERT).encode()) == parsed(BERT)


def test_the_largest_file_is_read() -> None:
    data = json.dumps(BERT).encode()
    assert read("config.json", data.ljust(MAX_BYTES)) == parsed(BERT)
    assert complaint(data.ljust(MAX_BYTES + 1)).code == "BG601"


@pytest.mark.parametrize("depth", [900, 950, *range(970, 1010, 3)])
@pytest.mark.parametrize("key", ["num_hidden_layers", "model_type", "other"])
def test_deep_nesting_ends_in_an_answer_at_every_depth(key: str, depth: int) -> None:
    data = json.dumps(BERT).encode()[:-1] + f', "{key}": {"[" * depth}{"]" * depth}}}'.encode()
    read_or_refused(data)


CODE = {
    "auto_map": {"AutoConfig": "evil--modeling_evil.EvilConfig", "AutoModel": "modeling_evil.EvilModel"},
    "trust_remote_code": True,
    "chat_template": "{{ cycler.__init__.__globals__.os.system('touch ran') }}",
    "custom_pipelines": {"x": {"impl": "modeling_evil.Evil"}},
}


def test_what_a_config_asks_to_be_run_changes_nothing() -> None:
    assert parsed({**BERT, **CODE}) == parsed(BERT)


def test_no_code_of_a_models_folder_is_run(run: InProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text(json.dumps({**BERT, **CODE}), encoding="utf-8")
    for name in ("modeling_evil", "configuration_evil", "evil"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    gpu = next(iter(loading.load().gpus))
    assert run("estimate", ".", "--gpu", gpu).code == 0
    assert not (tmp_path / "ran").exists()
    assert "modeling_evil" not in sys.modules


# --- whatever is handed in --------------------------------------------------------------------------------------------


def read_or_refused(data: bytes) -> None:
    try:
        found = read("config.json", data)
    except InputFileError as error:
        (one,) = error.complaints
        assert one.code in {"BG601", "BG602", "BG603", "BG604", "BG605"}
        return
    assert found.family in {"bert", "gpt", "encoder-decoder"}
    assert count(found.shape, found.model).total > 0


@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf")
@example(b"{")
@example(b'{"a": 1e999}')
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    read_or_refused(data)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)
_NAMES = st.sampled_from(
    [key for keys in KEYS.values() for key in keys]
    + "architectures id2label text_config tie_word_embeddings feed_forward_proj multi_query use_task_id".split()
)


@given(st.sampled_from([BERT, GPT2, LLAMA]), st.dictionaries(_NAMES, _VALUES, max_size=4))
@settings(deadline=None)
def test_any_value_under_a_known_key_is_read_or_refused(config: dict[str, Any], changes: dict[str, Any]) -> None:
    read_or_refused(json.dumps({**config, **changes}).encode())


@given(
    st.sampled_from([*ARCHITECTURES_BUILT, "new", "gemma3", "thing", "\ud800", "x" * 300]),
    st.dictionaries(_NAMES, st.integers(0, 10**9), max_size=6),
)
@settings(deadline=None)
def test_any_number_of_any_architecture_is_read_or_refused(architecture: str, changes: dict[str, int]) -> None:
    read_or_refused(json.dumps({**LLAMA, "model_type": architecture, **changes}).encode())
