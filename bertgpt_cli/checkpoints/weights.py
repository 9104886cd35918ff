"""What lies in a checkpoint's folder: the config, the weights and the tokenizer, decided without torch before anything is loaded.

Nothing is executed, written or fetched. Whether the tensors fit the config's classes is not known here: transformers says.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from bertgpt_cli.checkpoints import config, weight_files
from bertgpt_cli.checkpoints.config import Config
from bertgpt_cli.errors import Complaint, InputFileError
from bertgpt_cli.files import opened, read_bytes, unreadable
from bertgpt_cli.text import Text

_LARGEST_JSON = 1 << 24  # bytes of an index or a tokenizer's config
_LARGEST_TOKENIZER = 100_000_000  # bytes; a vocabulary of 262 thousand takes 35 million
_WHOLE = 1 << 22  # bytes of a file that a fingerprint is made of, from its start
_PIECES, _PIECE = 256, 1 << 14  # how many pieces of how many bytes of what is beyond

_KINDS = (("model", ".safetensors"), ("pytorch_model", ".bin"))  # what transformers looks for, in this order
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".h5", ".msgpack", ".onnx")
_TOKENIZERS = (("tokenizer.json",), ("vocab.txt",), ("vocab.json", "merges.txt"))
_BESIDE = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
_CLOZE = (  # the layer before the vocabulary, by architecture
    "cls.predictions.transform.dense.weight",  # BERT, ERNIE, BigBird, DeBERTa as transformers has it
    "lm_head.dense.weight",  # RoBERTa, MPNet, Longformer
    "lm_head.weight",  # EuroBERT
    "predictions.dense.weight",  # ALBERT
    "vocab_transform.weight",  # DistilBERT
    "generator_predictions.dense.weight",  # ELECTRA's generator
    "decoder.bias",  # ModernBERT
)
_NEXT = (
    "lm_head.",  # Llama, GPT-2 and most others
    "embed_out.",  # GPT-NeoX
    "output_projection.",  # BioGPT
    "decoder.weight",  # ModernBERT's decoder
    "decoder.bias",
)
_CODE = ("auto_map", "trust_remote_code", "custom_pipelines", "_implementation_internal")
_KERNELS = ("attn_implementation", "experts_implementation")
_LABELS = ("classifier.", "score.")
_NEXT_CLASSES = ("ForCausalLM", "LMHeadModel")


class Folder(NamedTuple):
    """`name` is what the user wrote, `weights` are names inside the folder, `disk` the bytes of weights, tokenizer and config together.

    `heads` are `masked-lm`, `causal-lm` and `classification`, where the weights hold them; a decoder that shares its head's matrix with the
    embedding has one if its class does. `fingerprint` changes whenever config, tokenizer or weights do: a hash of every file, but of what
    lies beyond the first 4 MiB of one only of 256 pieces of 16 KiB, evenly spread, with the file's size and the time of its last change.
    `remarks` say what in the folder is left alone.
    """

    name: str
    path: str
    config: Config
    weights: tuple[str, ...]
    pickled: bool
    disk: int
    heads: frozenset[str]
    fingerprint: str
    remarks: tuple[Text, ...]


def inspect(name: str, path: str, pickles: bool = False) -> Folder:
    """The folder at `path`, which the user called `name`; pickled weights only where `pickles` allows them.

    Raises InputFileError if it is no folder of a BERT-style or GPT-style checkpoint, or if one of its files is not whole.
    """
    if not os.path.isdir(path):
        raise _not_a_folder(name, path)
    try:
        files = sorted(os.listdir(path))
    except OSError as error:
        raise unreadable(name, error) from None
    if "adapter_config.json" in files:
        raise _bad(
            name, "BG613", Text("a LoRA adapter; merge it first", "这是 LoRA 适配器，请先与基础模型合并"), _MERGE
        )
    if "config.json" not in files:
        raise _no_config(name, path, files)
    shown = os.path.join(name, "config.json")
    data = read_bytes(shown, os.path.join(path, "config.json"), config.MAX_BYTES)
    model = config.read(shown, data)
    raw = config.parsed(shown, data)
    if model.family == "encoder-decoder":
        message = Text(
            "an encoder-decoder: neither family; trial measures encoders and decoders",
            "编码器-解码器模型，不属于两类中的任何一类；trial 只测编码器和解码器",
        )
        raise _bad(shown, "BG612", message)
    if raw.get("transformers_weights") is not None:  # would be loaded instead of what is looked at here
        message = Text(
            "it names weights of its own: transformers_weights", "其中用 transformers_weights 另行指定了权重"
        )
        raise _bad(shown, "BG624", message)
    for key, code in _fetched(raw):
        message = Text(f"{key} asks for code from a hub: {code}", f"{key} 要求从模型库下载代码：{code}")
        raise _bad(shown, "BG625", message)
    index, placed = _weights(name, path, files)
    tensors = frozenset[str]().union(*(_tensors(name, path, one, placed[one], pickles) for one in placed))
    weights = tuple(placed)
    pickled = weights[0].endswith(".bin")
    tokenizer = _tokenizer(name, path, files)
    disk, fingerprint = _fingerprint(name, path, sorted({"config.json", *index, *weights, *tokenizer}))
    remarks = tuple(_remarks(name, path, files, raw))
    return Folder(name, path, model, weights, pickled, disk, _heads(model, tensors), fingerprint, remarks)


# --- what is no folder of a checkpoint --------------------------------------------------------------------------------

_MERGE = Text(
    "peft's merge_and_unload(), then save_pretrained() to a folder of its own",
    "用 peft 的 merge_and_unload() 合并，再用 save_pretrained() 存到单独的文件夹",
)
_RISK = Text(
    "pickled weights can run code when they are loaded; --allow-pickle loads them with torch's weights_only reader",
    "pickle 格式的权重加载时可能执行任意代码；--allow-pickle 会用 torch 的 weights_only 方式加载",
)
_SAFER = Text(
    "a safetensors copy is better: save_pretrained() writes one",
    "最好换用 safetensors 版本：save_pretrained() 即可写出",
)


def _not_a_folder(name: str, path: str) -> InputFileError:
    """What the file at `path` is, and where the folder may be that was meant."""
    folder = os.path.dirname(path) or "."
    beside = os.path.exists(path) and os.path.isfile(os.path.join(folder, "config.json"))
    help = Text(f"use its folder: '{folder}'", f"应给出其所在文件夹“{folder}”") if beside else None
    try:
        with opened(name, path) as file:
            found = weight_files.read(name, file)
    except InputFileError as error:
        (one,) = error.complaints
        return InputFileError((one._replace(help=one.help or help),))
    kind = (
        Text("pickled weights", "pickle 格式的权重")
        if found.pickled
        else Text("safetensors weights", "safetensors 权重")
    )
    message = Text(
        f"a file of {kind.en}: expected a folder with config.json, weights and a tokenizer",
        f"这是单个 {kind.zh}文件：应给出含 config.json、权重和分词器的文件夹",
    )
    return _bad(name, "BG610", message, help, _RISK if found.pickled else None)


def _no_config(name: str, path: str, files: list[str]) -> InputFileError:
    inside = [*files, *(os.path.join("snapshots", one) for one in _names(os.path.join(path, "snapshots")))]
    inner = next((one for one in inside if os.path.isfile(os.path.join(path, one, "config.json"))), None)
    if inner is not None:  # older sentence-transformers, a trainer's folder of checkpoints, a hub's cache
        right = os.path.join(path, inner)
        message = Text("no config.json here, but in a folder inside", "此处没有 config.json，但其中的子文件夹里有")
        return _bad(name, "BG611", message, Text(f"use '{right}'", f"应为“{right}”"))
    return _lacking(name, "BG611", Text("no config.json in the folder", "文件夹中没有 config.json"), files)


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _lacking(name: str, code: str, message: Text, files: list[str]) -> InputFileError:
    """The complaint, with the weights that are there under names that transformers does not look for."""
    found = [one for one in files if one.lower().endswith(_WEIGHTS)][:5]
    help = weight_files.GGUF if any(one.lower().endswith(".gguf") for one in found) else None
    note = Text(f"it holds {', '.join(found)}", f"其中有 {'、'.join(found)}") if found else None
    return _bad(name, code, message, help, note)


# --- weights ----------------------------------------------------------------------------------------------------------


def _weights(name: str, path: str, files: list[str]) -> tuple[tuple[str, ...], dict[str, list[str]]]:
    """The index, where there is one, and each file of weights with the tensors that the index places in it."""
    for stem, suffix in _KINDS:
        whole, index = f"{stem}{suffix}", f"{stem}{suffix}.index.json"
        if whole in files:
            return (), {whole: []}
        if index in files:
            return (index,), _placed(os.path.join(name, index), os.path.join(path, index), suffix, files)
    message = Text("no model.safetensors in the folder", "文件夹中没有 model.safetensors")
    raise _lacking(name, "BG614", message, files)


def _placed(name: str, path: str, suffix: str, files: list[str]) -> dict[str, list[str]]:
    """The files that an index lists, sorted, and the tensors of each. Only plain names of files beside it are taken."""
    index = config.parsed(name, read_bytes(name, path, _LARGEST_JSON), _LARGEST_JSON).get("weight_map")
    if not isinstance(index, dict) or not index or not all(isinstance(one, str) for one in index.values()):
        message = Text("weight_map is not an object of file names", "weight_map 应为由文件名构成的对象")
        raise _bad(name, "BG615", message)
    placed: dict[str, list[str]] = {one: [] for one in sorted(set(index.values()))}
    for one in placed:
        if not one.endswith(suffix) or set(one) & set("/\\:\0"):
            shown = ascii(one)[:60]
            message = Text(f"{shown} is no plain name ending in {suffix}", f"{shown} 不是以 {suffix} 结尾的普通文件名")
            raise _bad(name, "BG615", message)
    missing = [one for one in placed if one not in files]
    if missing:
        some = ", ".join(missing[:5])
        message = Text(
            f"{len(missing)} of {len(placed)} parts are missing: {some}",
            f"{len(placed)} 个分片缺少 {len(missing)} 个：{some}",
        )
        raise _bad(name, "BG616", message)
    for tensor, one in index.items():
        placed[one].append(tensor)
    return placed


def _tensors(name: str, path: str, one: str, placed: list[str], pickles: bool) -> frozenset[str]:
    """The names of the tensors in a file of weights, which must be of the kind that its name says and hold what is `placed` in it."""
    shown = os.path.join(name, one)
    with opened(shown, os.path.join(path, one)) as file:
        found = weight_files.read(shown, file)
    if found.pickled and not one.endswith(".bin"):
        raise _bad(shown, "BG617", Text("a pickle, but called safetensors", "内容是 pickle，文件名却是 safetensors"))
    if not found.pickled and one.endswith(".bin"):
        right = Text("use the name model.safetensors", "请改名为 model.safetensors")
        raise _bad(shown, "BG617", Text("safetensors, but called .bin", "内容是 safetensors，文件名却是 .bin"), right)
    if found.pickled and not pickles:
        raise _bad(shown, "BG618", _RISK, _SAFER)
    lost = next((tensor for tensor in placed if tensor not in found.tensors), None)
    if lost is not None:
        tensor = ascii(lost)[:60]
        raise _bad(
            shown,
            "BG616",
            Text(f"it lacks {tensor}, which the index places in it", f"索引称 {tensor} 在此文件中，实际没有"),
        )
    return found.tensors


def _heads(model: Config, tensors: frozenset[str]) -> frozenset[str]:
    causal = model.model.endswith(_NEXT_CLASSES)
    held = {
        "masked-lm": model.family == "bert" and not causal and not tensors.isdisjoint(_CLOZE),
        "causal-lm": model.family == "gpt" and (_any(tensors, _NEXT) or (causal and model.shape.tied)),
        "classification": model.model.endswith("ForSequenceClassification") and _any(tensors, _LABELS),
    }
    return frozenset(head for head in held if held[head])


def _any(tensors: frozenset[str], starts: tuple[str, ...]) -> bool:
    return any(one.startswith(starts) for one in tensors)


# --- the tokenizer, and all files together ----------------------------------------------------------------------------


def _tokenizer(name: str, path: str, files: list[str]) -> list[str]:
    """The tokenizer's files."""
    pieces = [one for one in files if one.endswith(".model")]
    parts = [one for need in _TOKENIZERS if set(need) <= set(files) for one in need] + pieces
    if not parts:
        looked = "tokenizer.json, vocab.txt, vocab.json + merges.txt, *.model"
        raise _bad(name, "BG619", Text(f"no tokenizer: looked for {looked}", f"没有分词器：查找过 {looked}"))
    for one in parts:
        shown = os.path.join(name, one)
        with opened(shown, os.path.join(path, one)) as file:
            told = weight_files.foreign(file.read(512))
            if os.fstat(file.fileno()).st_size > _LARGEST_TOKENIZER:
                told = Text("larger than any tokenizer", "文件过大，不像分词器")
        if told is not None:
            raise _bad(shown, "BG620", told)
    return parts + [one for one in _BESIDE if one in files]


