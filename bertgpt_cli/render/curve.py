"""Learning curves drawn: with letters in a terminal, as an SVG or PNG picture by one matplotlib drawing.

Labels run on an axis of doublings, since eight more matter at 8 and not at 800; none at all (0) stands one doubling left of the fewest.
The terminal's drawing is our own: plotext keeps one figure for the whole process, colours what it draws, marks points and lines alike
and has no axis with a 0 before the doublings.
"""

from __future__ import annotations

import math
import warnings
from io import BytesIO
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from bertgpt_cli.render import words
from bertgpt_cli.render.document import Line, Role, Span, line
from bertgpt_cli.render.safe import one_line
from bertgpt_cli.render.text import LEAST_WIDTH
from bertgpt_cli.report.trial import Candidate, Point, Score, Trial
from bertgpt_cli.text import Lang, Text, same

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

_MOST = 6  # curves; more cannot be told apart
_LETTERS = "ABCDEF"
_LONGEST = 60  # cells of a name
_FLAT = ("prompt", "few-shot", "cloze", "majority")  # more labels do not change their answers
_BASELINES = {"majority": Text("majority class", "多数类"), "tfidf": same("TF-IDF")}
_ACCURACY = Text("accuracy, %", "准确率（%）")
_LABELS = Text("labels (logarithmic)", "标注数（对数轴）")

Cells = dict[tuple[int, int], tuple[str, Role]]  # (row, column): a character and what it is


def called(one: Candidate, lang: Lang) -> str:
    """The candidate's name; baselines have no checkpoint, so theirs is a word."""
    return shown(_BASELINES[one.way].say(lang) if one.way in _BASELINES else one.id)


def shown(name: str) -> str:
    """A name from data on one line, without its middle if it is long."""
    name = one_line(name)
    if len(name) <= _LONGEST and cell_len(name) <= _LONGEST:
        return name
    half = _LONGEST // 2 - 2
    return f"{_fitted(name[:half], half)}...{_fitted(name[: -half - 1 : -1], half)[::-1]}"


def _fitted(text: str, room: int) -> str:
    while cell_len(text) > room:
        text = text[:-1]
    return text


def ranked(report: Trial) -> list[Candidate]:
    """Those that have a rank, best first."""
    return sorted((one for one in report.candidates if one.rank and one.points), key=lambda one: one.rank)


def percent(share: float, lang: Lang) -> str:
    """`71.2 %`, as each language writes it."""
    return Text(f"{100 * share:.1f} %", f"{100 * share:.1f}%").say(lang)


def interval(score: Score) -> str:
    """`67.9-74.1`."""
    return f"{100 * score.low:.1f}-{100 * score.high:.1f}"


def last(one: Candidate) -> Point:
    """What it does with the most labels that it was given."""
    return max(one.points, key=lambda point: point.labels)


class _Doublings(NamedTuple):
    """An axis of labels. `least` and `most` are the ends of what is not 0; `zero` says whether 0 is on it."""

    least: int
    most: int
    zero: bool

    def at(self, labels: float) -> float:
        """Where a number of labels stands, from 0 (left) to 1."""
        start = 0 if self.zero else 1
        end = 1 + math.log2(self.most / self.least)
        place = 1 + math.log2(labels / self.least) if labels > self.least else labels / self.least
        return min(max((place - start) / ((end - start) or 1), 0), 1)


def _across(curves: list[Candidate]) -> _Doublings:
    sizes = _sizes(curves)
    some = [size for size in sizes if size] or [1]
    return _Doublings(some[0], some[-1], 0 in sizes)


def _sizes(curves: list[Candidate]) -> list[int]:
    return sorted({point.labels for one in curves for point in one.points})


def _upright(shares: list[float], steps: int) -> range:
    """Ticks in percent round all of these shares: about `steps` steps."""
    low, high = math.floor(round(100 * min(shares), 6)), math.ceil(round(100 * max(shares), 6))
    for step in (5, 10, 20, 50):
        first, end = low // step * step, -(-high // step) * step
        if end - first <= step * steps:
            break
    return range(first, max(end, first + step) + 1, step)


# --- the terminal -----------------------------------------------------------------------------------------------------


