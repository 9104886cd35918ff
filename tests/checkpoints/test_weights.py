"""What lies in a checkpoint's folder: whole ones are described, and what is wrong with any other is told in one complaint, before torch.

The files are made by hand, of a few bytes; the judge of safetensors files is the library. Ids such as ckpt-torch-02 are those of the
project's list of bad inputs.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bertgpt_cli.checkpoints import weight_files
from bertgpt_cli.checkpoints.weights import Folder, inspect
from bertgpt_cli.errors import Complaint, InputFileError

BERT: dict[str, Any] = {
    "architectures": ["BertForMaskedLM"],
    "model_type": "bert",
    "hidden_size": 8,
    "intermediate_size": 16,
    "max_position_embeddings": 32,
    "num_attention_heads": 2,
    "num_hidden_layers": 1,
    "vocab_size": 10,
}
LLAMA: dict[str, Any] = {**BERT, "architectures": ["LlamaForCausalLM"], "model_type": "llama"}
TOKENIZER = b'{"version": "1.0"}'
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 1\n"
SIZES = {"U8": 1, "F16": 2, "BF16": 2, "F32": 4, "I64": 8}


def packed(header: bytes | dict[str, Any], data: bytes = b"") -> bytes:
    """A safetensors file: the header's length, the header, the data."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensors(*names: str) -> bytes:
    """A safetensors file of 4-byte tensors."""
    entry = {name: {"dtype": "F32", "shape": [1], "data_offsets": [4 * k, 4 * k + 4]} for k, name in enumerate(names)}
    return packed({"__metadata__": {"format": "pt"}, **entry}, bytes(4 * len(names)))


