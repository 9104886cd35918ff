"""Published results: what a CSV may hold and how it is refused, how files add up, and what rows say about an advice."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bertgpt_cli.advise.evidence import AGREED, EVEN, NOTHING, STRONG, WITNESSES, confidence, verdict, weigh
from bertgpt_cli.advise.recommend import Adviser
from bertgpt_cli.complaints import MAX_COMPLAINTS
from bertgpt_cli.errors import TOO_MANY, Complaint, InputFileError
from bertgpt_cli.report.evidence import Confidence, Result, Value, Weighed
from bertgpt_cli.rulebook import backing, files, layers, lint, loading, reading
from bertgpt_cli.rulebook.book import Rulebook, Task
from bertgpt_cli.rulebook.evidence import COLUMNS, Sheet, read
from bertgpt_cli.rulebook.table import situation
from tests.conftest import InProcess

HEAD = ",".join(COLUMNS)
LINE = (
    "SORTPAPER-01,SORTPAPER,On sorting,2021,https://example.org/a,Table 1,A,sorting,en,4000,12,plain,117,no,yes,"
    "head,label,same,128,yes,BERT_BASE,84.6,GPT,82.1,accuracy,yes,encoder,2.5,yes,yes,A note."
)
CELLS = dict(zip(COLUMNS, LINE.split(","), strict=True))
EMPTY = "task language labels classes label_kind max_params output domain tokens encoder_score decoder_score margin".split()  # fmt: skip


def line(**changes: str) -> str:
    """The good row with other cells."""
    cells = {**CELLS, **changes}.values()
    return ",".join('"' + cell.replace('"', '""') + '"' if re.search('[,"\n]', cell) else cell for cell in cells)


def column(name: str, **changes: str) -> int:
    """Where the cell of this name begins in that row."""
    return line(**{**changes, name: "@"}).index("@") + 1


def sheet(*lines: str, name: str = "e.csv") -> Sheet:
    return read(name, "\n".join([HEAD, *lines, ""]).encode())


def one(**changes: str) -> Result:
    (row,) = sheet(line(**changes)).rows
    return row


def complaints(*lines: str) -> tuple[Complaint, ...]:
    with pytest.raises(InputFileError) as caught:
        read("e.csv", "\n".join(lines).encode())
    return caught.value.complaints


def told(found: Iterable[Complaint]) -> list[str]:
    """As `line:column code message >> help`, after the file's name unless it is e.csv."""
    lines = [f"{a.file}:{a.line}:{a.column} {a.code} {a.message.en}{f' >> {a.help.en}' if a.help else ''}" for a in found]  # fmt: skip
    return [line.removeprefix("e.csv:") for line in lines]


# --- a good file -----------------------------------------------------------------------------------------------------


def test_a_row_is_read_with_all_that_it_says() -> None:
    assert one() == Result(
        id="SORTPAPER-01", source="SORTPAPER", title="On sorting", year=2021, url="https://example.org/a", table="Table 1",
        grade="A", task="sorting",
        facts=(("labels", 4000), ("classes", 12), ("label_kind", "plain"), ("max_params", 117_000_000), ("hosted", False),
               ("fine_tune", True), ("output", "label"), ("domain", "same"), ("tokens", 128), ("language", "en")),
        interface="head", costs=True, encoder="BERT_BASE", encoder_score=84.6, decoder="GPT", decoder_score=82.1,
        metric="accuracy", higher_better=True, winner="encoder", margin=2.5, verified="yes", decisive=True,
        note="A note.", place="e.csv:2",
    )  # fmt: skip


def test_what_is_empty_is_absent_and_numbers_are_read_as_they_are_meant() -> None:
    row = one(**dict.fromkeys(EMPTY, ""), decisive="no", hosted_llm="yes", fine_tune="no")
    assert row.facts == (("hosted", True), ("fine_tune", False))
    assert (row.task, row.encoder_score, row.decoder_score, row.margin, row.decisive) == ("", None, None, None, False)
    for cell, parameters in (("117", 117 * 10**6), ("0.5", 500_000), ("70000", 7 * 10**10)):
        assert dict(one(max_params=cell).facts)["max_params"] == parameters
    lower = one(higher_better="no", encoder_score="10", decoder_score="12", margin="2")
    assert (lower.higher_better, lower.winner, lower.margin) == (False, "encoder", 2.0)
    assert (one(margin="2.504").margin, one(winner="tie", decisive="no").margin) == (2.504, 2.5)


