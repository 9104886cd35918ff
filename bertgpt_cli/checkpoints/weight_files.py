"""A file of weights, known by what is in it and never by its name. Nothing is loaded, nothing is unpickled, no code of it runs.

A safetensors file (https://github.com/huggingface/safetensors#format) is its header's length, the header, and the tensors' bytes. The header
is held to what the library checks (`Metadata::validate`), and to one thing more: no name stands twice; the library takes the last. Of torch's
zips only the list of members and the opcodes of the pickle are looked at; whether torch would load them is torch's to say.
"""

from __future__ import annotations

import json
import os
import pickletools
import zipfile
from typing import Any, BinaryIO, NamedTuple, TypeGuard

from bertgpt_cli.errors import Complaint, InputFileError
from bertgpt_cli.text import Text

# Bytes. Of a header: 100,000 tensors need 12 million; the library takes 100 million, of which Python would make gigabytes.
LONGEST_HEADER = 1 << 24
# Of a zip's list of members, about 80 for each tensor, and of its pickle, about 200 for each.
_LONGEST_PART = 1 << 22

# Bits of one number.
_BITS = {
    **dict.fromkeys("F4".split(), 4),
    **dict.fromkeys("F6_E2M3 F6_E3M2".split(), 6),
    **dict.fromkeys("BOOL U8 I8 F8_E5M2 F8_E4M3 F8_E8M0 F8_E4M3FNUZ F8_E5M2FNUZ".split(), 8),
    **dict.fromkeys("I16 U16 F16 BF16".split(), 16),
    **dict.fromkeys("I32 U32 F32".split(), 32),
    **dict.fromkeys("C64 F64 I64 U64".split(), 64),
}
_TRUNCATED = Text("truncated or damaged", "文件被截断或已损坏")
_NO_TENSORS = Text("no tensors in it", "其中没有张量")
GGUF = Text("GGUF: convert it to safetensors first", "这是 GGUF 文件：请先转换为 safetensors")
_FOREIGN = {
    b"version https://git-lfs": Text(
        "a git-lfs pointer, not the file: run git lfs pull", "这是 git-lfs 指针文件，请先运行 git lfs pull"
    ),
    b"GGUF": GGUF,
    b"\x1f\x8b": Text("a gzip archive: unpack it first", "这是 gzip 压缩包：请先解压"),
    b"\x89HDF": Text("HDF5, weights of TensorFlow or Keras", "这是 HDF5 文件（TensorFlow 或 Keras 的权重）"),
}
_PAGE = (b"<!doctype", b"<html", b"<?xml")


class Weights(NamedTuple):
    """`tensors` are the names of what is held; of a pickle every text in it, the tensors' names among them."""

    pickled: bool
    tensors: frozenset[str]


def read(name: str, file: BinaryIO) -> Weights:
    """What the file holds. Raises InputFileError where it is no whole safetensors file and no whole zip of torch."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(512)
    # First of all, since the length that a header begins with may look like the beginning of anything else.
    if head[5:9] == b"\0\0\0{" and not head.startswith(b"GGUF"):
        return Weights(False, _header(name, file, size))
    told = foreign(head)
    if told is None and head.startswith(b"PK\3\4"):
        return Weights(True, _zip(name, file, size))
    raise _bad(name, "BG620", told or _other(head))


def foreign(head: bytes) -> Text | None:
    """What a file is that begins so and is no part of a checkpoint, whatever it is called; None if it may be one."""
    if not head:
        return Text("empty file", "空文件")
    if head.lstrip().lower().startswith(_PAGE):
        return Text("a web page, not the file: download it again", "这是网页，不是所需文件：请重新下载")
    return next((told for start, told in _FOREIGN.items() if head.startswith(start)), None)


def _other(head: bytes) -> Text:
    if head[:1] == b"\x80" and head[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        return Text(
            "a bare pickle, as torch before 1.6 wrote them: it can run code when it is loaded, and is never loaded",
            "这是裸 pickle 文件（torch 1.6 之前的格式），加载时可能执行任意代码，一律不加载",
        )
    if head.lstrip().startswith(b"{"):
        return Text("JSON, not weights", "这是 JSON 文件，不是权重")
    if not head.translate(None, bytes(range(32, 127)) + b"\t\r\n"):
        return Text("a text file, not weights", "这是文本文件，不是权重")
    return Text("neither safetensors nor weights of torch", "既不是 safetensors，也不是 torch 权重")


# --- safetensors ------------------------------------------------------------------------------------------------------


class _Twice(ValueError):
    """A key of a JSON object stands twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Twice(key)
        found[key] = value
    return found


def _header(name: str, file: BinaryIO, size: int) -> frozenset[str]:
    """The names of the tensors. Their bytes must lie one after another, from the header's end to the file's."""
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    room = size - 8 - length
    if length > LONGEST_HEADER:
        message = Text(
            f"the header is said to be {length} bytes long: at most {LONGEST_HEADER} are read",
            f"文件头声称长 {length} 字节：最多读取 {LONGEST_HEADER} 字节",
        )
        raise _bad(name, "BG622", message)
    if room < 0:
        raise _bad(name, "BG621", _TRUNCATED)
    entries = _entries(name, file.read(length))
    end = 0
    for start, stop, tensor in sorted((*_span(name, tensor, entry), tensor) for tensor, entry in entries.items()):
        shown = _shown(tensor)
        if start < end:
            raise _bad(name, "BG622", Text(f"{shown} overlaps another tensor", f"{shown} 与其他张量重叠"))
        if start > end:
            raise _bad(name, "BG622", Text(f"there is a hole before {shown}", f"{shown} 之前有空洞"))
        end = stop
    if end > room:
        raise _bad(name, "BG621", _TRUNCATED)
    if end < room:
        message = Text(f"{room - end} bytes belong to no tensor", f"有 {room - end} 字节不属于任何张量")
        raise _bad(name, "BG622", message)
    return frozenset(entries)


