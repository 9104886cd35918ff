"""Sentences -> tasks: the hard phrasings, saying no, two jobs, data sets, and what a rule file teaches."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bertgpt_cli.advise.recommend import Adviser
from bertgpt_cli.errors import AmbiguousTask, UnknownTask, UsageError
from bertgpt_cli.rulebook import loading
from bertgpt_cli.rulebook.book import Said
from bertgpt_cli.rulebook.hanzi import simplify, sounds, spelt
from bertgpt_cli.rulebook.naming import normal
from bertgpt_cli.wording import reader as reading
from bertgpt_cli.wording.features import features, plain, without_samples
from bertgpt_cli.wording.reader import Reader, learn, pack, unpack
from tests.conftest import InProcess

BOOK = loading.load()
READER = Reader(BOOK)
Write = Callable[[str], Reader]


def read(words: str, reader: Reader = READER) -> tuple[str, ...]:
    return tuple(match.id for match in reader.read(words))


def refused(words: str, reader: Reader = READER) -> UnknownTask:
    with pytest.raises(UnknownTask) as caught:
        reader.read(words)
    return caught.value


@pytest.fixture
def taught(tmp_path: Path) -> Write:
    def write(text: str) -> Reader:
        file = tmp_path / "team.yaml"
        file.write_text(text, encoding="utf-8")
        return Reader(loading.load([str(file)]))

    return write


# --- the right task --------------------------------------------------------------------------------------------------

# Kinds of phrasings by example; how well each kind is understood over many is measured by tests/phrasings.
UNDERSTOOD = [
    ("pull out company names from contracts", "named-entity-recognition"),
    ("客服工单自动分到对应部门", "text-classification"),
    ("is this SMS a scam", "spam-detection"),
    ("which of these players sound angry or sad?", "emotion-classification"),
    ("translation memory lookup", "text-retrieval"),
    ("翻译记忆库检索", "text-retrieval"),
    ("no rewriting, just pull the sentences", "extractive-summarization"),
    ("不是要翻译，只想知道是什么语种", "language-identification"),
    ("use BERT to write product descriptions", "text-generation"),
    ("用GPT抽取合同里的公司名", "named-entity-recognition"),
    ("这条评论是夸还是骂", "sentiment-analysis"),
    ("wenben fenlei", "text-classification"),
    ("wenbenfenlei", "text-classification"),
    ("qingganfenxi", "sentiment-analysis"),
    ("jiqi fanyi", "translation"),
    ("把評論分成好評和差評", "sentiment-analysis"),
    ("文本分累", "text-classification"),
    ("文苯分累", "text-classification"),
    ("情敢分西", "sentiment-analysis"),
    ("给review打sentiment标签", "sentiment-analysis"),
    ("sumarize the meetting notes in a paragraph", "summarization"),
]


@pytest.mark.parametrize(("words", "id"), UNDERSTOOD)
def test_phrasings_of_every_hard_kind(words: str, id: str) -> None:
    assert read(words) == (id,)


def test_no_ask_is_nearer_to_another_task_than_to_its_own() -> None:
    astray = []
    for task in BOOK.tasks.values():
        for ask in (*BOOK.said[task.id].asks[0], *BOOK.said[task.id].asks[1]):
            scored = READER.scored(ask)
            if scored.tasks[0][0] != task.id or scored.refused > scored.tasks[0][1]:
                astray.append((task.id, ask, scored.tasks[0][0]))
    assert astray == []


def test_no_phrase_that_is_refused_is_nearer_to_a_task() -> None:
    for refusal in BOOK.refused.values():
        for ask in (*BOOK.no_said[refusal.id].asks[0], *BOOK.no_said[refusal.id].asks[1]):
            scored = READER.scored(ask)
            assert scored.refused >= scored.tasks[0][1], (refusal.id, ask)


@pytest.mark.parametrize("id", BOOK.tasks)
def test_every_task_has_asks_enough_in_both_languages_and_data_sets(id: str) -> None:
    said = BOOK.said[id]
    for asks in said.asks:
        assert len(asks) >= 20
        assert len({ask.casefold() for ask in asks}) == len(asks)
    assert len(said.datasets) >= 5
    chinese = said.asks[1]
    assert sum(simplify(ask) != ask for ask in chinese) >= 3, "traditional characters"
    assert sum(any("a" <= char.lower() <= "z" for char in ask) for ask in chinese) >= 3, "code-mixed"


def test_no_phrase_belongs_to_two_tasks_or_is_a_name() -> None:
    owners: dict[str, str] = {}
    for task in BOOK.tasks.values():
        for ask in (*BOOK.said[task.id].asks[0], *BOOK.said[task.id].asks[1]):
            assert owners.setdefault(normal(ask), task.id) == task.id, ask
            assert normal(ask) not in BOOK.names, ask


# --- saying no -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "about", "nearest"),
    [
        ("classify x-ray images", "image-understanding", ("document-question-answering",)),
        ("给图片打标签", "image-understanding", ("document-question-answering",)),
        ("transcribe our podcast recordings", "speech-recognition", ()),
        ("forecast next month's sales from past sales", "time-series-forecasting", ()),
        ("predict churn from account columns", "tabular-prediction", ()),
        ("hello", "greeting", ()),
        ("你好", "greeting", ()),
        ("book me a flight to Oslo", "errand", ()),
        ("which model should I use", "too-vague", ()),
        ("NLP", "too-vague", ()),
    ],
)
def test_what_is_no_text_task_is_refused_with_a_reason(words: str, about: str, nearest: tuple[str, ...]) -> None:
    error = refused(words)
    told = BOOK.refused[about]
    assert (error.code, int(error.exit_code)) == ("unknown-task", 2)
    assert error.suggestions == nearest
    assert told.because.en in error.message.en
    assert told.because.zh in error.message.zh
    for id in nearest:
        assert id in error.message.en


def test_a_refusal_is_told_in_json_too(run: InProcess) -> None:
    done = run("recommend", "classify x-ray images", "--format", "json")
    assert done.code == 2
    error = json.loads(done.out)["error"]
    assert (error["code"], error["suggestions"]) == ("unknown-task", ["document-question-answering"])
    assert "vision model" in error["message"]


def test_a_near_tie_is_told_with_its_candidates_and_never_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    words = "group complaints into themes, no labels, the theme names come later"
    scored = READER.scored(words)
    (first, high), (second, low) = scored.tasks[:2]
    monkeypatch.setattr(reading, "TIE", (high - low) * scored.weight * 1.01)
    with pytest.raises(AmbiguousTask) as caught:
        READER.read(words)
    error = caught.value
    assert error.suggestions[:2] == (first, second)
    assert [id for id, _ in error.shares] == list(error.suggestions)
    assert f"{first} ({error.shares[0][1]:.0%})" in error.message.en
    monkeypatch.setattr(reading, "TIE", (high - low) * scored.weight * 0.99)
    assert read(words) == (first,)


TWINS = """version: 1
tasks:
  bench-a:
    title: {en: First bench, zh: 甲台}
    output: label
    parent: text-classification
    asks: {en: [which quartz lens was ground by this workshop], zh: [这块水晶镜片是哪家磨的]}
  bench-b:
    title: {en: Other bench, zh: 乙台}
    output: label
    parent: text-classification
    asks: {en: [which quartz lens was ground by this workshop], zh: [这块水晶镜片是哪家磨的]}