def test_quotes_are_read_and_line_ends_a_mark_at_the_start_and_the_order_of_columns_do_not_matter() -> None:
    note = 'He said "no", twice.\nThen "yes"'
    rows = sheet(line(note=note), line(id="SORTPAPER-02", table="a,\n\nb"), "", line(id="SORTPAPER-03")).rows
    assert [(row.note, row.table) for row in rows[:2]] == [(note, "Table 1"), ("A note.", "a,\n\nb")]
    assert [row.place for row in rows] == ["e.csv:2", "e.csv:4", "e.csv:8"]
    plain, text = sheet(LINE, line(id="SORTPAPER-02")).rows, f"{HEAD}\n{LINE}\n{line(id='SORTPAPER-02')}"
    every = "\n".join(",".join(f'"{cell}"' for cell in each.split(",")) for each in text.split("\n"))
    turned = "\n".join(",".join(reversed(each.split(","))) for each in text.split("\n"))
    for other in (text.replace("\n", "\r\n"), f"\ufeff{text}\n", f"{text}\n\n\n", f"{text}\r\n\r\n", every, turned):
        assert read("e.csv", other.encode()).rows == plain


# --- a bad file ------------------------------------------------------------------------------------------------------


def test_the_header_names_every_column_once_and_a_row_has_as_many_fields() -> None:
    missing, winner = "1:1 BG504 missing columns:", HEAD.index("winner") + 1
    misspelt = [f"{missing} winner", f"1:{winner} BG504 unknown column 'winer' >> use 'winner'"]
    assert told(complaints(HEAD.replace("winner", "winer"), LINE)) == misspelt
    assert told(complaints(HEAD.replace("source_title,year,", ""))) == [f"{missing} source_title, year"]
    assert told(complaints(f"{HEAD},grade", LINE)) == [f"1:{len(HEAD) + 2} BG504 two columns are named 'grade'"]
    for nothing in ("", "\n", f"\n{HEAD}"):
        assert {(one.line, one.column, one.code) for one in complaints(nothing)} == {(1, 1, "BG504")}
    rest = "fields, but the header has 31 columns; is a comma not in quotes?"
    found = complaints(HEAD, LINE, f"{LINE},more", "SORTPAPER-02,x")
    assert told(found) == [f"3:1 BG502 32 {rest}", f"4:1 BG502 2 {rest}"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f'{HEAD}\nx,"never closed', "2:3"), (f'{HEAD}\nx,"a\nb","c\nd"e', "3:4"), (f'{HEAD}\n"never closed', "2:1"),
        (f'{HEAD}\n{LINE[:-7]}"A note."s', f"2:{len(LINE) - 6}"), (f'{HEAD}\n{LINE[:-7]}A "x"', f"2:{len(LINE) - 6}"),
        (f'{HEAD}\n{LINE}\n"x"y,', "3:1"), (f'{HEAD},"a"b', f"1:{len(HEAD) + 2}"), ('"', "1:1"),
    ],
)  # fmt: skip
def test_a_quotation_mark_out_of_place_is_told_where_its_field_begins(text: str, place: str) -> None:
    found, words = told(complaints(text)), "a quotation mark where none can stand, or one that is never closed"
    assert f'{place} BG501 {words} >> write " inside a quoted field as ""' in found
    assert len(found) == 1 or place.startswith("1:")  # with a bad header nothing else is right either