def zipped(members: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()


def torch_zip(*names: str) -> dict[str, bytes]:
    """The members of what torch.save writes of a state dict."""
    return {"w/data.pkl": pickle.dumps(dict.fromkeys(names, 0), 2), "w/version": b"3\n", "w/data/0": bytes(4)}


WHOLE = tensors("bert.embeddings.weight", "cls.predictions.transform.dense.weight")
PICKLED = zipped(torch_zip("bert.embeddings.weight", "cls.predictions.transform.dense.weight"))
Make = Callable[..., str]


@pytest.fixture
def made(tmp_path: Path) -> Make:
    """Makes a folder that is whole but for what is said; `made({"config.json": None})` has none."""

    def make(files: Mapping[str, bytes | dict[str, Any] | None] = {}, name: str = "ck") -> str:
        whole = {"config.json": BERT, "model.safetensors": WHOLE, "tokenizer.json": TOKENIZER}
        for file, content in {**whole, **files}.items():
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is not None:
                path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(tmp_path / name)

    return make


def complaint(path: str, pickles: bool = False) -> Complaint:
    """The one complaint; any other exception fails the test. The user calls the folder `ck`."""
    with pytest.raises(InputFileError) as caught:
        inspect("ck", path, pickles)
    (one,) = caught.value.complaints
    assert one.file.split(os.sep)[0] == "ck"
    for text in (one.message, one.help, one.note):
        assert text is None or (text.en and text.zh)
    return one


def read(data: bytes) -> weight_files.Weights | Complaint:
    try:
        return weight_files.read("w", io.BytesIO(data))
    except InputFileError as error:
        return error.complaints[0]


@contextmanager
def at_most(megabytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < megabytes << 20
    finally:
        tracemalloc.stop()


# --- whole folders ----------------------------------------------------------------------------------------------------


def test_a_whole_folder(made: Make) -> None:
    path = made()
    before = sorted(os.listdir(path))
    found = inspect("my/model", path)
    assert found.config.family == "bert"
    size = len(json.dumps(BERT)) + len(WHOLE) + len(TOKENIZER)
    expected = Folder(
        "my/model",
        path,
        found.config,
        ("model.safetensors",),
        False,
        size,
        frozenset({"masked-lm"}),
        found.fingerprint,
        (),
    )
    assert found == expected
    assert sorted(os.listdir(path)) == before


@pytest.mark.parametrize(
    "files",
    [
        {"vocab.txt": b"[PAD]\n"},
        {"vocab.json": b"{}", "merges.txt": b"#version: 0.2\n"},
        {"spiece.model": b"\n\x0e"},
        {"tokenizer.model": b"\n\x0e"},
    ],
    ids=lambda files: " ".join(files),
)
def test_every_kind_of_tokenizer(made: Make, files: dict[str, bytes]) -> None:
    found = inspect("ck", made({"tokenizer.json": None, **files}))
    assert found.disk == len(json.dumps(BERT)) + len(WHOLE) + sum(map(len, files.values()))


@pytest.mark.parametrize(
    ("kind", "files"),
    [
        ("no tokenizer: looked for tokenizer.json", {"tokenizer.json": None}),
        ("no tokenizer: looked for tokenizer.json", {"tokenizer.json": None, "vocab.json": b"{}"}),
        ("git lfs pull", {"tokenizer.json": LFS}),
        ("git lfs pull", {"tokenizer.json": None, "spiece.model": LFS}),
        ("empty file", {"tokenizer.json": b""}),
        ("not JSON", {"tokenizer_config.json": b"{"}),
    ],
)
def test_no_whole_tokenizer(made: Make, kind: str, files: dict[str, bytes | None]) -> None:
    assert kind in complaint(made(files)).message.en


def test_a_tokenizer_without_end(made: Make) -> None:
    path = made()
    with open(os.path.join(path, "tokenizer.json"), "ab") as file:
        file.truncate(100_000_001)
    assert complaint(path).message.en == "larger than any tokenizer"


# --- heads: the names are those that transformers saves ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("model_type", "model", "names", "heads"),
    [
        ("bert", "BertForMaskedLM", "bert.x cls.predictions.bias cls.predictions.transform.dense.weight", "masked-lm"),
        ("bert", "BertForPreTraining", "cls.predictions.transform.dense.weight cls.seq_relationship.bias", "masked-lm"),
        ("bert", "BertModel", "embeddings.word_embeddings.weight pooler.dense.weight", ""),
        ("bert", "BertLMHeadModel", "cls.predictions.transform.dense.weight", ""),  # never trained to see both sides
        ("bert", "BertForSequenceClassification", "bert.pooler.dense.weight classifier.weight", "classification"),
        ("bert", "BertForTokenClassification", "classifier.weight", ""),
        ("roberta", "RobertaForMaskedLM", "lm_head.bias lm_head.dense.weight", "masked-lm"),
        ("albert", "AlbertForMaskedLM", "predictions.dense.weight", "masked-lm"),
        ("distilbert", "DistilBertForMaskedLM", "vocab_transform.weight vocab_projector.bias", "masked-lm"),
        ("electra", "ElectraForMaskedLM", "generator_predictions.dense.weight", "masked-lm"),
        ("electra", "ElectraForPreTraining", "discriminator_predictions.dense.weight", ""),
        ("modernbert", "ModernBertForMaskedLM", "head.dense.weight decoder.bias", "masked-lm"),
        ("modernbert", "ModernBertForSequenceClassification", "head.dense.weight classifier.bias", "classification"),
        ("eurobert", "EuroBertForMaskedLM", "lm_head.weight", "masked-lm"),
        ("deberta-v2", "", "lm_predictions.lm_head.dense.weight", ""),  # transformers' class has no place for it
        ("llama", "LlamaForCausalLM", "model.norm.weight lm_head.weight", "causal-lm"),
        ("llama", "LlamaModel", "norm.weight lm_head.weight", "causal-lm"),
        ("llama", "LlamaForCausalLM", "model.norm.weight", ""),  # not tied, so its head is lost
        ("llama", "LlamaForSequenceClassification", "model.norm.weight score.weight", "classification"),
        ("gpt2", "GPT2LMHeadModel", "wte.weight", "causal-lm"),  # tied
        ("gpt2", "GPT2Model", "wte.weight", ""),
        ("gpt_neox", "GPTNeoXForCausalLM", "embed_out.weight", "causal-lm"),
        ("modernbert-decoder", "ModernBertDecoderForCausalLM", "lm_head.dense.weight decoder.bias", "causal-lm"),
    ],
)
def test_heads(made: Make, model_type: str, model: str, names: str, heads: str) -> None:
    config = {**BERT, "model_type": model_type, "architectures": [model] if model else None}
    usual = {"dim": 8, "hidden_dim": 16, "n_heads": 2, "n_layers": 1, "n_positions": 32}
    path = made({"config.json": {**config, **usual}, "model.safetensors": tensors("a.weight", *names.split())})
    assert inspect("ck", path).heads == frozenset(heads.split())


# --- the fingerprint --------------------------------------------------------------------------------------------------


def test_a_copy_has_the_same_fingerprint(made: Make) -> None:
    first, second = made(name="a"), made(name="b")
    os.utime(os.path.join(second, "model.safetensors"), (1, 1))
    assert inspect("a", first).fingerprint == inspect("b", second).fingerprint


@pytest.mark.parametrize(
    "files",
    [
        {"config.json": {**BERT, "hidden_dropout_prob": 0.2}},
        {"model.safetensors": WHOLE[:-1] + b"\1"},
        {"tokenizer.json": TOKENIZER + b" "},
        {"tokenizer_config.json": b"{}"},
        {"added_tokens.json": b"{}"},
        {"special_tokens_map.json": b"{}"},
        {"vocab.txt": b"a"},
    ],
    ids=lambda files: " ".join(files),
)
def test_the_fingerprint_changes_with_every_file(made: Make, files: dict[str, bytes | dict[str, Any]]) -> None:
    whole, changed = inspect("ck", made(name="a")), inspect("ck", made(files, name="b"))
    assert changed.fingerprint != whole.fingerprint


def test_the_same_bytes_under_another_name_have_another_fingerprint(made: Make) -> None:
    files = {"tokenizer.json": None, "vocab.txt": TOKENIZER}
    assert inspect("ck", made(name="a")).fingerprint != inspect("ck", made(files, name="b")).fingerprint


def test_the_fingerprint_of_a_large_file(made: Make) -> None:
    """The start is in it as a whole, the rest by samples, the size and the time of the last change."""
    size = 20 << 20
    data = packed({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}})
    path = made({"model.safetensors": data})
    file = Path(path, "model.safetensors")

    def seen(at: int = 0, to: bytes = b"", changed: int = 1) -> str:
        with file.open("r+b") as stream:
            stream.seek(at)
            stream.write(to)
            stream.truncate(len(data) + size)
        os.utime(file, (changed, changed))
        return inspect("ck", path).fingerprint

    first = seen()
    assert seen() == first
    assert seen(changed=2) != first
    assert len({first, seen(3_000_000, b"x"), seen((4 << 20) + (16 << 20) // 2 + 100, b"x")}) == 3


# --- what a file is, by its content -----------------------------------------------------------------------------------

GZIP = bytes.fromhex("1f8b0800000000000003")
LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19." + pickle.dumps({}, 2)
CONTENTS = {
    "empty": (b"", "BG620", "empty file"),  # ckpt-torch-02
    "text": (b"hello", "BG620", "a text file, not weights"),  # ckpt-torch-03
    "page": (b"\n<!DOCTYPE html><html>404</html>", "BG620", "a web page, not the file: download it again"),
    "lfs": (LFS, "BG620", "a git-lfs pointer, not the file: run git lfs pull"),
    "json": (b'{"error": "not found"}', "BG620", "JSON, not weights"),
    "gzip": (GZIP, "BG620", "a gzip archive: unpack it first"),
    "gguf": (b"GGUF\3\0\0\0{\0\0\0", "BG620", "GGUF: convert it to safetensors first"),
    "keras": (b"\x89HDF\r\n\x1a\n", "BG620", "HDF5, weights of TensorFlow or Keras"),
    "zeros": (bytes(100), "BG620", "neither safetensors nor weights of torch"),
    "pickle": (b"\x80\x04}.", "BG620", "a bare pickle"),  # ckpt-safetensors-04
    "legacy": (LEGACY, "BG620", "a bare pickle"),
    "no pickle": (b"\x80\x99abc", "BG620", "neither safetensors nor weights of torch"),
    "one byte": (b"\x80", "BG620", "neither safetensors nor weights of torch"),
    "cut": (WHOLE[:-1], "BG621", "truncated or damaged"),
    "cut in the header": (WHOLE[:40], "BG621", "truncated or damaged"),
    "cut zip": (PICKLED[: len(PICKLED) // 2], "BG621", "truncated or damaged"),  # ckpt-torch-04
    "documents": (zipped({"word/document.xml": b"<a/>"}), "BG623", "a zip, but not of weights that torch saved"),
}


@pytest.mark.parametrize("pickles", [False, True])
@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
@pytest.mark.parametrize(("data", "code", "words"), CONTENTS.values(), ids=CONTENTS)
def test_content_and_not_the_name_decides(
    made: Make, name: str, data: bytes, code: str, words: str, pickles: bool
) -> None:
    found = complaint(made({"model.safetensors": None, name: data}), pickles)
    assert (found.file, found.code) == (os.path.join("ck", name), code)
    assert found.message.en.startswith(words)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors", ".bin", ""])
@pytest.mark.parametrize(("data", "code", "words"), CONTENTS.values(), ids=CONTENTS)
def test_a_single_file_is_told_by_its_content(tmp_path: Path, suffix: str, data: bytes, code: str, words: str) -> None:
    path = tmp_path / f"w{suffix}"
    path.write_bytes(data)
    found = complaint(str(path))
    assert found.code == code
    assert found.message.en.startswith(words)


def test_a_length_that_looks_like_another_file() -> None:
    header = b'{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'
    for start in (GZIP[:2], b"\x80\x02"):
        length = int.from_bytes(start, "little")
        assert read(packed(header.ljust(length))) == weight_files.Weights(False, frozenset("w"))


def test_names_do_not_make_a_pickle_safetensors_nor_the_reverse(made: Make) -> None:
    renamed = complaint(made({"model.safetensors": PICKLED}), pickles=True)
    assert (renamed.code, renamed.message.en) == ("BG617", "a pickle, but called safetensors")
    renamed = complaint(made({"model.safetensors": None, "pytorch_model.bin": WHOLE}, name="b"), pickles=True)
    assert (renamed.code, renamed.message.en) == ("BG617", "safetensors, but called .bin")


# --- safetensors headers ----------------------------------------------------------------------------------------------


def entry(dtype: object = "U8", shape: object = (4,), offsets: object = (0, 4)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


TWICE = b'{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
HEADERS: dict[str, tuple[bytes | dict[str, Any], str]] = {
    "ckpt-safetensors-02": (TWICE, 'the header names "w" twice'),
    "not UTF-8": (b'{"\xff":1}', "the header is not JSON"),
    "not JSON": (b"{'w':1}", "the header is not JSON"),
    "nested without end": (b'{"w":' * 100_000, "the header is not JSON"),
    "digits without end": (b'{"w":' + b"1" * 5000 + b"}", "the header is not JSON"),
    "no tensors": ({"__metadata__": {"format": "pt"}}, "no tensors in it"),
    "metadata": ({"__metadata__": {"a": 1}, "w": entry()}, "__metadata__ is not an object of texts"),
    "metadata 2": ({"__metadata__": [], "w": entry()}, "__metadata__ is not an object of texts"),
    "not an object": ({"w": [1]}, '"w" needs a dtype, a shape and two data_offsets'),
    "no dtype": ({"w": {"shape": [4], "data_offsets": [0, 4]}}, '"w" needs a dtype'),
    "strange dtype": ({"w": entry("F7")}, '"w" has the unknown dtype "F7"'),
    "shape of no numbers": ({"w": entry(shape=[4.0])}, '"w" needs a dtype'),
    "shape of truth": ({"w": entry(shape=[4, True])}, '"w" needs a dtype'),
    "shape below 0": ({"w": entry(shape=[-4, -1])}, '"w" needs a dtype'),
    "three offsets": ({"w": entry(offsets=[0, 4, 4])}, '"w" needs a dtype'),
    "offsets below 0": ({"w": entry(offsets=[-4, 0])}, '"w" needs a dtype'),
    "offsets turned round": ({"w": entry(offsets=[4, 0])}, 'the shape of "w" does not fit its data_offsets'),
    "shape and offsets": ({"w": entry(shape=[3])}, 'the shape of "w" does not fit its data_offsets'),
    "dtype and offsets": ({"w": entry("F16")}, 'the shape of "w" does not fit its data_offsets'),
    "half a byte": ({"w": entry("F4", [7])}, 'the shape of "w" does not fit its data_offsets'),
    "numbers past 64 bits": (
        {"w": entry(shape=[1 << 63, 1 << 63, 0], offsets=[0, 0])},
        'the shape of "w" does not fit',
    ),
    "overlap": ({"v": entry(), "w": entry(offsets=[2, 6])}, '"w" overlaps another tensor'),
    "the same bytes": ({"v": entry(), "w": entry()}, '"w" overlaps another tensor'),
    "hole": ({"v": entry(shape=[1], offsets=[0, 1]), "w": entry(shape=[2], offsets=[2, 4])}, 'a hole before "w"'),
    "hole at the start": ({"w": entry(shape=[3], offsets=[1, 4])}, 'a hole before "w"'),
    "too little": ({"w": entry(shape=[5], offsets=[0, 5])}, "truncated or damaged"),
    "too much": ({"w": entry(shape=[3], offsets=[0, 3])}, "1 bytes belong to no tensor"),
}


@pytest.mark.parametrize(("header", "words"), HEADERS.values(), ids=HEADERS)
def test_headers_that_are_refused(header: bytes | dict[str, Any], words: str) -> None:
    found = read(packed(header, bytes(4)))
    assert isinstance(found, Complaint)
    assert words in found.message.en
    assert found.code == ("BG621" if words.startswith("truncated") else "BG622")


def test_a_header_of_any_length_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "w"
    for length in (weight_files.LONGEST_HEADER + 1, 1 << 39):
        path.write_bytes(struct.pack("<Q", length) + b"{")
        os.truncate(path, 1 << 30)
        with path.open("rb") as file, at_most(1), pytest.raises(InputFileError) as caught:
            weight_files.read("w", file)
        assert f"the header is said to be {length} bytes long" in caught.value.message.en


def some_file(chance: random.Random) -> bytes:
    """A safetensors file of a few tensors that is wrong in one place, or in none."""
    at = 0
    header: dict[str, Any] = {}
    for name in chance.sample("abcd", chance.randrange(1, 4)):
        dtype, bits = chance.choice(
            [("F32", 32), ("BF16", 16), ("U8", 8), ("F4", 4), ("F6_E2M3", 6), ("C64", 64), ("X", 8)]
        )
        shape = [chance.choice((0, 1, 2, 4, 8)) for _ in range(chance.randrange(3))]
        for number in shape:
            bits *= number
        start = at + chance.choice((*[0] * 20, 1, -1))
        at = start + bits // 8 + chance.choice((*[0] * 20, 1))
        header[name] = entry(dtype, shape, [start, at])
        if chance.random() < 0.05:
            header[name].update(chance.choice(({"x": 1}, {"shape": None}, {"data_offsets": [0]}, {"shape": [2.0]})))
    if chance.random() < 0.3:
        header["__metadata__"] = chance.choice(({}, {"a": "b"}, None, [], "", {"a": 1}))
    text = json.dumps(header).encode() + b" " * chance.choice((0, 3))
    return packed(text, bytes(max(0, at + chance.choice((*[0] * 8, 1, -1)))))


def test_the_library_says_the_same() -> None:
    library = pytest.importorskip("safetensors")
    chance = random.Random(6)
    accepted = 0
    for _ in range(3000):
        data = some_file(chance)
        try:
            expected = frozenset(name for name, _ in library.deserialize(data))
        except library.SafetensorError:
            expected = frozenset()
        found = read(data)
        assert (found.tensors if isinstance(found, weight_files.Weights) else frozenset()) == expected, data
        accepted += bool(expected)
    assert 300 < accepted < 2700


DTYPES = {"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8}
DTYPES |= {"F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32}
DTYPES |= {"F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64}


def test_every_dtype_of_the_library() -> None:
    library = pytest.importorskip("safetensors")
    for dtype, bits in DTYPES.items():
        data = packed({"w": entry(dtype, [8], [0, bits])}, bytes(bits))
        assert [name for name, _ in library.deserialize(data)] == ["w"]
        assert read(data) == weight_files.Weights(False, frozenset("w"))


def test_damage_never_ends_in_another_exception() -> None:
    chance = random.Random(6)
    for data in (WHOLE, PICKLED):
        assert isinstance(read(data), weight_files.Weights)
        for cut in range(len(data)):
            assert isinstance(read(data[:cut]), Complaint), cut
        for _ in range(2000):
            bad = bytearray(data)
            for _ in range(chance.choice((1, 1, 3))):
                bad[chance.randrange(len(bad))] = chance.randrange(256)
            read(bytes(bad))


# --- an index ---------------------------------------------------------------------------------------------------------


def sharded(kind: str = "safetensors", **more: object) -> dict[str, Any]:
    """The files of a checkpoint in two parts, with the index's weight_map changed as said."""
    stem, suffix = ("pytorch_model", ".bin") if kind == "bin" else ("model", ".safetensors")
    one, two = f"{stem}-1-of-2{suffix}", f"{stem}-2-of-2{suffix}"
    parts = {one: "a.weight", two: "cls.predictions.transform.dense.weight"}
    make = (lambda name: zipped(torch_zip(name))) if kind == "bin" else tensors
    index = {"metadata": {"total_size": 8}, "weight_map": {parts[one]: one, parts[two]: two, **more}}
    held = {name: make(tensor) for name, tensor in parts.items()}
    return {"model.safetensors": None, f"{stem}{suffix}.index.json": index, **held}


def test_parts(made: Make) -> None:
    files = sharded()
    path = made(files)
    found = inspect("ck", path)
    assert found.weights == ("model-1-of-2.safetensors", "model-2-of-2.safetensors")
    assert found.heads == {"masked-lm"}
    assert found.disk == sum(entry.stat().st_size for entry in os.scandir(path))


def test_parts_may_be_links_to_files(made: Make, tmp_path: Path) -> None:
    """As a hub's cache holds them."""
    path = made(sharded())
    blob = tmp_path / "blobs"
    blob.mkdir()
    for name in os.listdir(path):
        os.rename(os.path.join(path, name), blob / f"sha-{name}")
        os.symlink(f"../blobs/sha-{name}", os.path.join(path, name))
    assert inspect("ck", path).heads == {"masked-lm"}


@pytest.mark.parametrize(
    "part",
    [
        "../../../etc/passwd",  # ckpt-config-05
        "../x.safetensors",
        "/etc/x.safetensors",
        "sub/x.safetensors",
        "..\\x.safetensors",
        "C:x.safetensors",
        "x\0.safetensors",
        "x.bin",
        "..",
        "",
    ],
)
def test_parts_have_plain_names(made: Make, tmp_path: Path, part: str) -> None:
    (tmp_path / "x.safetensors").write_bytes(tensors("w"))
    found = complaint(made({**sharded(w=part), "sub/x.safetensors": tensors("w"), "x.bin": PICKLED}), pickles=True)
    assert (found.code, found.file) == ("BG615", os.path.join("ck", "model.safetensors.index.json"))
    assert "is no plain name ending in .safetensors" in found.message.en


def test_a_missing_part_is_named(made: Make) -> None:
    found = complaint(made({**sharded(v="model-x.safetensors", w="model-y.safetensors")}))
    assert found.message.en == "2 of 4 parts are missing: model-x.safetensors, model-y.safetensors"


@pytest.mark.parametrize("index", [{}, {"weight_map": [1]}, {"weight_map": {}}, {"weight_map": {"w": 1}}], ids=str)
def test_an_index_without_a_map(made: Make, index: dict[str, Any]) -> None:
    found = complaint(made({"model.safetensors": None, "model.safetensors.index.json": index}))
    assert found.message.en == "weight_map is not an object of file names"


def test_a_tensor_that_is_not_where_the_index_says(made: Make) -> None:
    found = complaint(made(sharded(w="model-2-of-2.safetensors")))
    assert found.file == os.path.join("ck", "model-2-of-2.safetensors")
    assert found.message.en == "it lacks 'w', which the index places in it"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "added_tokens.json"])
def test_only_regular_files_are_read(made: Make, name: str) -> None:
    path = made({name: None})
    os.mkfifo(os.path.join(path, name))
    assert complaint(path).message.en == "not a regular file"


def test_a_link_that_leads_nowhere(made: Make) -> None:
    path = made({"model.safetensors": None})
    os.symlink("../blobs/gone", os.path.join(path, "model.safetensors"))
    assert complaint(path).message.en == "the link leads nowhere: ../blobs/gone"


# --- pickled weights --------------------------------------------------------------------------------------------------

ASKED = {"model.safetensors": None, "pytorch_model.bin": PICKLED}


def test_pickled_weights_are_refused_unless_they_are_allowed(made: Make) -> None:
    path = made(ASKED)
    found = complaint(path)
    assert found.code == "BG618"
    assert "pickled weights can run code when they are loaded; --allow-pickle" in found.message.en
    assert found.help is not None
    assert "a safetensors copy is better" in found.help.en
    allowed = inspect("ck", path, pickles=True)
    assert (allowed.weights, allowed.pickled, allowed.heads) == (("pytorch_model.bin",), True, frozenset({"masked-lm"}))


def test_pickled_parts(made: Make) -> None:
    path = made(sharded("bin"))
    assert complaint(path).code == "BG618"
    found = inspect("ck", path, pickles=True)
    assert found.weights == ("pytorch_model-1-of-2.bin", "pytorch_model-2-of-2.bin")
    assert (found.pickled, found.heads) == (True, frozenset({"masked-lm"}))


def test_safetensors_come_first(made: Make) -> None:
    found = inspect("ck", made({"pytorch_model.bin": PICKLED}), pickles=True)
    assert (found.weights, found.pickled) == (("model.safetensors",), False)


def test_nothing_is_unpickled(made: Make, tmp_path: Path) -> None:
    pwned = tmp_path / "pwned"

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(pwned),)

    members = {**torch_zip(), "w/data.pkl": pickle.dumps({"lm_head.weight": Evil()}, 2)}
    path = made({**ASKED, "pytorch_model.bin": zipped(members)})
    assert inspect("ck", path, pickles=True).weights == ("pytorch_model.bin",)
    assert not pwned.exists()


def repeated() -> bytes:
    return zipped({**torch_zip("w"), "w/data/1": bytes(4)}).replace(b"w/data/1", b"w/data/0")


def overlapping() -> bytes:
    """A hundred members that are the same bytes of the file."""
    data = zipped({**torch_zip("w"), "w/data/1": bytes(5000)})
    start = data.index(b"PK\1\2", data.index(b"PK\1\2", data.index(b"PK\1\2", data.index(b"PK\1\2") + 1) + 1) + 1)
    end = data.index(b"PK\5\6")
    copies = [data[start:end].replace(b"w/data/1", b"w/dat%03d" % k) for k in range(100)]
    listed = data[data.index(b"PK\1\2") : end] + b"".join(copies)
    closing = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 104, 104, len(listed), data.index(b"PK\1\2"), 0)
    return data[: data.index(b"PK\1\2")] + listed + closing


def misplaced() -> bytes:
    """The list of members is said to begin later than it does, so that the members begin before the file."""
    data = bytearray(PICKLED)
    end = data.index(b"PK\5\6")
    data[end + 16 : end + 20] = struct.pack("<I", data.index(b"PK\1\2") + 1000)
    return bytes(data)


def far() -> bytes:
    """The pickle is said to begin 2**64 - 1 bytes into the file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in torch_zip("w").items():
            info = zipfile.ZipInfo(name)
            info.extra = struct.pack("<HHQ", 1, 8, 2**64 - 1)
            archive.writestr(info, content)
    data = bytearray(stream.getvalue())
    start = data.index(b"PK\1\2")
    data[start + 42 : start + 46] = b"\xff" * 4
    return bytes(data)


ZIPS: dict[str, tuple[Callable[[], bytes], str]] = {
    "ckpt-torch-05": (
        lambda: zipped({**torch_zip("w"), "w/data/0": bytes(1 << 25)}, zipfile.ZIP_DEFLATED),
        "compressed members",
    ),
    "encrypted": (
        lambda: zipped(torch_zip("w")).replace(b"PK\1\2\x14\3\x14\0\0\0", b"PK\1\2\x14\3\x14\0\1\0"),
        "compressed members",
    ),
    "no tensors": (lambda: zipped({"w/data.pkl": b"\x80\2}.", "w/version": b"3\n"}), "no tensors in it"),
    "no pickle": (
        lambda: zipped({"w/version": b"3\n", "w/data/0": b"1"}),
        "a zip, but not of weights that torch saved",
    ),
    "a program": (
        lambda: zipped({**torch_zip("w"), "w/constants.pkl": b""}),
        "a zip, but not of weights that torch saved",
    ),
    "absolute": (
        lambda: zipped({"/data.pkl": b"\x80\2}.", "/data/0": b"1"}),
        "a zip, but not of weights that torch saved",
    ),
    "upwards": (lambda: zipped({**torch_zip("w"), "w/../../x": b"1"}), 'a member of the zip is called "w/../../x"'),
    "elsewhere": (lambda: zipped({**torch_zip("w"), "etc/x": b"1"}), 'a member of the zip is called "etc/x"'),
    "backslash": (lambda: zipped({**torch_zip("w"), "w/..\\x": b"1"}), "a member of the zip is called"),
    "repeated": (repeated, "truncated or damaged"),
    "overlapping": (overlapping, "truncated or damaged"),
    "misplaced": (misplaced, "truncated or damaged"),
    "far": (far, "truncated or damaged"),
    "damaged pickle": (lambda: PICKLED.replace(b"cls.", b"clz."), "truncated or damaged"),
    "no pickle in the pickle": (lambda: zipped({**torch_zip(), "w/data.pkl": b"(("}), "truncated or damaged"),
    "a pickle without end": (lambda: zipped({**torch_zip(), "w/data.pkl": bytes(5 << 20)}), "truncated or damaged"),
}


@pytest.mark.parametrize(("make", "words"), ZIPS.values(), ids=ZIPS)
def test_zips_that_are_refused(made: Make, make: Callable[[], bytes], words: str) -> None:
    path = made({**ASKED, "pytorch_model.bin": make()})
    with at_most(12):
        for pickles in (False, True):
            assert complaint(path, pickles).message.en.startswith(words)


def test_numbers_past_a_file_in_memory() -> None:
    found = read(far())
    assert isinstance(found, Complaint)
    assert found.message.en == "truncated or damaged"


def test_a_list_of_members_without_end(made: Make) -> None:
    path = made({**ASKED, "pytorch_model.bin": PICKLED})
    size = 1 << 30
    with open(os.path.join(path, "pytorch_model.bin"), "r+b") as file:
        file.seek(size)
        file.write(struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 9, 9, size - 100, 100, 0))
    with at_most(16):
        assert complaint(path, pickles=True).message.en == "truncated or damaged"


# --- what is no folder of a checkpoint --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_file_of_a_folder_leads_to_the_folder(made: Make, name: str) -> None:
    path = made()
    found = complaint(os.path.join(path, name))
    assert found.help is not None
    assert found.help.en == f"use its folder: '{path}'"


@pytest.mark.parametrize(("data", "kind"), [(WHOLE, "safetensors"), (PICKLED, "pickled")], ids=["safe", "pickle"])
@pytest.mark.parametrize("pickles", [False, True])
def test_weights_alone(tmp_path: Path, data: bytes, kind: str, pickles: bool) -> None:
    path = tmp_path / "w"
    path.write_bytes(data)
    found = complaint(str(path), pickles)
    assert found.code == "BG610"
    assert found.message.en == (
        f"a file of {kind} weights: expected a folder with config.json, weights and a tokenizer"
    )
    assert (found.note is not None and "can run code" in found.note.en) == (kind == "pickled")
    assert found.help is None


def test_a_header_with_a_name_twice_alone(tmp_path: Path) -> None:  # ckpt-safetensors-02
    path = tmp_path / "dup.safetensors"
    path.write_bytes(packed(TWICE, bytes(4)))
    assert complaint(str(path)).message.en == 'the header names "w" twice'


@pytest.mark.parametrize("path", ["gone", "a\0b"])
def test_nothing_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    (tmp_path / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    found = complaint(path)
    assert found.code in ("BG001", "BG005")
    assert found.help is None


def test_a_folder_that_cannot_be_listed(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made()

    def refuse(path: str) -> list[str]:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("bertgpt_cli.checkpoints.weights.os.listdir", refuse)
    assert complaint(path).message.en == "cannot be read: Permission denied"


@pytest.mark.parametrize("inner", ["0_Transformer", "checkpoint-500", "snapshots/0a1b"])
def test_the_folder_is_one_further_in(made: Make, inner: str) -> None:
    path = made({"config.json": None, "modules.json": b"[]", f"{inner}/config.json": BERT})
    found = complaint(path)
    assert found.code == "BG611"
    assert found.help is not None
    assert found.help.en == f"use '{path}/{inner}'"


def test_no_config(made: Make) -> None:
    assert complaint(made({"config.json": None})).message.en == "no config.json in the folder"


@pytest.mark.parametrize("config", [BERT, None], ids=["config", "none"])
def test_gguf_alone(made: Make, config: dict[str, Any] | None) -> None:
    found = complaint(made({"model.safetensors": None, "config.json": config, "m.Q4_1.gguf": b"GGUF"}))
    assert found.help is not None
    assert found.help.en == "GGUF: convert it to safetensors first"


def test_weights_under_other_names(made: Make) -> None:
    found = complaint(made({"model.safetensors": None, "tf_model.h5": b"1", "model.pt": PICKLED}), pickles=True)
    assert (found.code, found.message.en) == ("BG614", "no model.safetensors in the folder")
    assert found.note is not None
    assert found.note.en == "it holds model.pt, tf_model.h5"


@pytest.mark.parametrize("files", [{}, {"config.json": None, "model.safetensors": None}], ids=["whole", "alone"])
def test_an_adapter(made: Make, files: dict[str, None]) -> None:
    """Even beside whole weights: transformers would load it, and may look for its base model elsewhere."""
    found = complaint(made({"adapter_config.json": {"base_model_name_or_path": "org/base"}, **files}))
    assert found.message.en == "a LoRA adapter; merge it first"


def test_neither_family(made: Make) -> None:
    t5 = {"model_type": "t5", "d_model": 8, "num_layers": 1, "num_heads": 2, "vocab_size": 10, "d_ff": 16}
    found = complaint(made({"config.json": t5}))
    assert (found.code, found.file) == ("BG612", os.path.join("ck", "config.json"))
    assert "neither family" in found.message.en


def test_weights_that_the_config_names_are_not_loaded_unseen(made: Make) -> None:
    path = made({"config.json": {**BERT, "transformers_weights": "other.safetensors"}})
    assert complaint(path).code == "BG624"
    assert inspect("ck", made({"config.json": {**BERT, "transformers_weights": None}})).weights


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (b"", "not JSON"),
        (LFS, "git lfs pull"),
        ({"hidden_size": 8}, "no model_type"),
        ({"model_type": "bert", "auto_map": {"AutoModel": "evil.M"}}, "the config lacks"),  # ckpt-config-01
        ({"model_type": "vit", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}, "vocab_size"),
    ],
    ids=["empty", "lfs", "no type", "ckpt-config-01", "vision"],
)
def test_no_config_of_a_text_model(made: Make, config: bytes | dict[str, Any], words: str) -> None:
    found = complaint(made({"config.json": config}))
    assert found.file == os.path.join("ck", "config.json")
    assert words in found.message.en


# --- remarks ----------------------------------------------------------------------------------------------------------

EVIL = b"open('pwned', 'w')"
SSTI = '{{ lipsum.__globals__["os"].popen("touch pwned").read() }}'


def test_code_is_never_run_and_that_is_said(
    made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # ckpt-config-01, ckpt-config-02
    asks = {
        "auto_map": {"AutoModel": "evil.M"},
        "trust_remote_code": True,
        "_attn_implementation_internal": "evil/kernel",
    }
    path = made(
        {
            "config.json": {**BERT, **asks, "quantization_config": {"quant_method": "gptq"}},
            "tokenizer_config.json": {"auto_map": {"AutoTokenizer": ["evil.T", None]}, "chat_template": SSTI},
            "evil.py": EVIL,
        }
    )
    monkeypatch.chdir(path)
    before = sorted(os.listdir(path))
    found = inspect("ck", path)
    assert [one.en for one in found.remarks] == [
        "config.json asks for code (auto_map, trust_remote_code, _attn_implementation_internal): ignored",
        "tokenizer_config.json asks for code (auto_map): ignored",
        "code in the folder is never run: evil.py",
        "the chat template is never rendered",
        "the config says that the weights are quantized (gptq)",
    ]
    assert all(one.zh for one in found.remarks)
    assert sorted(os.listdir(path)) == before
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    "asked",
    [
        {"_attn_implementation": "evil/kernel"},
        {"attn_implementation": {"": "evil/kernel"}},
        {"experts_implementation": "evil/kernel@main:f"},
        {"sub_configs": [{"text": {"attn_implementation": "evil/kernel"}}]},
    ],
    ids=str,
)
def test_code_that_transformers_would_fetch(made: Make, asked: dict[str, Any]) -> None:
    found = complaint(made({"config.json": {**BERT, **asked}}))
    assert found.code == "BG625"
    assert "implementation asks for code from a hub" in found.message.en


def test_an_implementation_of_transformers_own(made: Make) -> None:
    assert inspect("ck", made({"config.json": {**BERT, "_attn_implementation": "sdpa"}})).remarks == ()


def test_a_chat_template_in_a_file_of_its_own(made: Make) -> None:
    found = inspect("ck", made({"config.json": LLAMA, "chat_template.jinja": SSTI.encode()}))
    assert [one.en for one in found.remarks] == ["the chat template is never rendered"]
