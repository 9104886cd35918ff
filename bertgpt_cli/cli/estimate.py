"""`bertgpt estimate`: what a model takes in memory and time, on this machine or another."""

import json
import os
import zlib
from typing import Annotated, Any, Optional

import typer

from bertgpt_cli.checkpoints.memory import PRECISIONS
from bertgpt_cli.cli import terminal
from bertgpt_cli.cli.app import FORMATS, Format, Language, Rules, command, complete, given_facts, one_of, with_facts
from bertgpt_cli.cli.shell import Shell
from bertgpt_cli.errors import EnvironmentTrouble, Exit, UsageError
from bertgpt_cli.report.checkpoint import Gpu
from bertgpt_cli.report.estimate import Machine, Speed
from bertgpt_cli.rulebook.book import Rulebook
from bertgpt_cli.text import Text

_MOST = 2**31 - 1


def add_to(app: typer.Typer) -> None:
    command(app, "estimate")(estimate)


@with_facts("tokens", "memory_gb")
def estimate(
    ctx: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL|config.json")],
    batch: Annotated[int, typer.Option("--batch", "-b", min=1, max=_MOST, metavar="N")] = 1,
    train: Annotated[bool, typer.Option("--train")] = False,
    precision: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--precision", metavar="|".join(PRECISIONS), autocompletion=complete(*PRECISIONS)),
    ] = None,
    cores: Annotated[Optional[int], typer.Option("--cores", min=1, max=4096, metavar="N")] = None,  # noqa: UP045
    gpu: Annotated[Optional[str], typer.Option("--gpu", metavar="NAME")] = None,  # noqa: UP045
    calibrate: Annotated[bool, typer.Option("--calibrate")] = False,
    format: Format = "text",
    lang: Language = None,
    rules: Rules = None,
    **given: Any,
) -> int:
    shell: Shell = ctx.obj
    wanted = terminal.output_format(format, FORMATS)
    facts = given_facts(given)
    if precision is not None:
        one_of(precision, PRECISIONS, "--precision")
    if gpu is not None and cores is not None:
        raise UsageError("machine", Text("--gpu or --cores, not both", "--gpu 和 --cores 只能选一个"))
    from bertgpt_cli.checkpoints import estimate as core
    from bertgpt_cli.render import estimate as drawn
    from bertgpt_cli.rulebook import loading

    book = loading.load(rules or (), shell.cache)
    subject = _subject(book, model)
    tokens = int(facts.get("tokens") or min(512, subject.context or 512))
    machine, speed, measured = _machine(shell, book, cores, gpu, facts.get("memory_gb"), calibrate)
    precisions = (precision,) if precision else PRECISIONS
    report = core.estimate(subject, batch, tokens, train, precisions, machine, speed, measured)  # type: ignore[arg-type]
    shell.show_told(report, drawn.document, drawn.plain, wanted)
    return Exit.NEGATIVE if all(one.fits is False for one in report.precisions) else Exit.DONE


def _subject(book: Rulebook, name: str) -> Any:
    """A config.json, a folder with one, or a checkpoint by name; what looks like a path is one."""
    from bertgpt_cli.advise import checkpoints
    from bertgpt_cli.checkpoints.estimate import Subject

    here = os.path.exists(name)
    path = os.path.join(name, "config.json") if os.path.isdir(name) else name
    one = None if here else checkpoints.named(book, name)
    if one is not None:
        return Subject(one.id, one.family, one.model, one.shape, one.context)
    if not here and not name.endswith(".json") and not name.startswith((".", "/", "~")):
        raise checkpoints.unknown(book, name)
    from bertgpt_cli.checkpoints import config
    from bertgpt_cli.files import read_bytes

    found = config.read(path, read_bytes(path, path, config.MAX_BYTES))
    return Subject(name, found.family, found.model, found.shape, found.context)


def _machine(
    shell: Shell, book: Rulebook, cores: int | None, gpu: str | None, memory_gb: Any, calibrate: bool
) -> tuple[Machine, Speed | None, str]:
    """The machine that is meant and how fast it is, with where that is known from."""
    from bertgpt_cli.checkpoints import machine as machines

    room = int(float(memory_gb) * 1e9) if memory_gb is not None else 0
    if gpu is not None:
        name = gpu.strip().casefold()
        name = name if name in book.gpus else name.replace(" ", "-")
        one_of(name, tuple(book.gpus), "--gpu", tuple(dict.fromkeys(one.id for one in book.gpus.values())))
        found = book.gpus[name]
        limit = "given" if room else "gpu"
        return Machine(0, room or int(found.memory), limit, 0, found.title, ""), machines.stated(found), "stated"
    here = machines.detect()
    speed, seen = _calibrated(shell, here, calibrate)
    if cores is None and seen is not None and not room:  # what the GPU can do is known by its name, or not at all
        known = _of_name(book, seen[0])
        on_gpu = here._replace(gpu=seen[0], memory=seen[1], limit="gpu", spare=0)
        return on_gpu, machines.stated(known) if known else None, "stated"
    if room:
        here = here._replace(memory=room, limit="given", spare=0)
    if cores is not None and cores != here.cores:
        scaled = machines.scaled(speed, here.cores, cores) if speed else None
        return here._replace(cores=cores, processor=""), scaled, "scaled"
    return here, speed, "measured"


def _of_name(book: Rulebook, name: str) -> Gpu | None:
    """The GPU that a driver calls so: `NVIDIA H100 80GB HBM3` is the first of h100-80gb-hbm3, h100-80gb, h100 that is known."""
    words = name.casefold().replace("nvidia", "").replace("geforce", "").split()
    tries = ("-".join(words[:length]) for length in range(len(words), 0, -1))
    return next((book.gpus[one] for one in tries if one in book.gpus), None)


def _calibrated(shell: Shell, here: Machine, again: bool) -> tuple[Speed | None, tuple[str, int] | None]:
    """This machine's speed and GPU, from the cache or measured; (None, None) where torch is missing."""
    from bertgpt_cli.rulebook.kept import Kept

    def make() -> tuple[tuple[float, ...], tuple[str, int] | None]:
        from bertgpt_cli.checkpoints.machine import may_have_gpu
        from bertgpt_cli.cli import signals
        from bertgpt_cli.lab import calibration

        signals.heed()
        shell.say(Text("measuring this machine for two seconds, once ...", "正在测量本机速度，约两秒，仅此一次……"))
        seen = calibration.gpu() if may_have_gpu() else None
        return tuple(calibration.measure()), (seen.name, seen.memory) if seen else None

    kept = Kept((), shell.cache)
    named = f"speed-{here.cores}-{zlib.crc32(here.processor.encode()):08x}"
    try:
        speed, gpu = kept.get(
            named, make, lambda made: json.dumps(made).encode(), lambda data: json.loads(bytes(data)), again
        )
    except ImportError as error:
        if again:
            missing = Text(
                f"PyTorch is needed to measure, and cannot be imported: {error}",
                f"测量需要 PyTorch，但无法导入：{error}",
            )
            raise EnvironmentTrouble("missing-package", missing) from None
        return None, None
    return Speed(*speed), tuple(gpu) if gpu else None