# What is told -> the cells that it is told of, or `a cell: the changes that make it wrong`.
BAD = {
    "BG506 NAME is empty": " | ".join(f"{name}=" for name in COLUMNS if name not in ("source", *EMPTY)),
    "BG507 NAME 'CELL' is not one of A, B, C": "grade=D",
    "BG507 NAME 'CELL' is not one of encoder, decoder, tie, encoder-decoder >> use 'encoder'": "winner=encodr",
    "BG507 NAME 'CELL' is not one of head, prompt, cloze, embedding, generation >> use 'head'": "interface=heads",
    "BG507 NAME 'CELL' is not one of yes, partial, statement-only >> use 'partial'": "verified=partly",
    "BG507 NAME 'CELL' is not one of yes, no >> use 'yes'": "hosted_llm=yess | fine_tune=yess | decisive=yess",
    "BG507 NAME 'CELL' is not one of yes, no": "latency_matters=true | higher_better=1",
    "BG508 NAME 'CELL' is not a number >> write plain digits, such as 71.2": "encoder_score=84.6% | decoder_score=nan | margin=２ | margin=1e999 | margin: table=a, \"b\";margin=+1",
    "BG508 expected a year such as 2019": "year=1821 | year=21 | year=20２１",
    "BG509 NAME cannot be 'CELL': expected a whole number of 0 or more": "labels=many | labels=-1",
    "BG509 NAME cannot be 'CELL': expected a whole number of 2 or more": "classes=1",
    "BG509 NAME cannot be 'CELL': expected one of plain, custom; the closest is plain": "label_kind=plane",
    "BG508 NAME 'CELL' is not a number of millions >> write 117 for 117M":
        "max_params=large | max_params=-1 | max_params=117M | max_params=12.3456 | max_params=1234567890",
    "BG509 NAME cannot be 'CELL': expected a language code such as en, zh, de, or multi, or code; the closest is de": "language=german",
    "BG510 a source is capital letters and digits": "source=SortPaper",
    "BG510 an id is the source and a number, SORTPAPER-01": "id=SORTPAPER-1 | id=SORTPAPER-0001 | id=OTHER-01",
    "BG510 a task's name is small letters, digits and single hyphens": "task=Sorting | task=sorting--mail",
    "BG510 expected an address, https://...": "url=example.org | url=https://example.org/a b",
    "BG511 the winner is 'CELL', but the scores are 84.6 (encoder) and 82.1 (decoder)": "winner=decoder | winner: higher_better=no;margin=-2.5",
    "BG511 the winner is 'CELL', but the scores are 84.6 (encoder) and 84.6 (decoder)": "winner: decoder_score=84.6;margin=0 | winner: decoder_score=84.6;margin=;winner=decoder",
    "BG511 the margin is CELL, but the scores differ by 2.5 for the encoder": "margin=2.6 | margin=-2.5",
    "BG511 the margin is CELL, but the scores differ by -2.5 for the encoder": "margin: higher_better=no;winner=decoder",
    "BG511 a decisive row has a task, grade A or B, and a winner that is encoder or decoder": "decisive: winner=tie | decisive: winner=encoder-decoder | decisive: grade=C | decisive: task=",
    "BG511 a row without scores cannot be decisive":
        "decisive: verified=statement-only | decisive: encoder_score=;decoder_score=",
}  # fmt: skip


@pytest.mark.parametrize(("message", "bad"), [(words, bad) for words, some in BAD.items() for bad in some.split(" | ")])
def test_a_bad_cell_is_told_where_it_stands(message: str, bad: str) -> None:
    name, _, changed = bad.partition(": ") if ": " in bad else (bad.partition("=")[0], "", bad)
    changes = dict(change.split("=", 1) for change in changed.split(";"))
    cell = {**CELLS, **changes}[name]
    (found,) = complaints(HEAD, line(**changes))
    assert told([found]) == [f"2:{column(name, **changes)} {message.replace('NAME', name).replace('CELL', cell)}"]
    assert (found.excerpt[found.column - 1 :].startswith(cell), found.width) == (True, len(cell) or 1)


def test_all_that_is_wrong_is_told_at_once_and_in_order_by_the_lines_of_the_file() -> None:
    bad = line(id="x", year="21", table="a\nb", grade="D", labels="?", winner="x", margin="?", note="")
    found = told(complaints(HEAD, "short", bad, line(url="x"), LINE, LINE))
    assert [re.sub(r"^(\d+).* BG(5\d\d) .*", r"\1 \2", words) for words in found] == [
        *("2 502", "3 510", "3 508", "4 507", "4 509", "4 507", "4 508", "4 506", "5 510", "6 505", "7 505")
    ]
    assert found[3].startswith("4:4 BG507 grade 'D'")
    assert found[-1] == "7:1 BG505 two rows are named 'SORTPAPER-01', the first at line 5"


@pytest.mark.parametrize(("bad", "more"), [(MAX_COMPLAINTS - 1, 0), (MAX_COMPLAINTS, 1), (3 * MAX_COMPLAINTS, 1)])
def test_a_hundred_complaints_and_ten_thousand_rows_are_enough(bad: int, more: int) -> None:
    found = complaints(HEAD, *(line(id=f"SORTPAPER-{row:03}", grade="D") for row in range(bad)))
    assert [one.line for one in found[:MAX_COMPLAINTS]] == list(range(2, min(bad, MAX_COMPLAINTS) + 2))
    assert [one.code for one in found[MAX_COMPLAINTS:]] == [TOO_MANY] * more
    assert sheet(*[""] * 9_999).rows == ()
    assert [one.code for one in complaints(HEAD + "\n" * 10_003)] == ["BG503"]