def terminal(report: Trial, lang: Lang, width: int, height: int) -> list[Line]:
    """The curves of the first ranked candidates in about `height` lines of at most `width` cells, then the axis and a legend.

    So many lines that ticks fall on lines. Nothing where nothing is ranked.
    """
    curves = ranked(report)[:_MOST]
    if not curves:
        return []
    shares = [point.accuracy.value for one in curves for point in one.points]
    shares += [end for point in curves[0].points for end in (point.accuracy.low, point.accuracy.high)]
    width = max(width, LEAST_WIDTH)
    across, ticks = _across(curves), _upright(shares, height // 2)
    steps = len(ticks) - 1
    height = 1 + steps * max(1, round((height - 1) / steps))
    room = width - 5
    rows = {_row(tick / 100, ticks, height): f"{tick:3} |" for tick in ticks}
    cells = _cells(curves, across, ticks, room, height)
    lines = [line(Span(_ACCURACY.say(lang), "strong"))]
    for row in range(height):
        drawn = [cells.get((row, column), (" ", "")) for column in range(room)]
        runs = [Span("".join(one for one, _ in run), role) for role, run in groupby(drawn, key=lambda cell: cell[1])]
        lines.append((Span(rows.get(row, "    |"), "dim"), *runs))
    marks = {_column(one.labels, across, room) for one in report.crossings}
    lines.append(line(Span("    +" + "".join("^" if column in marks else "-" for column in range(room)), "dim")))
    lines.append(line(Span("     " + _under(_sizes(curves), across, room), "dim")))
    lines.append(line(Span("     " + _fitted(_LABELS.say(lang), room), "strong")))
    return [*lines, *_legend(curves, bool(marks), width, lang)]


def _column(labels: float, across: _Doublings, room: int) -> int:
    return round(across.at(labels) * (room - 1))


def _row(share: float, ticks: range, height: int) -> int:
    return round((ticks[-1] - 100 * share) / (ticks[-1] - ticks[0]) * (height - 1))


def _cells(curves: list[Candidate], across: _Doublings, ticks: range, room: int, height: int) -> Cells:
    """Points first, the better ranked before the others, then the lines between and beyond them, then the
    intervals of the first where cells are left. (Of several, nobody could tell whose they are.)
    """
    cells: Cells = {}
    for letter, one in zip(_LETTERS, curves, strict=False):
        for point in one.points:
            row, column = _row(point.accuracy.value, ticks, height), _column(point.labels, across, room)
            # Points that meet stand side by side.
            spots = (column + aside * side for aside in range(_MOST) for side in (1, -1))
            for spot in [spot for spot in spots if 0 <= spot < room and (row, spot) not in cells][:1]:
                cells[row, spot] = (letter, _role(one))
    for one in curves:
        for column, share in _path(one, across, room):
            cells.setdefault((_row(share, ticks, height), column), (".", _role(one)))
        end = last(one)
        for column in range(_column(end.labels, across, room), room if one.way in _FLAT else 0):
            cells.setdefault((_row(end.accuracy.value, ticks, height), column), ("-", _role(one)))
    for point in curves[0].points:
        first, final = (_row(share, ticks, height) for share in (point.accuracy.high, point.accuracy.low))
        for row in range(first, final + 1):
            cells.setdefault((row, _column(point.labels, across, room)), ("|", _role(curves[0])))
    return cells


def _path(one: Candidate, across: _Doublings, room: int) -> list[tuple[int, float]]:
    """(column, share) along the curve, up to its last point."""
    found = []
    for left, right in pairwise(sorted(one.points, key=lambda point: point.labels)):
        start, end = (_column(point.labels, across, room) for point in (left, right))
        for column in range(start, end):
            part = (column - start) / (end - start)
            found.append((column, left.accuracy.value * (1 - part) + right.accuracy.value * part))
    return found


def _role(one: Candidate) -> Role:
    return words.ROLE.get(one.family, "")


def _under(sizes: list[int], across: _Doublings, room: int) -> str:
    """The numbers of labels under their columns; both ends, and of the others what has room."""
    text = [" "] * room
    for size in (sizes[0], sizes[-1], *sizes[1:-1]):
        tick = f"{size:,}"
        start = min(max(_column(size, across, room) - len(tick) // 2, 0), room - len(tick))
        if all(cell == " " for cell in text[max(start - 1, 0) : start + len(tick) + 1]):
            text[start : start + len(tick)] = tick
    return "".join(text)


def _legend(curves: list[Candidate], crossed: bool, width: int, lang: Lang) -> list[Line]:
    entries: list[Line] = [
        line(Span(f"{letter} ", "strong"), Span(called(one, lang), _role(one)))
        for letter, one in zip(_LETTERS, curves, strict=False)
    ]
    marks = [Text("| 95 % interval of A", "| A 的 95% 区间")] + [Text("^ the lead changes", "^ 领先者易位")] * crossed
    entries += [line(Span(mark.say(lang), "dim")) for mark in marks]
    lines: list[Line] = [()]
    for entry in entries:
        longer = (*lines[-1], Span("   "), *entry) if lines[-1] else entry
        if cell_len("".join(one_line(span.text) for span in longer)) <= width:
            lines[-1] = longer
        else:
            lines.append(entry)
    return [one for one in lines if one]


# --- the picture ------------------------------------------------------------------------------------------------------

_MARKERS = "os^Dvp"
_STROKES = ("-", "--", "-.", ":", (0, (6, 2, 1, 2, 1, 2)), (0, (1, 3)))
# As in the map one hue for each family, here dark enough for a line on white; markers and strokes tell apart without colour.
_HUES = {"bert": ("#08519c", "#2b7bba", "#4292c6"), "gpt": ("#8c2d04", "#cc4c02", "#ec7014")}
_GREYS = ("#404040", "#737373", "#8c8c8c")
_LATIN = "DejaVu Sans"  # matplotlib brings it
# Fonts that systems have for Chinese: Linux, Windows, macOS.
_CHINESE = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "Noto Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei",
    "Microsoft YaHei", "SimHei", "DengXian", "PingFang SC", "Hiragino Sans GB", "Heiti TC", "STHeiti", "Arial Unicode MS",
)  # fmt: skip


def svg(report: Trial, lang: Lang) -> str:
    """The curves as an SVG document; its text stays text. Raises ImportError without matplotlib."""
    drawn = _picture(report, lang, "svg", None).decode()
    families = ", ".join(f"'{name}'" for name in (_LATIN, *_CHINESE))
    drawn = drawn.replace(f"'{_LATIN}'", f"{families}, sans-serif")
    return drawn.encode("ascii", "xmlcharrefreplace").decode()  # the same whatever the encoding it is written in


def png(report: Trial, lang: Lang) -> bytes:
    """The same as a PNG image, in English where no font for Chinese is installed. Raises ImportError without matplotlib."""
    from matplotlib import font_manager

    installed = set(font_manager.get_font_names())
    chinese = next((name for name in _CHINESE if name in installed), None)
    return _picture(report, lang if chinese else "en", "png", chinese)


def _picture(report: Trial, lang: Lang, kind: str, chinese: str | None) -> bytes:
    """The picture in one of matplotlib's formats; the same bytes for the same report, whatever the user's own settings."""
    import matplotlib
    from matplotlib import font_manager
    from matplotlib.figure import Figure

    families = [_LATIN, *([chinese] if chinese else [])]
    drawable = None
    if kind != "svg":  # in an image what no font has would be a box
        drawable = set().union(*(font_manager.get_font(font_manager.findfont(name)).get_charmap() for name in families))
    curves = ranked(report)[:_MOST]
    high = 4.3 + 0.24 * len(curves)  # inches
    out = BytesIO()
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # glyphs that this machine's fonts lack; an SVG is read with others
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "font.family": families, "font.size": 10, "text.parse_math": False,
                "svg.fonttype": "none", "svg.hashsalt": "bertgpt",
            }
        )  # fmt: skip
        figure = Figure(figsize=(8, high), dpi=150)
        _draw(figure, report, curves, lang, drawable)
        metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
        figure.savefig(out, format=kind, metadata=metadata)
    return out.getvalue()