"""


def test_an_even_tie_is_never_guessed(taught: Write) -> None:
    for words in ("quartz lens, ground", "水晶镜片是哪家磨的呢"):
        with pytest.raises(AmbiguousTask) as caught:
            taught(TWINS).read(words)
        assert set(caught.value.suggestions) == {"bench-a", "bench-b"}


def test_an_ambiguous_batch_line_holds_the_candidates(run: InProcess, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"ask": "extraction", "id": 1}\n{"ask": "hello", "id": 2}\n', "utf-8")
    done = run("recommend", "--batch", str(tmp_path / "t.jsonl"))
    tie, greeting = (json.loads(line) for line in done.out.splitlines())
    assert done.code == 1
    assert (tie["id"], tie["error"]["code"]) == (1, "ambiguous-task")
    assert {one["id"] for one in tie["error"]["candidates"]} == set(tie["error"]["suggestions"])
    assert sum(one["score"] for one in tie["error"]["candidates"]) <= 1.001
    assert (greeting["id"], greeting["error"]["code"]) == (2, "unknown-task")


def test_scores_are_shares() -> None:
    for words, _ in UNDERSTOOD:
        for match in READER.read(words):
            assert 0 < match.score <= 1
            assert match.how in ("sentence", "spelling")
        found = READER.candidates(words)
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
        assert len(found) <= reading.MOST


# --- two jobs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "plan"),
    [
        ("label incoming tickets and draft a reply", ("text-classification", "text-generation")),
        (
            "detect the language of each mail and then translate it into English",
            ("language-identification", "translation"),
        ),
        ("先判断新闻属于什么题材，再提取几个关键词", ("topic-classification", "keyphrase-extraction")),
        ("过滤垃圾短信，然后把剩下的翻译成英文", ("spam-detection", "translation")),
    ],
)
def test_two_jobs_in_one_sentence_are_a_plan(words: str, plan: tuple[str, ...], run: InProcess) -> None:
    assert read(words) == plan
    told = json.loads(run("recommend", words, "--format", "json").out)
    assert (told["kind"], [stage["task"] for stage in told["stages"]]) == ("plan", list(plan))


@pytest.mark.parametrize(
    "words",
    [
        "pull out names and addresses of people from letters",
        "find persons and places in old newspapers",
        "spam and phishing mails",
        "positive and negative reviews",
        "把人名和地名都标出来",
    ],
)
def test_and_alone_makes_no_plan(words: str) -> None:
    assert len(read(words)) == 1


# --- data sets -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "id"),
    [
        ("CoNLL-2003", "named-entity-recognition"),
        ("conll2003", "named-entity-recognition"),
        ("CoNLL 03", "named-entity-recognition"),
        ("CoNLL-2014", "grammatical-error-correction"),
        ("CoNLL-2012", "coreference-resolution"),
        ("SIGHAN 2005", "word-segmentation"),
        ("SIGHAN 2015", "spelling-correction"),
        ("something like FEVER for our own claims", "fact-checking"),
        ("a Spider leaderboard entry", "text-to-sql"),
        ("fine-tune on RACE", "multiple-choice"),
        ("fine-tune on squad", "question-answering"),
        ("在CMRC 2018上微调", "question-answering"),
        ("SST-2", "sentiment-analysis"),
    ],
)
def test_a_data_set_stands_for_its_task(words: str, id: str) -> None:
    assert read(words) == (id,)


@pytest.mark.parametrize("words", ["CoNLL-2003", "conll2003", "CoNLL 03", "conll03"])
def test_a_data_set_as_the_whole_of_the_words_is_told_as_one(words: str) -> None:
    (match,) = READER.read(words)
    assert (match.how, match.score, match.words) == ("dataset", 1.0, words)


@pytest.mark.parametrize(
    ("words", "not_of"),
    [
        ("a spider crawls our pages and we sort them by subject", "text-to-sql"),
        ("the race report should be made shorter", "multiple-choice"),
        ("patients with fever write to us, sort the mails by urgency", "fact-checking"),
    ],
)
def test_an_ordinary_word_is_no_data_set(words: str, not_of: str) -> None:
    assert not_of not in read(words)


# --- facts in the sentence -------------------------------------------------------------------------------------------

FACTS_SENTENCE = "sort mails into 12 queues, German, 300 labels, on CPU, under 50 ms"


def test_facts_are_read_shown_as_read_and_flags_win(run: InProcess) -> None:
    told = json.loads(run("recommend", FACTS_SENTENCE, "--format", "json").out)
    facts = {"labels": 300, "classes": 12, "language": "de", "latency_ms": 50, "device": "cpu"}
    assert (told["task"]["id"], told["situation"]) == ("text-classification", facts)
    assert {one["fact"]: one["value"] for one in told["task"]["matched"]["read"]} == facts
    assert {one["fact"]: one["words"] for one in told["task"]["matched"]["read"]}["classes"] == "12 queues"
    by_flags = json.loads(
        run("recommend", "sort mails into queues", *"--classes 12 --text-language de --labels 300 --device cpu".split(),
            "--latency-ms", "50", "--format", "json").out
    )  # fmt: skip
    assert {**told, "task": 0} == {**by_flags, "task": 0}
    won = json.loads(run("recommend", FACTS_SENTENCE, "--labels", "4000", "--format", "json").out)
    assert won["situation"] == {**facts, "labels": 4000}


def test_what_was_read_is_told_in_words(run: InProcess) -> None:
    text = " ".join(run("recommend", FACTS_SENTENCE, "--labels", "4000").out.split())
    assert 'classes 12 ("12 queues")' in text
    assert 'labels 4,000 (not the "300 labels" of the sentence)' in text
    chinese = "".join(run("recommend", "把邮件分到12个部门，三百条标注", "--lang", "zh").out.split())
    assert "类别数12（“12个部门”）" in chinese
    assert "标注数300（“三百条标注”）" in chinese


def test_facts_of_a_sentence_hold_for_both_of_its_jobs(run: InProcess) -> None:
    told = json.loads(
        run("recommend", "label incoming tickets and draft a reply, 300 labels, as JSON", "--format", "json").out
    )
    first, second = told["answers"]
    assert (first["situation"], second["situation"]) == ({"labels": 300}, {"labels": 300, "output": "json"})


def test_facts_of_a_batch_line_come_after_its_keys(run: InProcess, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text(json.dumps({"ask": FACTS_SENTENCE, "labels": 7}) + "\n", "utf-8")
    told = json.loads(run("recommend", "--batch", str(tmp_path / "t.jsonl"), "--latency-ms", "9").out)
    assert (told["situation"]["labels"], told["situation"]["latency_ms"], told["situation"]["classes"]) == (7, 9, 12)


@pytest.mark.parametrize(
    ("words", "family", "said"),
    [
        ("use BERT to write product descriptions", "gpt", "bert"),
        ("GPT to sort letters by subject", "bert", "gpt"),
        ("BERT to sort letters by subject", "bert", "bert"),
    ],
)
def test_the_wrong_family_is_put_right_and_told(words: str, family: str, said: str, run: InProcess) -> None:
    told = json.loads(run("recommend", words, "--format", "json").out)
    assert (told["family"], told["task"]["matched"]["family"]) == (family, said)
    text = " ".join(run("recommend", words).out.split())
    assert ("you named a" in text) == (family != said)
    if family != said:
        names = {"bert": "BERT-style", "gpt": "GPT-style"}
        assert f"you named a {names[said]} model; the advice is {names[family]}" in text


def test_the_name_of_a_model_says_nothing_of_the_task() -> None:
    assert features("use to sort mails") == features("use bert to sort mails") == features("use chatgpt to sort mails")


@pytest.mark.parametrize(
    "words",
    [
        "“花呗怎么关”和“如何停用花呗” → 1；“花呗怎么开” → 0",
        "in: will it rain in Oslo tomorrow out: weather",
        '"play some music" -> 3',
    ],
)
def test_what_a_pasted_sample_says_is_no_reason_to_refuse(words: str) -> None:
    told = ""
    try:
        READER.read(words)
    except UsageError as error:
        told = error.message.en
    assert "no text task" not in told
    assert without_samples(words) == ""
    assert without_samples('is "play some music" rude?') == "is   rude?"
    assert without_samples('"play some music"') == '"play some music"'


def test_constraints_do_not_change_the_task() -> None:
    for words, id in [
        ("sort mails into queues", "text-classification"),
        ("pull company names from contracts", "named-entity-recognition"),
    ]:
        for limits in (
            "on CPU",
            "under 50 ms",
            "2,000 labelled examples",
            "8 GB of GPU memory",
            "10k a day",
            "no cloud",
        ):
            assert read(f"{words}, {limits}") == (id,)


# --- what a rule file teaches ----------------------------------------------------------------------------------------


def test_an_alias_is_enough_to_teach_a_phrase(taught: Write) -> None:
    with pytest.raises((UnknownTask, AmbiguousTask)):
        READER.read("plimsoll gauging")
    with pytest.raises((UnknownTask, AmbiguousTask)):
        READER.read("想做看船吃水")
    reader = taught(
        "version: 1\ntasks:\n  stance-detection: {override: merge, aliases: {en: [plimsoll gauging], zh: [看船吃水]}}\n"
    )
    assert read("plimsoll gauging", reader) == ("stance-detection",)
    assert read("Plimsoll gaugin", reader) == ("stance-detection",)
    assert read("we want plimsoll gauging", reader) == ("stance-detection",)
    assert read("想做看船吃水", reader) == ("stance-detection",)


NEW_TASK = """version: 1
tasks:
  ship-log-coding:
    title: {en: Ship log coding, zh: 航海日志编码}
    output: label
    parent: text-classification
    aliases: {en: [logbook coding], zh: [日志编码]}
    asks:
      en: [which of the harbour codes does this entry of the ship's log get, code every logbook entry by sail manoeuvre]
      zh: [给每条航海日志定一个操帆代码]
    datasets: [CLIWOC, HMS Logs 1850]
"""


def test_a_new_task_is_learnt_without_anything_else(taught: Write) -> None:
    reader = taught(NEW_TASK)
    assert read("logbook coding", reader) == ("ship-log-coding",)
    assert read("code the entries of a ship's log by manoeuvre", reader) == ("ship-log-coding",)
    assert read("航海日志的操帆代码", reader) == ("ship-log-coding",)
    assert read("CLIWOC", reader) == ("ship-log-coding",)
    assert read("hms logs 1850", reader) == ("ship-log-coding",)
    assert read("pull out company names from contracts", reader) == ("named-entity-recognition",)


REFUSAL = """version: 1
refused:
  perfumes:
    title: {en: perfumes, zh: 香水}
    because: {en: a scent is no text, zh: 气味不是文本}
    aliases: {en: [scent blending], zh: [调香]}
    asks: {en: [blend a new perfume of rose and musk, which fragrance notes go together], zh: [玫瑰和麝香怎么调]}
    nearest: [text-generation]
"""


def test_a_refusal_can_be_taught(taught: Write) -> None:
    reader = taught(REFUSAL)
    for words in ("scent blending", "调香", "blend perfume notes of musk and rose"):
        error = refused(words, reader)
        assert "a scent is no text" in error.message.en
        assert error.suggestions == ("text-generation",)


def test_a_data_set_can_be_added(taught: Write) -> None:
    reader = taught("version: 1\ntasks:\n  translation: {override: merge, datasets: [Harbour Pairs 7]}\n")
    assert read("Harbour-Pairs 7", reader) == ("translation",)
    assert reader.book.said["translation"].datasets == (*BOOK.said["translation"].datasets, "Harbour Pairs 7")


def test_a_tasks_name_comes_before_a_refusals(taught: Write) -> None:
    reader = taught("version: 1\ntasks:\n  translation: {override: merge, aliases: {en: [image classification]}}\n")
    assert read("image classification", reader) == ("translation",)


def test_a_small_book_of_ones_own_words() -> None:
    """Learning is from the book alone: nothing about the shipped tasks is in the code."""
    ids = list(BOOK.tasks)[:3]
    asks = ("count the apples in a basket", "paint a fence green", "feed seven cats")
    book = BOOK._replace(
        tasks={id: BOOK.tasks[id]._replace(aliases=((), ())) for id in ids},
        said={id: Said(((ask,), ()), ()) for id, ask in zip(ids, asks, strict=True)},
        refused={},
        no_said={},
        names={},
        no_names={},
    )
    for words, id in zip(("apples of the basket", "painting a green fence", "cats to feed"), ids, strict=True):
        assert read(words, Reader(book)) == (id,)


# --- the index -------------------------------------------------------------------------------------------------------


def test_what_was_learnt_survives_packing() -> None:
    again = unpack(pack(READER.learnt))
    assert again.datasets == READER.learnt.datasets
    for words, _ in UNDERSTOOD:
        asked = features(plain(words))
        assert again.phrases.score(asked) == READER.learnt.phrases.score(asked)


def test_what_was_learnt_is_kept_beside_the_book_until_a_rule_file_changes(tmp_path: Path) -> None:
    file, cache = tmp_path / "team.yaml", str(tmp_path / "cache")
    file.write_text(NEW_TASK, encoding="utf-8")
    adviser = Adviser(*loading.load_kept([str(file)], cache))
    assert adviser.resolve("航海日志的操帆代码")[0].id == "ship-log-coding"
    kept = sorted(path.name.split("-")[0] for path in Path(cache).iterdir())
    assert kept == ["index", "rules"]
    book, place = loading.load_kept([str(file)], cache)

    def forbidden() -> reading.Learnt:
        raise AssertionError("learnt again")

    assert place.get("index", forbidden, pack, unpack).datasets
    file.write_text(NEW_TASK.replace("操帆代码", "收缆工序"), encoding="utf-8")
    changed = Adviser(*loading.load_kept([str(file)], cache))
    assert changed.resolve("航海日志的收缆工序")[0].id == "ship-log-coding"
    assert learn(changed.book).phrases.classes == changed.reader.learnt.phrases.classes
    assert book.tasks.keys() == changed.book.tasks.keys()


def test_naive_bayes_by_its_definition() -> None:
    """Against the formulas of Rennie et al. 2003 written out plainly, on a corpus small enough to see."""
    import math

    from bertgpt_cli.wording import index

    phrases = [("a", {"x": 1.0, "y": 2.0}), ("a", {"x": 1.0}), ("b", {"y": 1.0, "z": 0.5})]
    learnt = index.learn(phrases)
    spread = {"x": 2, "y": 2, "z": 1}
    rarity = {name: (math.log(4 / (1 + often)) + 1) ** index.RARITY for name, often in spread.items()}
    damped = {1.0: 1.0, 0.5: 0.5, 2.0: 1 + math.log(2)}
    counts = {"a": dict.fromkeys(spread, 0.0), "b": dict.fromkeys(spread, 0.0)}
    for owner, given in phrases:
        weights = {name: damped[count] * rarity[name] for name, count in given.items()}
        length = math.sqrt(sum(weight**2 for weight in weights.values()))
        for name, weight in weights.items():
            counts[owner][name] += weight / length
    for asked in ({"x": 1.0}, {"y": 1.0, "z": 1.0}, {"x": 2.0, "z": 0.5}):
        weights = {name: damped[count] * rarity[name] for name, count in asked.items()}
        wanted = [
            sum(
                weight
                * math.log(
                    (counts[owner][name] + index.SMOOTHING) / (sum(counts[owner].values()) + 3 * index.SMOOTHING)
                )
                for name, weight in weights.items()
            )
            / sum(weights.values())
            for owner in ("a", "b")
        ]
        got = learnt.score(asked)
        assert got.scores == pytest.approx(wanted, abs=0.02)  # ratios are kept in steps of 1/32
        assert got.known == pytest.approx(1)
        assert got.weight == pytest.approx(sum(weights.values()))
    assert learnt.score({"x": 1.0, "unheard": 1.0}).known < 0.6
    assert learnt.score({"unheard": 1.0}).known == 0


# --- Chinese characters ----------------------------------------------------------------------------------------------


def test_traditional_characters_are_read_as_simplified() -> None:
    assert simplify("文本分類與機器翻譯") == "文本分类与机器翻译"
    assert normal("命名實體識別") == "命名实体识别"


def test_sounds_and_pinyin() -> None:
    assert sounds("文本分累") == sounds("文本分类") == ["wen", "ben", "fen", "lei"]
    assert spelt("wenbenfenlei") == ("wen", "ben", "fen", "lei")
    assert spelt("zhuangxiu") == ("zhuang", "xiu")
    assert spelt("lvse") == ("lv", "se")
    assert spelt("company") == ()
    assert spelt("x" * 5000) == ()


def test_features_weigh_what_is_asked_for_most() -> None:
    found = features(plain("no translation, just the language, please"))
    assert found["wtranslation"] < found["wlanguage"]
    found = features(plain('sort "the summary of the year" by subject'))
    assert found["wsummary"] < found["wsubject"]
    found = features(plain("names are already tagged, now link them"))
    assert found["wtagged"] < found["wlink"]
    found = features(plain("translation memory lookup"))
    assert found["wlookup"] > found["wtranslation"]
    found = features(plain("不是要翻译，只想知道语种"))
    assert found["b翻译"] < found["b语种"]
