"""`bertgpt demo`: the training objectives, run and shown."""

import sys

import typer

from bertgpt_cli.cli import signals, terminal
from bertgpt_cli.cli.app import FORMATS, Format, Language, Seed, command, new_group, no_command
from bertgpt_cli.cli.shell import Shell
from bertgpt_cli.errors import EnvironmentTrouble, Exit
from bertgpt_cli.text import Text


def add_to(app: typer.Typer) -> None:
    group = new_group()
    group.callback(invoke_without_command=True)(demo_group)
    command(group, "mlm")(demo_mlm)
    command(group, "clm")(demo_clm)
    app.add_typer(group, name="demo")


def demo_group(ctx: typer.Context, lang: Language = None) -> None:
    no_command(ctx)


def demo_mlm(ctx: typer.Context, seed: Seed = 0, format: Format = "text", lang: Language = None) -> int:
    return _demo(ctx.obj, "mlm", seed, format)


def demo_clm(ctx: typer.Context, seed: Seed = 0, format: Format = "text", lang: Language = None) -> int:
    return _demo(ctx.obj, "clm", seed, format)


def _demo(shell: Shell, objective: str, seed: int, format: str) -> int:
    wanted = terminal.output_format(format, FORMATS)
    from bertgpt_cli.render import demo as drawn

    if sys.stderr.isatty():
        shell.say(Text("loading PyTorch ...", "正在加载 PyTorch……"))
    try:
        from bertgpt_cli.lab import demos
    except ImportError as error:
        missing = Text(f"PyTorch is needed and cannot be imported: {error}", f"需要 PyTorch，但无法导入：{error}")
        raise EnvironmentTrouble("missing-package", missing) from None
    signals.heed()
    report = demos.mlm(seed) if objective == "mlm" else demos.clm(seed)
    shell.show_report(report, drawn.document, wanted)
    return Exit.DONE