PIECES = '" "" """ , \n \r \r\n ,, x 0 1e5 yes tie -1 中 \u2028 \x00 SORTPAPER-01 decisive, ,"a"b, "a\nb" '.split(" ")
CUT = st.tuples(st.integers(0, 700), st.integers(0, 30), st.sampled_from(PIECES) | st.text())


def damaged(cuts: Iterable[tuple[int, int, str]]) -> bytes:
    """Two good rows with some pieces of them replaced."""
    text = f"{HEAD}\n{LINE}\n{line(id='SORTPAPER-02', note='a, b')}\n"
    for start, width, piece in cuts:
        text = text[:start] + piece + text[start + width :]
    return text.encode("utf-8", "surrogatepass")


@settings(max_examples=200, deadline=None)
@given(st.lists(CUT, min_size=1, max_size=3).map(damaged) | st.binary(max_size=80))
@example(b'"')
@example(HEAD.encode() + b'\n"')
def test_whatever_the_bytes_they_are_read_or_refused_with_places_in_the_file(data: bytes) -> None:
    try:
        read("e.csv", data)
    except InputFileError as error:
        lines = ["", *re.split("\r\n|[\n\r\x85\u2028\u2029]", data.decode("utf-8-sig", "replace"))]
        for one in error.complaints:
            assert one.excerpt == lines[one.line]
            assert bool(one.line) <= one.column <= len(one.excerpt) + 1


def test_every_column_is_explained() -> None:
    path = Path(files.builtin_folder(), "evidence.md")
    if not path.exists():
        pytest.skip("rules/evidence.md, which explains the columns, is not written yet")
    assert [name for name in COLUMNS if f"`{name}`" not in path.read_text(encoding="utf-8")] == []


# --- layers ----------------------------------------------------------------------------------------------------------

X = "{en: x, zh: x}"
FAMILY = f"{{title: {X}, objective: {X}, formula: x, attention: {X}, good_at: {X}}}"
FAMILIES = f"version: 1\nfamilies: {{bert: {FAMILY}, gpt: {FAMILY}, hybrid: {FAMILY}}}\n"
REST = f"title: {X}, gives: [label], classes: [AutoModel], adapt: {X}, inference: {X}, cost: {X}}}"
# Few labels: a decoder. Many: an encoder. The choices of `sorting` stand at lines 10 and 11.
BASE = f"""version: 1
sources: {{SORTPAPER: {{title: On sorting, year: 2021, url: "https://example.org/a"}},
  OLDPAPER: {{title: On sorting, year: 2015, url: "https://example.org/a"}}}}
approaches:
  by-encoder: {{family: bert, since: 2018, serving: light, {REST}
  by-decoder: {{family: gpt, since: 2021, serving: heavy, {REST}
  by-both: {{family: hybrid, serving: mixed, {REST}
tasks:
  sorting: {{title: {{en: Sorting, zh: 归类}}, output: label, choices: [
      {{id: few, approach: by-decoder, when: {{labels: {{below: 200}}}}, because: {X}, evidence: [SORTPAPER]}},
      {{id: many, approach: by-encoder, because: {X}, evidence: [SORTPAPER]}}]}}
  sorting-mail: {{title: {{en: Sorting mail, zh: 邮件归类}}, output: label, parent: sorting}}
  sorting-letters: {{title: {{en: Sorting letters, zh: 信件归类}}, output: label, parent: sorting, choices: [{{id: all, approach: by-encoder, because: {X}, evidence: [SORTPAPER]}}]}}
"""
SECOND, MAIL = line(id="SORTPAPER-02"), line(id="SORTPAPER-03", task="sorting-mail")
NONE = line(id="SORTPAPER-04", task="", decisive="no")


def book(*rows: str, base: str = BASE, more: str = "version: 1\ntasks: {}\n", mine: tuple[str, ...] = ()) -> Rulebook:
    """BASE, then `more` rules; the rows in e.csv, then `mine` in mine.csv."""
    texts = {"families.yaml": FAMILIES, "base.yaml": base, "more.yaml": more}
    read_in = [reading.read(name, text.encode()) for name, text in texts.items()]
    return layers.stack(read_in, [sheet(*rows), sheet(*mine, name="mine.csv")], (*texts, "e.csv", "mine.csv"))