def _entries(name: str, header: bytes) -> dict[str, Any]:
    """What the header says of each tensor."""
    try:
        entries = json.loads(header.decode("utf-8"), object_pairs_hook=_once)
    except _Twice as error:
        shown = _shown(error.args[0])
        raise _bad(name, "BG622", Text(f"the header names {shown} twice", f"文件头中 {shown} 出现两次")) from None
    except (ValueError, RecursionError):
        raise _bad(name, "BG622", Text("the header is not JSON", "文件头不是 JSON")) from None
    notes = entries.pop("__metadata__", None)
    if notes is not None and not (isinstance(notes, dict) and all(isinstance(note, str) for note in notes.values())):
        raise _bad(name, "BG622", Text("__metadata__ is not an object of texts", "__metadata__ 应为由文本构成的对象"))
    if not entries:
        raise _bad(name, "BG622", _NO_TENSORS)
    return entries  # type: ignore[no-any-return]


def _span(name: str, tensor: str, entry: Any) -> tuple[int, int]:
    """Where the tensor's bytes begin and end, in bytes after the header."""
    shown = _shown(tensor)
    told = entry if isinstance(entry, dict) else {}
    dtype, shape, offsets = told.get("dtype"), told.get("shape"), told.get("data_offsets")
    if not _whole(shape) or not _whole(offsets) or len(offsets) != 2 or not isinstance(dtype, str):
        message = Text(
            f"{shown} needs a dtype, a shape and two data_offsets of whole numbers",
            f"{shown} 应有 dtype、shape 以及由两个整数构成的 data_offsets",
        )
        raise _bad(name, "BG622", message)
    if dtype not in _BITS:
        unknown = _shown(dtype)
        raise _bad(name, "BG622", Text(f"{shown} has the unknown dtype {unknown}", f"{shown} 的 dtype {unknown} 未知"))
    start, stop = offsets
    bits = _BITS[dtype]
    for number in shape:
        bits *= number
        if bits >= 1 << 66:  # more bytes than 64 bits count
            break
    if bits != (stop - start) * 8:
        message = Text(f"the shape of {shown} does not fit its data_offsets", f"{shown} 的 shape 与 data_offsets 不符")
        raise _bad(name, "BG622", message)
    return start, stop


def _whole(value: Any) -> TypeGuard[list[int]]:
    """Whether it is a list of whole numbers that 64 bits hold."""
    return isinstance(value, list) and all(type(one) is int and 0 <= one < 1 << 64 for one in value)


# --- torch's zips -----------------------------------------------------------------------------------------------------


class _Sparing:
    """A file that gives no more than `_LONGEST_PART` at once: zipfile reads the list of members in one go, however long it is."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        most = _LONGEST_PART + 1
        data = self.file.read(most if size < 0 else min(size, most))
        if len(data) == most:
            raise zipfile.BadZipFile
        return data


def _zip(name: str, file: BinaryIO, size: int) -> frozenset[str]:
    """The texts in the pickle that names the tensors."""
    try:
        with zipfile.ZipFile(_Sparing(file)) as archive:
            folder = _folder(name, archive, size)
            codes = pickletools.genops(archive.read(f"{folder}data.pkl"))
            return frozenset(text for code, text, _ in codes if isinstance(text, str) and "UNICODE" in code.name)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OverflowError, ValueError, OSError):
        raise _bad(name, "BG621", _TRUNCATED) from None


def _folder(name: str, archive: zipfile.ZipFile, size: int) -> str:
    """The folder that holds all members, with its slash, in a zip as torch writes it: each member once, none compressed."""
    members = archive.infolist()
    names = {one.filename for one in members}
    folder = members[0].filename.partition("/")[0] + "/" if members else "/"
    if folder == "/" or f"{folder}data.pkl" not in names or f"{folder}constants.pkl" in names:  # constants: a program
        raise _bad(
            name, "BG623", Text("a zip, but not of weights that torch saved", "是 zip 文件，但不是 torch 保存的权重")
        )
    for one in sorted(names):
        if not one.startswith(folder) or ".." in one.split("/") or "\\" in one:
            shown = _shown(one)
            raise _bad(name, "BG623", Text(f"a member of the zip is called {shown}", f"zip 中有名为 {shown} 的成员"))
    if any(one.compress_type != zipfile.ZIP_STORED or one.flag_bits & 1 for one in members):
        message = Text("compressed members, which torch never writes", "zip 中含有压缩成员，torch 从不这样写")
        raise _bad(name, "BG623", message)
    if len(names) < len(members) or sum(one.file_size for one in members) > size:
        raise zipfile.BadZipFile
    if not any(one.startswith(f"{folder}data/") for one in names):
        raise _bad(name, "BG623", _NO_TENSORS)
    return folder


def _shown(text: str) -> str:
    return json.dumps(text)[:60]


def _bad(name: str, code: str, message: Text) -> InputFileError:
    return InputFileError((Complaint(code, message, name),))