def _fingerprint(name: str, path: str, files: list[str]) -> tuple[int, str]:
    """The bytes of all files together, and the hash of their names and contents; see `Folder`."""
    disk = 0
    digest = hashlib.blake2b(digest_size=16)
    for one in files:
        with opened(os.path.join(name, one), os.path.join(path, one)) as file:
            stat = os.fstat(file.fileno())
            disk += stat.st_size
            digest.update(f"{one}\0{stat.st_size}\0".encode("utf-8", "surrogateescape"))
            digest.update(file.read(_WHOLE))
            if stat.st_size > _WHOLE:
                digest.update(str(stat.st_mtime_ns).encode())
                for piece in range(_PIECES):
                    file.seek(_WHOLE + (stat.st_size - _WHOLE) * piece // _PIECES)
                    digest.update(file.read(_PIECE))
    return disk, digest.hexdigest()


# --- remarks ----------------------------------------------------------------------------------------------------------


def _remarks(name: str, path: str, files: list[str], raw: dict[str, Any]) -> Iterator[Text]:
    tokenizer: dict[str, Any] = {}
    if "tokenizer_config.json" in files:
        shown = os.path.join(name, "tokenizer_config.json")
        data = read_bytes(shown, os.path.join(path, "tokenizer_config.json"), _LARGEST_JSON)
        tokenizer = config.parsed(shown, data, _LARGEST_JSON)
    for file, content in (("config.json", raw), ("tokenizer_config.json", tokenizer)):
        asked = ", ".join(key for key, _ in _pairs(content) if key.endswith(_CODE))[:200]
        if asked:
            yield Text(f"{file} asks for code ({asked}): ignored", f"{file} 要求运行代码（{asked}）：已忽略")
    programs = ", ".join([one for one in files if one.endswith(".py")][:5])
    if programs:
        yield Text(f"code in the folder is never run: {programs}", f"文件夹中的代码不会运行：{programs}")
    if "chat_template" in tokenizer or any(one.startswith("chat_template.") for one in files):
        yield Text("the chat template is never rendered", "对话模板不会被渲染")
    quantized = raw.get("quantization_config")
    if quantized:
        method = quantized.get("quant_method") if isinstance(quantized, dict) else None
        by = f" ({method[:40]})" if isinstance(method, str) else ""
        yield Text(f"the config says that the weights are quantized{by}", f"配置声明权重经过量化{by}")


def _fetched(raw: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What the config asks for that transformers would fetch and run, though it is told to trust no code and to use its own."""
    for key, value in _pairs(raw):
        named = value.values() if isinstance(value, dict) else (value,)
        if key.endswith(_KERNELS):
            yield from ((key, ascii(one)[:60]) for one in named if isinstance(one, str) and "/" in one)


def _pairs(content: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every key with its value, at whatever depth."""
    waiting: list[Any] = [content]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield from one.items()
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _bad(name: str, code: str, message: Text, help: Text | None = None, note: Text | None = None) -> InputFileError:
    return InputFileError((Complaint(code, message, name, help=help, note=note),))