def refused(*rows: str, mine: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(InputFileError) as caught:
        book(*rows, mine=mine)
    return told(caught.value.complaints)


def test_rows_stand_by_their_tasks_each_id_once_and_go_with_a_disabled_task() -> None:
    places = {"sorting": ["e.csv:2", "mine.csv:2"], "": ["e.csv:3"], "sorting-mail": ["e.csv:4"]}
    for more in ("version: 1\ntasks: {}\n", "version: 1\ntasks:\n  sorting-mail: {override: disable}\n"):
        found = book(LINE, NONE, MAIL, mine=(SECOND,), more=more).evidence
        assert {task: [row.place for row in rows] for task, rows in found.items()} == places
        places[""] += places.pop("sorting-mail", [])  # those of a disabled task belong to none
    twice = refused(SECOND, LINE, mine=(line(task="sorting-mail"),))
    assert twice == ["mine.csv:2:1 BG302 'SORTPAPER-01' exists already, at e.csv:3"]


def test_a_row_names_a_task_and_a_source_that_exist_and_says_of_the_source_what_the_rules_say() -> None:
    bad = (line(id="SORTPAPER-02", task="sortign"), line(id="SORTPAPRE-01", source="SORTPAPRE"))
    assert refused(LINE, mine=bad) == [
        f"mine.csv:2:{column('task')} BG304 no task is named 'sortign' >> use 'sorting'",
        "mine.csv:3:14 BG305 no source is named 'SORTPAPRE' >> use 'SORTPAPER'",
    ]
    for name, cell in (("source_title", "On Sorting"), ("year", "2022"), ("url", "https://example.org/A")):
        words = f"2:{column(name)} BG311 SORTPAPER has another {name}: {CELLS[name]}"
        assert refused(line(**{name: cell})) == [words]


@pytest.fixture(scope="module")
def shipped() -> Rulebook:
    return loading.load()


def own(shipped: Rulebook, **changes: str) -> str:
    """A row on a shipped task, from a shipped source, under a number that is free."""
    source, title, year, url = shipped.sources["BERT"]
    said = {"id": "BERT-999", "source": source, "source_title": title, "year": str(year), "url": url}
    return line(**{**said, "task": "text-classification", **changes})


def test_ones_own_results_are_added_from_a_file_or_a_folder(shipped: Rulebook, tmp_path: Path) -> None:
    rows = {row.place: row for some in shipped.evidence.values() for row in some}
    assert len(rows) == sum(map(len, shipped.evidence.values())) > 300
    inside, named, other = (tmp_path / name for name in ("evidence.csv", "any-name.csv", "other.csv"))
    for path, text in ((inside, f"{HEAD}\n{own(shipped)}"), (named, f"{HEAD}\n{own(shipped)}"), (other, "not,ours")):
        path.write_text(text, encoding="utf-8")
    for path, name in ((tmp_path, inside), (named, named)):
        found = loading.load([str(path)])
        *rest, last = found.evidence["text-classification"]
        assert (tuple(rest), last.place) == (shipped.evidence["text-classification"], f"{name}:2")
        assert found.files == (*shipped.files, str(name))
    for path, words in ((named, f"2:1 BG302 'BERT-999' exists already, at {inside}:2"), (other, "1:1 BG504 unknown")):
        with pytest.raises(InputFileError) as caught:
            loading.load([str(tmp_path), str(path)])
        assert told(caught.value.complaints)[0].startswith(f"{path}:{words}")


def test_a_kept_book_has_the_same_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = loading.load((), str(tmp_path))
    monkeypatch.delattr(loading, "compile")  # the second must not need it
    again = loading.load((), str(tmp_path))
    assert (dict(again.evidence), again.kin) == (dict(first.evidence), first.kin)
    for task, rows in again.evidence.items():
        assert (type(rows), {type(row) for row in rows}, {row.task for row in rows}) == (tuple, {Result}, {task})


AGAINST = {"winner": "decoder", "encoder_score": "82.1", "decoder_score": "84.6", "margin": "-2.5"}
OPPOSED = line(id="SORTPAPER-05", **AGAINST)
MANY = "sorting/many base.yaml:11"
ROW = one()


def citing(cites: str, choice: str = "many") -> str:
    """BASE with other citations in a choice of `sorting`."""
    return re.sub(rf"(id: {choice},.*)evidence: \[SORTPAPER\]", rf"\1evidence: {cites}", BASE)


def findings(*rows: str, base: str = BASE) -> list[tuple[str, ...]]:
    found = backing.findings(book(*rows, base=base))
    return [(one.code, one.level, f"{one.task}/{one.choice} {one.place}", one.message.en) for one in found]


def test_a_cited_row_must_exist_and_be_no_older_than_the_kind_of_model_and_a_row_of_no_task_be_cited() -> None:
    missing = ("BG407", "error", "sorting/ base.yaml:11", "there is no result 'SORTPAPER-09'")
    assert findings(LINE, base=citing("[SORTPAPER-01, SORTPAPER-09]")) == [missing]
    assert findings(LINE, base=citing("[SORTPAPER-01], against: [SORTPAPER-09]")) == [missing]
    approach = BASE.replace("since: 2018,", "since: 2018, evidence: [SORTPAPER-08],")
    assert findings(base=approach) == [("BG407", "error", "/ base.yaml:5", "there is no result 'SORTPAPER-08'")]
    assert findings(LINE, NONE) == [("BG408", "note", "/ e.csv:3", "no rule uses the result SORTPAPER-04")]
    assert findings() == findings(LINE, NONE, base=citing("[SORTPAPER-04]")) == []
    old = line(id="OLDPAPER-01", source="OLDPAPER", year="2015")
    words = "'many' rests on results up to 2015, but models of its kind (by-encoder) appeared in 2018"
    for cites in ("[OLDPAPER-01]", "[OLDPAPER]"):
        assert findings(old, base=citing(cites)) == [("BG410", "note", MANY, f"sorting: {words}")]
    assert findings(old, base=citing("[OLDPAPER-01, SORTPAPER]")) == []  # and `few` rests on its very year


def test_a_cited_row_must_speak_for_the_rule_and_one_under_against_against_it() -> None:
    (found, _) = findings(OPPOSED, base=citing("[SORTPAPER-05]"))
    assert found[:3] == ("BG409", "error", MANY)
    assert found[3].startswith("sorting: 'many' cites results that speak against it: SORTPAPER-05;")
    words = "sorting: 'many' names results under 'against' that speak for it: SORTPAPER-01"
    against = citing("[SORTPAPER], against: [SORTPAPER-01]")
    assert findings(LINE, base=against) == [("BG409", "error", MANY, words)]
    hint = line(id="SORTPAPER-05", **AGAINST, decisive="no")
    assert findings(hint, base=citing("[SORTPAPER-05]")) == findings(line(decisive="no"), base=against) == []
    hybrid = citing("[SORTPAPER-05]").replace("many, approach: by-encoder", "many, approach: by-both")
    assert findings(OPPOSED, base=hybrid) == []


def test_a_result_against_a_rule_under_its_own_conditions_must_be_named() -> None:
    words = "sorting: 'many' does not say that results under its conditions speak against it: SORTPAPER-05"
    assert findings(OPPOSED) == [("BG411", "note", MANY, words)]
    kind = line(id="SORTPAPER-06", task="sorting-mail", **AGAINST)
    assert findings(OPPOSED, kind) == [("BG411", "note", MANY, f"{words}, SORTPAPER-06")]
    assert findings(OPPOSED, base=citing("[SORTPAPER], against: [SORTPAPER-05]")) == []
    assert findings(line(**AGAINST, labels="199")) == findings(line(**AGAINST, decisive="no")) == []
    assert [one[2] for one in findings(line(labels="199"))] == ["sorting/few base.yaml:10"]


def test_rules_check_on_the_shipped_rules_and_on_ones_own(run: InProcess, shipped: Rulebook, tmp_path: Path) -> None:
    assert [one for one in lint.findings(shipped) if one.code in ("BG407", "BG409") or one.level == "error"] == []
    rules, results = tmp_path / "mine.yaml", tmp_path / "mine.csv"
    rows = (own(shipped, task="sorting"), own(shipped, id="BERT-998", task="", decisive="no"))
    results.write_text("\n".join([HEAD, *rows]), encoding="utf-8")
    rules.write_text(citing("[BERT-999], against: [BERT-997]", "few"), encoding="utf-8")
    done = run("rules", "check", str(rules), str(results), "--format", "json")
    found = [f"{one['code']} {one['level']} {one['place']}" for one in json.loads(done.out)["findings"]]
    wrong = ("BG409 error", "BG410 note", "BG407 error")
    assert (done.code, found) == (1, [*(f"{code} {rules}:10" for code in wrong), f"BG408 note {results}:3"])


def sure(*some: tuple[int, int]) -> Confidence:
    """Sources with so many results for and against each."""
    words = [["for"] * agree + ["against"] * against for agree, against in some]
    return confidence(Weighed(ROW._replace(source=f"S{of}"), word) for of, mine in enumerate(words) for word in mine)


def witnesses(agree: int, of: int) -> Confidence:  # of one result each
    return sure(*[(1, 0)] * agree, *[(0, 1)] * (of - agree))


def test_a_row_speaks_for_the_side_that_won_if_it_counts_and_the_strongest_stand_first() -> None:
    for winner, other in (("encoder", "decoder"), ("decoder", "encoder")):
        won, hint = ROW._replace(winner=winner), ROW._replace(winner=winner, decisive=False)
        assert [verdict(won, side) for side in (winner, other, "")] == ["for", "against", "hint"]
        assert {verdict(hint, side) for side in (winner, other, "")} == {"hint"}
    assert {verdict(ROW._replace(winner="tie", decisive=False), side) for side in ("encoder", "decoder", "")} == {"tie"}
    lost, tie, hint = ROW._replace(winner="decoder"), ROW._replace(winner="tie"), ROW._replace(decisive=False)
    ordered = [
        ROW._replace(id="S-02"), lost._replace(id="S-03"), ROW._replace(id="S-01", verified="partial"), lost._replace(id="S-00", grade="B"),
        tie._replace(id="S-05"), tie._replace(id="S-04", grade="B"), hint._replace(id="R-01"),
    ]  # fmt: skip
    verdicts = "for against for against tie tie hint".split()
    for some in itertools.permutations(ordered):
        assert weigh(some, "encoder").rows == tuple(map(Weighed, ordered, verdicts))


def test_sources_count_once_however_many_rows_they_have_and_ties_and_hints_not_at_all() -> None:
    assert sure((20, 0)) == Confidence("weak", 20, 0, 0, 1, 1.0, False)
    assert [round(sure(*some).share, 9) for some in (((4, 1), (1, 0)), ((30, 10), (0, 1)))] == [0.9, 0.375]
    assert sure((100, 0), *[(0, 1)] * 9).word == "contested"
    assert sure(*[(1, 0)] * 10 * WITNESSES, (0, 1000 * WITNESSES)).word == "contested"  # nor do they outvote rows
    for sources in (0, 1, 2, WITNESSES):
        some = [Weighed(ROW._replace(source=f"S{index}"), "for") for index in range(sources)]
        noise = [Weighed(ROW._replace(source=f"S{index}"), word) for index in range(9) for word in ("tie", "hint")]
        assert confidence([*noise, *some]) == confidence(some)._replace(ties=9)
    assert weigh([], "encoder") == NOTHING == ((), Confidence("weak", 0, 0, 0, 0, 0.0, False))


def test_the_sources_and_the_part_of_them_that_agrees_make_the_word() -> None:
    counts = (1, 2, WITNESSES - 1, WITNESSES, WITNESSES + 1)
    assert [witnesses(of, of).word for of in counts] == ["weak", "moderate", "moderate", "strong", "strong"]
    assert {witnesses(0, of).word for of in counts} == {"contested"}
    of = 1000
    strong, agreed = (next(agree for agree in range(of) if agree / of >= limit) for limit in (STRONG, AGREED))
    assert [witnesses(agree, of).word for agree in (strong, strong - 1)] == ["strong", "moderate"]
    assert [witnesses(agree, of).word for agree in (agreed, agreed - 1)] == ["moderate", "contested"]
    assert witnesses(agreed, of)[1:6] == (agreed, of - agreed, 0, of, agreed / of)
    near = [agree for agree in range(of) if 1 - EVEN <= agree / of <= EVEN]
    counts = (near[0] - 1, near[0], near[-1], near[-1] + 1, of)
    assert [witnesses(agree, of).close for agree in counts] == [False, True, True, False, False]


def beside(found: Rulebook, facts: dict[str, Value], task: str = "sorting") -> list[str]:
    """The rows beside the advice for these facts."""
    adviser, part = Adviser(found), found.tasks[task]
    return [one.result.id[-2:] for one in adviser.results.beside(part, adviser.advised(part, facts)[0], facts).rows]


def test_rows_whose_facts_lead_elsewhere_are_left_out_and_numbers_within_a_rule_are_alike() -> None:
    found = book(LINE, line(id="SORTPAPER-02", labels="199", **AGAINST), line(id="SORTPAPER-03", labels="200"))
    assert beside(found, {}) == beside(found, {"labels": 300, "classes": 2, "tokens": 9}) == ["01", "03"]
    assert beside(found, {"labels": 0}) == ["02"]
    asked = Adviser(found).results.beside(found.tasks["sorting"], 0, {})
    assert [one.verdict for one in asked.rows] == ["for"]  # beside the decoder


def test_a_fact_that_is_another_one_in_a_row_leaves_it_out() -> None:
    cases: tuple[tuple[str, str, str, Value, Value], ...] = (
        ("language", "language", "en", "en", "de"), ("language", "language", "zh", "zh", "multi"),
        ("language", "language", "multi", "de", "code"), ("language", "language", "multi", "multi", "code"),
        ("hosted", "hosted_llm", "yes", True, False), ("fine_tune", "fine_tune", "no", False, True),
        ("domain", "domain", "shifted", "shifted", "same"), ("label_kind", "label_kind", "custom", "custom", "plain"),
    )  # fmt: skip
    for fact, name, cell, same, other in cases:
        found = book(line(**{name: cell}))
        asked: tuple[dict[str, Value], ...] = ({}, {fact: same}, {fact: other})
        assert [beside(found, facts) for facts in asked] == [["01"], ["01"], []], fact
        assert name not in EMPTY or beside(book(line(**{name: ""})), {fact: other}) == ["01"]


def test_kinds_of_a_task_speak_for_it_and_it_for_those_without_rows_of_their_own() -> None:
    found = book(LINE, MAIL, line(id="SORTPAPER-04", task="sorting-letters", language="de"))
    assert (beside(found, {}), beside(found, {}, "sorting-mail")) == (["01", "03"], ["03"])
    assert beside(book(LINE), {}, "sorting-mail") == ["01"]
    # Choices of its own: the parent's rows speak where none of its own match, by the choices of the task itself.
    assert beside(found, {}, "sorting-letters") == beside(found, {"language": "de"}, "sorting-letters") == ["04"]
    assert beside(found, {"language": "en"}, "sorting-letters") == ["01"]
    few = book(line(labels="10"))
    assert (beside(few, {}), beside(few, {}, "sorting-letters")) == ([], ["01"])
    results, tasks = Adviser(few).results, (few.tasks["sorting"], few.tasks["sorting-letters"])
    assert [results.beside(task, 0, {}).rows[0].verdict for task in tasks] == ["against", "for"]


def test_a_rule_without_results_of_its_own_has_those_of_its_approach(shipped: Rulebook) -> None:
    """Nobody measures quality under a deadline; the encoder that a deadline asks for has been measured."""
    adviser, facts = Adviser(shipped), dict[str, Value](labels=300, latency_ms=30)
    task = shipped.tasks["named-entity-recognition"]
    hurried, free = (adviser.recommend(adviser.resolve(task.id)[0], some) for some in (facts, {"labels": 300}))
    assert (hurried.choice, free.choice) == ("quick-tagger", "token-head")
    assert hurried.evidence.rows == free.evidence.rows != ()


def beside_all(adviser: Adviser, task: Task, choice: int) -> tuple[Weighed, ...]:
    return adviser.results.beside(task, choice, {}).rows


def test_in_the_shipped_book_rows_that_match_led_to_the_same_choice(shipped: Rulebook) -> None:
    """Or to the same approach, where none that tells anything led to the choice."""
    adviser, seen = Adviser(shipped), set[str]()
    for task in shipped.tasks.values():
        choices = adviser.table(task).choices
        for choice in range(len(choices)):
            rows = [row for row, _ in beside_all(adviser, task, choice)]
            led = {row.id: adviser.advised(task, situation(shipped, row))[0] for row in rows}
            telling = [led[row.id] == choice for row in rows if row.decisive or row.winner == "tie"]
            assert all(telling) or not any(telling), (task.id, choice)
            assert {choices[one].approach for one in led.values()} <= {choices[choice].approach}
            seen |= set(led)
    counted = {row.id for rows in shipped.evidence.values() for row in rows if row.decisive}
    assert len(seen & counted) > len(counted) / 2


def test_in_the_shipped_book_a_language_leaves_out_the_others(shipped: Rulebook) -> None:
    for language, multi in (("de", ["multi"]), ("en", ["multi"]), ("code", [])):
        adviser, found, facts = Adviser(shipped), set[Value | None](), dict[str, Value](language=language)
        for task in shipped.tasks.values():
            answer = adviser.results.beside(task, adviser.advised(task, facts)[0], facts)
            found |= {dict(row.facts).get("language") for row, _ in answer.rows}
        assert {language} <= found <= {None, language, *multi}
