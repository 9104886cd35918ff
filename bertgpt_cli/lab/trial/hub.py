"""A checkpoint by its id on the hub -> a folder on this disk: from the hub's own cache, or fetched where there is a network."""

from __future__ import annotations

from bertgpt_cli.errors import EnvironmentTrouble
from bertgpt_cli.text import Text

# No pickles and no programs: what is not fetched cannot be run.
_WANTED = [
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "tokenizer*",
    "vocab*",
    "merges.txt",
    "*.model",
    "special_tokens_map.json",
    "added_tokens.json",
]


def fetch(name: str) -> str:
    """The folder's path. Raises EnvironmentTrouble where it is neither cached nor to be had."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    try:
        return snapshot_download(name, allow_patterns=_WANTED, local_files_only=True)
    except LocalEntryNotFoundError:
        pass
    except ValueError as error:  # no id that the hub could have
        raise _none(name, error) from None
    try:
        return snapshot_download(name, allow_patterns=_WANTED)
    except Exception as error:  # a hub that cannot be reached or says no, in as many ways as there are
        raise _none(name, error) from None


def _none(name: str, error: Exception) -> EnvironmentTrouble:
    told = (str(error).strip() or type(error).__name__).splitlines()[0][:160]
    message = Text(
        f"there is no folder {name}, and the hub does not give it: {told}",
        f"没有文件夹 {name}，也无法从模型中心取得：{told}",
    )
    return EnvironmentTrouble("no-checkpoint", message)