def _draw(figure: Figure, report: Trial, curves: list[Candidate], lang: Lang, drawable: set[int] | None) -> None:
    """Title, axes, curves, crossings, and a legend of one line a curve, on a figure that is as high as that takes."""

    def said(text: Text) -> str:
        whole = one_line(text.say(lang))
        return whole if drawable is None else "".join(one if ord(one) in drawable else "?" for one in whole)

    high = figure.get_figheight()
    bottom = 0.65 + 0.24 * len(curves)
    axes = figure.add_axes((0.09, bottom / high, 0.88, (high - bottom - 0.85) / high))
    axes.spines[["top", "right"]].set_visible(False)
    about = Text(
        f"accuracy by number of labels, {report.texts:,} texts; bands are 95 % intervals",
        f"准确率随标注数的变化，共 {report.texts:,} 条文本；色带为 95% 区间",
    )
    figure.text(0.09, 1 - 0.32 / high, said(same(shown(report.file))), size=13)
    figure.text(0.09, 1 - 0.56 / high, said(about), color="#404040")
    if not curves:
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, said(Text("nothing is ranked", "没有可排名的方案")), ha="center")
        return
    across = _across(curves)
    scores = [point.accuracy for one in curves for point in one.points]
    ticks = _upright([end for score in scores for end in (score.low, score.high)], 9)
    sizes = _spaced(_sizes(curves), across)
    axes.set_xticks([across.at(size) for size in sizes], [f"{size:,}" for size in sizes])
    axes.set(xlim=(-0.02, 1.02), ylim=(ticks[0], ticks[-1]), yticks=list(ticks))
    axes.set(xlabel=said(_LABELS), ylabel=said(_ACCURACY))
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    lines = _lines(axes, curves, across)
    for crossing in report.crossings:
        place = across.at(crossing.labels)
        axes.axvline(place, color="#8c8c8c", linewidth=0.8, zorder=1)
        axes.annotate(
            said(Text(f"about {crossing.labels:,} labels", f"约 {crossing.labels:,} 条标注")),
            (place, 1), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points",
            ha="left" if place < 0.1 else "right" if place > 0.9 else "center", size=9, color="#404040",
        )  # fmt: skip
    names = [said(Text(_entry(one, "en"), _entry(one, "zh"))) for one in curves]
    figure.legend(
        lines,
        names,
        loc="lower left",
        bbox_to_anchor=(0.08, 0.05 / high),
        frameon=False,
        handlelength=4,
        labelspacing=0.45,
    )


