"""Writing a file that the user asked for: whole or not at all, and never over another one unless told to."""

import os
import stat
from contextlib import suppress

from bertgpt_cli.errors import EnvironmentTrouble, UsageError
from bertgpt_cli.text import Text


def write_file(path: str, content: str | bytes, force: bool) -> None:
    """Raises UsageError for a path that cannot be meant, EnvironmentTrouble for a failed write."""
    check(path, force)
    target = os.path.realpath(path)  # through a link to the file behind it
    temporary = ""
    try:
        from tempfile import mkstemp

        descriptor, temporary = mkstemp(prefix=".bertgpt-", suffix=".tmp", dir=os.path.dirname(target))
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content if isinstance(content, bytes) else content.encode())
            opened.flush()
            os.fsync(opened.fileno())
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
        temporary = ""
    except OSError as error:
        reason = error.strerror or str(error)
        message = Text(f"cannot write {path}: {reason}", f"无法写入 {path}：{reason}")
        raise EnvironmentTrouble("output", message) from None
    finally:
        if temporary:
            with suppress(OSError):
                os.unlink(temporary)


def check(path: str, force: bool) -> None:
    """Raises UsageError for a path that cannot be meant, before the work that is to be written there."""
    folder = os.path.dirname(path) or "."
    if not path:
        raise UsageError("output", Text("--out needs a file's name", "--out 需要文件名"))
    if os.path.isdir(path):
        raise UsageError("output", Text(f"{path} is a folder", f"{path} 是文件夹"))
    if not os.path.isdir(folder):
        raise UsageError("output", Text(f"there is no folder {folder}", f"文件夹 {folder} 不存在"))
    if os.path.exists(path) and not os.path.isfile(path):
        raise UsageError("output", Text(f"{path} is not a regular file", f"{path} 不是普通文件"))
    if os.path.exists(path) and not force:
        message = Text(f"{path} exists already; --force replaces it", f"{path} 已存在；要覆盖请加 --force")
        raise UsageError("output", message)


def _mode(target: str) -> int:
    """The permissions of the file that is replaced, or the usual ones: a temporary file is for its owner alone."""
    with suppress(OSError):
        return stat.S_IMODE(os.stat(target).st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
