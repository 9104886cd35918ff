"""Facts in a sentence: figures, units and plain words, in English and Chinese, and what must not be read as one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bertgpt_cli.rulebook import facts
from bertgpt_cli.rulebook.facts import FACTS, Value
from bertgpt_cli.wording.features import plain
from bertgpt_cli.wording.mentions import family, mentions

READ: list[tuple[str, dict[str, Value]]] = [
    (
        "sort mails into 12 queues, German, 300 labels, on CPU, under 50 ms",
        {"classes": 12, "language": "de", "labels": 300, "device": "cpu", "latency_ms": 50},
    ),
    ("我们有三百条标注，要求50毫秒以内", {"labels": 300, "latency_ms": 50}),
    ("没有标注数据，想给新闻分类", {"labels": 0}),
    ("classify tickets, no labels yet", {"labels": 0}),
    ("tag names without any training data", {"labels": 0}),
    ("2,000 labelled emails", {"labels": 2000}),
    ("about 2k annotated tweets", {"labels": 2000}),
    ("two hundred hand labelled examples", {"labels": 200}),
    ("half a million labelled reviews", {"labels": 500_000}),
    ("50 examples per class, 20 classes", {"labels": 1000, "classes": 20}),
    ("a dozen categories", {"classes": 12}),
    ("two dozen categories", {"classes": 24}),
    ("one of our 40 departments", {"classes": 40}),
    ("a 5-way classifier", {"classes": 5}),
    ("标注了两千条", {"labels": 2000}),
    ("1.5万条样本", {"labels": 15_000}),
    ("20万条训练数据", {"labels": 200_000}),
    ("两千五百条标注样本", {"labels": 2500}),
    ("三百條標註", {"labels": 300}),
    ("分到12个部门", {"classes": 12}),
    ("把评论分成五类", {"classes": 5}),
    ("512个标签", {"classes": 512}),
    ("二分类", {"classes": 2}),
    ("10k emails a day", {"volume_per_day": 10_000}),
    ("1,000 messages an hour", {"volume_per_day": 24_000}),
    ("three million posts per month", {"volume_per_day": 100_000}),
    ("half a million tweets per day", {"volume_per_day": 500_000}),
    ("每天一百万条", {"volume_per_day": 1_000_000}),
    ("日均10万条评论", {"volume_per_day": 100_000}),
    ("一天两千封邮件", {"volume_per_day": 2000}),
    ("within 2 seconds", {"latency_ms": 2000}),
    ("below 0.5 s", {"latency_ms": 500}),
    ("100 milliseconds", {"latency_ms": 100}),
    ("延迟不超过100ms", {"latency_ms": 100}),
    ("两秒以内", {"latency_ms": 2000}),
    ("不超过半秒", {"latency_ms": 500}),
    ("8 GB of RAM", {"memory_gb": 8}),
    ("fits in 512 MB memory", {"memory_gb": 0.5}),
    ("a 24 GB GPU", {"memory_gb": 24, "device": "gpu"}),
    ("显存8G", {"memory_gb": 8}),
    ("16G内存", {"memory_gb": 16}),
    ("a 7B model", {"max_params": 7 * 10**9}),
    ("at most 400M parameters", {"max_params": 4 * 10**8}),
    ("参数不超过7B", {"max_params": 7 * 10**9}),
    ("70亿参数", {"max_params": 7 * 10**9}),
    ("4,096 tokens", {"tokens": 4096}),
    ("8000个token", {"tokens": 8000}),
    ("3000字的合同", {"tokens": 3000}),
    ("no GPU", {"device": "cpu"}),
    ("CPU only", {"device": "cpu"}),
    ("on an A100", {"device": "gpu"}),
    ("没有显卡", {"device": "cpu"}),
    ("the texts may not leave our servers", {"hosted": False}),
    ("runs on-premises", {"hosted": False}),
    ("数据不能出内网", {"hosted": False}),
    ("私有化部署", {"hosted": False}),
    ("an API is fine", {"hosted": True}),
    ("可以调API", {"hosted": True}),
    ("no fine-tuning", {"fine_tune": False}),
    ("we cannot train anything", {"fine_tune": False}),
    ("不能微调", {"fine_tune": False}),
    ("可以微调", {"fine_tune": True}),
    ("Apache license only", {"license": "permissive"}),
    ("要可商用", {"license": "permissive"}),
    ("labels need a codebook", {"label_kind": "custom"}),
    ("return it as JSON", {"output": "json"}),
    ("输出JSON", {"output": "json"}),
    ("a label with a written reason", {"output": "text"}),
    ("并说明理由", {"output": "text"}),
    ("French and Spanish reviews", {"language": "multi"}),
    ("multilingual support tickets", {"language": "multi"}),
    ("中英文混合的评论", {"language": "multi"}),
    ("Polish contracts", {"language": "pl"}),
    ("日文评论", {"language": "ja"}),
    ("粤语弹幕", {"language": "yue"}),
    ("３００ ｌａｂｅｌｓ", {"labels": 300}),
]


@pytest.mark.parametrize(("sentence", "wanted"), READ, ids=[sentence for sentence, _ in READ])
def test_what_is_said_is_read(sentence: str, wanted: dict[str, Value]) -> None:
    found = mentions(plain(sentence))
    assert {one.fact: one.value for one in found} == wanted


@pytest.mark.parametrize(
    "sentence",
    [
        "polish my cover letter",
        "translate German into English",
        "把英文翻译成中文",
        "is it Dutch or Czech, which language is it",
        "summarise in 100 words",
        "不超过200字的摘要",
        "three sentences at most",
        "answer 5 questions",
        "one of them",
        "一条评论",
        "几百条评论",
        "a few hundred tweets",
        "COVID-19 news",
        "GPT-4 or BERT",
        "10 GB of log files",
        "reviews from 2024",
        "类似的句子",
        "whether labels are right",
    ],
)
def test_what_is_not_said_is_not_read(sentence: str) -> None:
    assert mentions(plain(sentence)) == ()


@pytest.mark.parametrize(
    "sentence", ["300 labels, well, 400 labels", "三百条标注，其实是五百条标注", "50 ms or 80 ms", "on CPU or GPU"]
)
def test_what_is_said_in_two_ways_is_not_read(sentence: str) -> None:
    assert mentions(plain(sentence)) == ()


def test_the_words_that_were_read_are_told() -> None:
    told = {one.fact: one.words for one in mentions("sort 10k mails a day into 12 queues, 300 labels, no GPU")}
    assert told == {
        "classes": "12 queues",
        "labels": "300 labels",
        "volume_per_day": "10k mails a day",
        "device": "no gpu",
    }
    told = {one.fact: one.words for one in mentions("每天一百万条，三百条标注")}
    assert told == {"labels": "三百条标注", "volume_per_day": "一百万条"}


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.text("0123456789百千万两半 条个类labelsgbkm.,毫秒GBday", max_size=30))
def test_any_text_gives_sound_facts(text: str) -> None:
    found = mentions(plain(text))
    assert len({one.fact for one in found}) == len(found)
    for one in found:
        assert facts.read(FACTS[one.fact], one.value) == one.value


NUMERALS = "零一二三四五六七八九"


def spelt(number: int) -> str:
    """A whole number below 100 million as it is written in Chinese."""
    if number >= 10_000:
        rest = number % 10_000
        return spelt(number // 10_000) + "万" + ("零" if 0 < rest < 1000 else "") + (spelt(rest) if rest else "")
    out, zero = "", False
    for unit, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            out += ("零" if zero else "") + NUMERALS[digit] + sign
            zero = False
        elif out:
            zero = True
    return out


@settings(max_examples=200, deadline=None)
@given(st.integers(2, 99_999_999))
def test_chinese_numerals(number: int) -> None:
    (found,) = mentions(f"共{spelt(number)}条标注")
    assert (found.fact, found.value) == ("labels", number)


@pytest.mark.parametrize(
    ("sentence", "named"),
    [
        ("use BERT to write product descriptions", "bert"),
        ("RoBERTa for tweets", "bert"),
        ("a small encoder", "bert"),
        ("用编码器写文章", "bert"),
        ("用ChatGPT给评论打标签", "gpt"),
        ("GPT-4 to tag names", "gpt"),
        ("让大模型判断情感", "gpt"),
        ("an LLM that sorts mails", "gpt"),
        ("BERT or GPT?", ""),
        ("sort mails", ""),
    ],
)
def test_the_family_that_is_named(sentence: str, named: str) -> None:
    assert family(plain(sentence)) == named