def _entry(one: Candidate, lang: Lang) -> str:
    score = last(one).accuracy
    return f"{one.rank}. {called(one, lang)}: {percent(score.value, lang)} ({interval(score)})"


def _lines(axes: Axes, curves: list[Candidate], across: _Doublings) -> list[Line2D]:
    """A line and a band for each curve."""
    lines = []
    families = [one.family for one in curves]
    for number, one in enumerate(curves):
        hues = _HUES.get(one.family, _GREYS)
        colour = hues[families[:number].count(one.family) % len(hues)]
        points = sorted(one.points, key=lambda point: point.labels)
        if one.way in _FLAT:
            points.append(points[-1]._replace(labels=across.most))
        x = [across.at(point.labels) for point in points]
        y, low, high = (
            [100 * share for share in shares] for shares in zip(*(point.accuracy for point in points), strict=True)
        )
        lines += axes.plot(
            x, y, color=colour, marker=_MARKERS[number], linestyle=_STROKES[number], linewidth=1.8, markersize=6,
            zorder=20 - number, gid=f"candidate-{one.rank}", markevery=list(range(len(one.points))),
        )  # fmt: skip
        if len(points) > 1:
            axes.fill_between(x, low, high, color=colour, alpha=0.12, linewidth=0, gid=f"interval-{one.rank}")
        else:
            axes.vlines(x, low, high, color=colour, linewidth=1)
    return lines


def _spaced(sizes: list[int], across: _Doublings) -> list[int]:
    """Both ends, and of the others those whose numbers have room."""
    kept: list[int] = []
    for size in (sizes[0], sizes[-1], *sizes[1:-1]):
        if all(abs(across.at(size) - across.at(other)) > 0.05 for other in kept):
            kept.append(size)
    return kept
