"""What a sentence says about the situation: `300 labels, German, on CPU, under 50 ms`, 三百条标注、50毫秒以内.

Reads only what is said outright, in figures or in words that leave no choice; what it read is shown, with the words it
was read from, and an option on the command line wins over it. Knows nothing of tasks.
"""

import re

from bertgpt_cli.errors import UsageError
from bertgpt_cli.report.recommendation import Mention, Value
from bertgpt_cli.rulebook import facts
from bertgpt_cli.rulebook.facts import FACTS, LANGUAGE_NAMES
from bertgpt_cli.text import is_han

# Phrases that give a fact its value wherever they stand. English ones match whole words.
_PHRASES: tuple[tuple[str, Value, str], ...] = (
    (
        "labels",
        0,
        "no labels|no labelled|no labeled|no annotated|no annotations|no training data|no training examples|"
        "without labels|without any labels|without labelled|without labeled|without training data|"
        "without any training data|without annotations|zero labels|zero labelled|zero labeled|no examples yet|"
        "nothing labelled|nothing labeled|nothing is labelled|nothing is labeled|nothing annotated|unlabelled|unlabeled|"
        "没有标注|没有任何标注|无标注|零标注|没标注|没有标签|没有训练数据|没有训练样本|没有标注数据|没有样本|一条标注都没有|"
        "没有打标|未标注|还没标|没有标过|没有人工标注|没人标注",
    ),
    ("device", "cpu", "cpu|cpus|no gpu|no gpus|without a gpu|without gpu|没有gpu|没gpu|没有显卡|没显卡|无gpu|无显卡"),
    ("device", "gpu", "gpu|gpus|a100|h100|v100|rtx|显卡"),
    (
        "hosted",
        False,
        "on premises|on premise|on prem|onprem|no cloud|offline|air gapped|airgapped|in house only|no api|no external api|"
        "no external apis|no hosted|not leave|never leave|cannot leave|may not leave|must stay|stay on our|stays on our|"
        "stay in house|stays in house|locally only|local only|no openai|data residency|"
        "不能出内网|不出内网|不能外发|不能外传|不出域|不能出域|私有化|本地部署|离线|不能上云|不上云|不能上传|内网部署|不能联网|"
        "不能调外部|不能调用外部|不能用外部|不能出公司|不出公司|不能发给第三方|不能用云",
    ),
    (
        "hosted",
        True,
        "cloud is fine|cloud is ok|cloud is okay|api is fine|api is ok|hosted is fine|hosted models are fine|"
        "may use an api|can use an api|can use the api|can use openai|openai api|hosted llm|hosted llms|"
        "可以调api|可以用api|能调api|可以上云|可以用云|可以用托管|能用云端|可以调用外部|可以用外部|云端也行|上云没问题",
    ),
    (
        "fine_tune",
        False,
        "no fine tuning|no finetuning|without fine tuning|without finetuning|not fine tune|cannot fine tune|"
        "can't fine tune|can not train|cannot train|can't train|don't want to train|no training|without training|"
        "not train a model|no budget for training|"
        "不能微调|不微调|没法微调|无法微调|不想微调|不做微调|不能训练|没法训练|无法训练|不想训练|不训练|免训练|不用训练",
    ),
    (
        "fine_tune",
        True,
        "can fine tune|could fine tune|may fine tune|fine tuning is fine|fine tuning is ok|happy to fine tune|"
        "willing to fine tune|可以微调|能微调|可微调|准备微调|打算微调|可以训练|能训练",
    ),
    (
        "license",
        "permissive",
        "permissive|apache licence|apache license|mit licence|mit license|apache 2|commercial use|commercially usable|"
        "可商用|能商用|可以商用|商业使用|宽松许可",
    ),
    ("label_kind", "custom", "codebook|codebooks|coding manual|annotation guidelines|编码手册|标注规范|标注手册"),
    (
        "domain",
        "shifted",
        "out of domain|out of distribution|very unlike ordinary text|nothing like web text|领域偏移|跨领域|领域差别很大",
    ),
    ("output", "json", "as json|in json|json output|json object|to json|into json|输出json|json格式|json输出|返回json"),
    (
        "output",
        "text",
        "with a written reason|with reasons|with a reason|with an explanation|with explanations|and explain why|"
        "and say why|and give a reason|and justify|给出理由|说明理由|并解释原因|说明原因|写出理由|附上理由|给出解释|写明原因",
    ),
)
_SEVERAL_LANGUAGES = "multilingual|multi-lingual|bilingual|many languages|several languages|多语言|多语种|多种语言|双语|中英文|中英混".split(
    "|"
)
_BETWEEN_LANGUAGES = (
    "translat|which language|what language|language id|language detect|翻|译|语种|哪国|什么语言|哪种语言".split("|")
)
_LABEL_WORDS = frozenset("labelled labeled annotated tagged handlabelled labels annotations".split())
_LABEL_NOUNS = frozenset("labels label annotations examples samples instances shots".split())
_CLASS_NOUNS = frozenset(
    "classes class categories category queues queue topics intents departments folders buckets bins groups types kinds "
    "teams labels tags genres sections themes emotions sentiments grades levels sorts".split()
)
_NOT_CLASSES = frozenset(
    "words sentences parts paragraphs lines bullets points languages bullet pages chunks tokens minutes seconds "
    "characters questions paragraph sentence word page line steps".split()
)
_BOUNDS = frozenset("under within below than most max maximum in < ≤ <= inside".split())
_SPANS = {"day": 1.0, "daily": 1.0, "hour": 24.0, "hourly": 24.0, "week": 1 / 7, "month": 1 / 30, "minute": 1440.0}
_SIZES = frozenset("parameters params parameter param model models".split())
_MEMORY = frozenset("ram memory vram gpu card".split())
_SCALE = {"k": 1e3, "m": 1e6, "b": 1e9, "bn": 1e9, "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9}
_NUMERALS = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
} | {"dozen": 12, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_BERT = frozenset("encoder encoders electra ernie setfit mlm".split())
_GPT = frozenset("llm llms llama qwen mistral claude gemini deepseek chatglm decoder decoders".split())
_WORD = re.compile(r"[^\W_]+(?:'[a-z]+)?")
_LETTERS = re.compile(r"[a-z]+")
_TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?|[^\W\d_]+(?:'[a-z]+)?|[^\w\s]")
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
_HAN_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?\s*[kKwW]?\s*[百千万亿]*|半|[零〇一二两三四五六七八九十百千万亿]+")


def mentions(sentence: str) -> tuple[Mention, ...]:
    """The facts that the sentence (as `naming.plain` writes it) gives, one for each fact, in the order of FACTS.

    A fact that is said in two ways that disagree is not read at all.
    """
    found: dict[str, list[Mention]] = {}
    for one in (*_phrases(sentence), *_english(sentence), *_chinese(sentence), *_language(sentence)):
        try:
            value = facts.read(FACTS[one.fact], one.value)
        except UsageError:
            continue  # 0 classes, a language of no name: not meant as a fact
        found.setdefault(one.fact, []).append(one._replace(value=value))
    return tuple(
        found[name][0] for name in FACTS if name in found and len({str(one.value) for one in found[name]}) == 1
    )


def family(sentence: str) -> str:
    """The family that the sentence names a model of; empty where it names none, or both."""
    lowered = sentence.lower()
    named = {family_of(word) for word in _LETTERS.findall(lowered)}
    if "编码器" in lowered:
        named.add("bert")
    if "大模型" in lowered or "大语言模型" in lowered:
        named.add("gpt")
    named.discard("")
    return named.pop() if len(named) == 1 else ""


def family_of(word: str) -> str:
    """The family that a model of this name, in small letters, belongs to; empty for any other word."""
    if "bert" in word or word in _BERT:
        return "bert"
    return "gpt" if "gpt" in word or word in _GPT else ""


def _phrases(sentence: str) -> list[Mention]:
    lowered = sentence.lower()
    spaced = f" {' '.join(_WORD.findall(lowered))} "
    found: list[Mention] = []
    for fact, value, phrases in _PHRASES:
        hits = [one for one in phrases.split("|") if (f" {one} " in spaced if one[0].isascii() else one in lowered)]
        if hits:
            found.append(Mention(fact, value, max(hits, key=len)))
    if any(one.value == "cpu" and not one.words.startswith("cpu") for one in found):  # `no GPU` holds the word GPU
        found = [one for one in found if one.value != "gpu"]
    if "no training data" in spaced or "without training data" in spaced or "no training examples" in spaced:
        found = [one for one in found if not (one.fact == "fine_tune" and one.words.endswith("training"))]
    if any(one.fact == "fine_tune" and one.value is False for one in found):  # 不能微调 holds 能微调
        found = [one for one in found if (one.fact, one.value) != ("fine_tune", True)]
    return found


def _english(sentence: str) -> list[Mention]:
    tokens = [(one[0].lower(), one.start(), one.end()) for one in _TOKEN.finditer(sentence)]
    words = [one[0] for one in tokens]
    found: list[Mention] = []
    at = 0
    while at < len(words):
        value, after = _number(words, at)
        if value is None:
            at += 1
            continue
        read = _counted(words, at, after, value)
        if read is not None:
            fact, amount, last = read
            found.append(Mention(fact, amount, sentence[tokens[at][1] : tokens[last - 1][2]]))
        at = after
    per_class = [one for one in found if one.fact == "labels per class"]
    classes = [one for one in found if one.fact == "classes"]
    kept = [one for one in found if one.fact != "labels per class"]
    if per_class and classes:
        kept.append(Mention("labels", per_class[0].value * classes[0].value, per_class[0].words))  # type: ignore[operator]
    return kept


def _number(words: list[str], at: int) -> tuple[float | None, int]:
    """The number that starts at this word and where it ends: `1.5 k`, `two hundred`, `half a million`, `12`."""
    word = words[at]
    value: float | None = None
    end = at + 1
    if word[0].isdigit():
        value = float(word.replace(",", ""))
    elif word in _NUMERALS:
        value = float(_NUMERALS[word])
    elif word == "half" and words[end : end + 1] == ["a"]:
        value, end = 0.5, end + 1
    elif word == "a" and words[end : end + 1] and words[end] in ("dozen", "hundred", "thousand", "million"):
        value = 1.0
    if value is None:
        return None, at
    while end < len(words) and words[end] in _SCALE:
        if words[end] in ("m", "b", "bn") and _SIZES & set(words[end + 1 : end + 4]):
            break  # a model's size
        value *= _SCALE[words[end]]
        end += 1
    if end < len(words) and words[end] == "dozen":
        value, end = value * 12, end + 1
    return value, end


def _counted(words: list[str], at: int, after: int, value: float) -> tuple[str, float, int] | None:
    """What the number at `at` counts: (fact, its value, where the mention ends)."""
    following = words[after : after + 6]
    for index, word in enumerate(following):
        if not word[0].isalnum() and word not in "-/":
            following = following[:index]
            break
    near = set(following)
    first = following[0] if following else ""
    bound = bool(_BOUNDS & set(words[max(0, at - 3) : at]))
    if first in ("ms", "msec", "millisecond", "milliseconds", "millis"):
        return "latency_ms", value, after + 1
    if first in ("s", "sec", "second", "seconds", "secs") and (bound or {"each", "per", "item"} & near):
        return "latency_ms", value * 1000, after + 1
    if first in ("gb", "g", "gib", "gigabytes", "gigs", "mb", "mib") and (
        _MEMORY & set(following[1:4]) or _MEMORY & set(words[max(0, at - 4) : at])
    ):
        last = max((i for i, word in enumerate(following[:4]) if word in _MEMORY), default=0)
        return "memory_gb", value / 1024 if first[0] == "m" else value, after + last + 1
    if first in ("m", "b", "bn") and _SIZES & set(following[1:4]):
        return "max_params", value * _SCALE[first], after + 1
    if first in ("token", "tokens"):
        return "tokens", value, after + 1
    if _SIZES & near and value >= 1e6:
        return "max_params", value, after + 1
    for index, word in enumerate(following):
        if (
            word in _SPANS
            and index
            and (following[index - 1] in ("a", "an", "per", "each", "every", "/") or word[-1] == "y")
        ):
            return "volume_per_day", float(round(value * _SPANS[word])), after + index + 1
    if {"per", "each", "every"} & near and {"class", "category", "label"} & near:
        return "labels per class", value, after + len(following)
    return _labels_or_classes(words, at, after, value, following)


def _labels_or_classes(
    words: list[str], at: int, after: int, value: float, following: list[str]
) -> tuple[str, float, int] | None:
    before = words[max(0, at - 3) : at]
    into = bool(before) and (before[-1] == "into" or before[-2:] == ["one", "of"] or "different" in following[:1])
    into = into or (before[-2:-1] == ["of"] and before[-1] in ("our", "my", "the", "these"))
    if following[:2] == ["-", "way"] or following[:1] == ["way"]:
        return "classes", value, after + 1
    for index, word in enumerate(following[:4]):
        end = after + index + 1
        if word in _NOT_CLASSES:
            return None
        if word in _LABEL_WORDS and not into and word != "labels":
            return "labels", value, min(end + 1, after + len(following))
        if word == "labels" and into:
            return "classes", value, end
        if word in _LABEL_NOUNS:
            return "labels", value, end
        if word in _CLASS_NOUNS:
            return "classes", value, end
        if word in ("training", "train"):
            return "labels", value, min(end + 1, after + len(following))
    if into and following and following[0].isalpha() and following[0].endswith("s"):
        return "classes", value, after + 1
    return None


_ZH_CLASSES = re.compile(
    r"(?:个|种|大|小)?(?:不同的?)?(?:类别|类(?!似)|分类|队列|主题|标签|意图|部门|栏目|档|等级|级(?!别联)|分组|话题|科室|情绪|维度|组(?!成))"
)
_ZH_LABELS_AFTER = re.compile(
    r"(?:多|来)?(?:条|个|份|篇|封|张|句|例|组|对)?(?:的)?(?:已经|已|人工)?(?:标注|标好|标过|标记|打标|打好标|带标签|有标签|训练数据|训练样本|训练集|样本|样例|标签数据)"
)
_ZH_LABELS_BEFORE = re.compile(
    r"(?:标注|标|标好|标记|打|标注数据|标注量|样本|样本量|训练数据|训练集|标签数据)(?:了|好了|有|约|大约|大概|只有|才|就|共|:|：|是)*$"
)
_ZH_BOUND = re.compile(r"(?:不超过|小于|低于|少于|不到|控制在|最多|压到|压在|<|≤)$")
_ZH_DAY = re.compile(r"(?:每天|每日|日均|一天|单日)(?:[^\d，。,;；]{0,6})$")
_ZH_TEXTS = re.compile(
    r"(?:多|来)?(?:个)?字(?:左右)?(?:的(?:长)?(?:文|报告|合同|小说|论文|稿|材料)|长|一篇|的(?:文档|文章|文本|公告|判决))"
)


def _chinese(sentence: str) -> list[Mention]:
    if not any(is_han(char) for char in sentence):
        return []
    found: list[Mention] = []
    for one in _HAN_NUMBER.finditer(sentence):
        value = _han_value(one[0])
        if value is None:
            continue
        before, after = sentence[max(0, one.start() - 12) : one.start()].rstrip(), sentence[one.end() : one.end() + 14]
        if before.endswith(("几", "十")) or (after[:1] == "几" and one[0][-1] in "十百千万"):
            continue  # 几百, 十几: nothing to count with
        read = _han_counted(before, after.lstrip(), value)
        if read is not None:
            fact, amount, length = read
            words = one[0] + after[: length + len(after) - len(after.lstrip())]
            found.append(Mention(fact, amount, words.strip()))
    return found


def _han_counted(before: str, after: str, value: float) -> tuple[str, float, int] | None:
    lowered = after.lower()
    if lowered.startswith("毫秒"):
        return "latency_ms", value, 2
    if lowered.startswith("秒") and (
        _ZH_BOUND.search(before) or re.match(r"秒钟?(?:以内|之内|内|一条|一个|/条)", after)
    ):
        return "latency_ms", value * 1000, 1
    if re.match(r"g[bi]?", lowered) and (
        "内存" in before[-8:] or "显存" in before[-8:] or re.match(r"g[bi]?b?的?(?:内存|显存)", lowered)
    ):
        return "memory_gb", value, 1
    size = re.match(r"([mb])(?:以下|以内|的?模型|的?参数|参数)", lowered)
    if size or (lowered[:1] in ("m", "b") and re.search(r"(?:参数量?|模型)(?:不超过|最大|最多|小于)?$", before)):
        return "max_params", value * _SCALE[lowered[0]], 1
    if re.match(r"(?:个)?的?参数", after) and value >= 1e6:
        return "max_params", value, 2
    if re.match(r"(?:个)?\s*token", lowered):
        return "tokens", value, 6
    day = re.match(r"(?:多|来)?(?:条|封|篇|个|份|次|单)?[^，。,;；\d]{0,4}?(?:/天|每天|一天|/日)", after)
    if day:
        return "volume_per_day", value, day.end()
    if _ZH_DAY.search(before) and not _ZH_LABELS_AFTER.match(after):
        return "volume_per_day", value, 1 if after else 0
    text = _ZH_TEXTS.match(after)
    if text and not _ZH_BOUND.search(before):
        return "tokens", value, text.end()
    labels = _ZH_LABELS_AFTER.match(after)
    if labels:
        return "labels", value, labels.end()
    if _ZH_LABELS_BEFORE.search(before) and re.match(r"(?:多|来)?(?:条|个|份|篇|封|张|句|例|组|对|$|，|,)", after):
        return "labels", value, 1 if after else 0
    classes = _ZH_CLASSES.match(after)
    if classes:
        return "classes", value, classes.end()
    return None


def _han_value(text: str) -> float | None:
    """`三百` -> 300, `1.5万` -> 15000, `两千五` -> 2500, `十二` -> 12; None for a numeral that is none."""
    if text == "半":
        return 0.5
    figure = re.match(r"(\d[\d,]*(?:\.\d+)?)\s*([kKwW]?)\s*([百千万亿]*)", text)
    if figure:
        value = float(figure[1].replace(",", "")) * {"k": 1e3, "w": 1e4}.get(figure[2].lower(), 1.0)
        for unit in figure[3]:
            value *= _UNITS[unit]
        return value
    total, part, digit, last = 0, 0, None, 1
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS[char]
            continue
        unit = _UNITS[char]
        if unit >= 10**4:
            total, part, digit = (total + part + (digit or 0) or 1) * unit, 0, None
        else:
            part += (1 if digit is None else digit) * unit
            digit = None
        last = unit
    if digit is not None:
        part += digit * (last // 10 if last >= 100 and text[-2] not in "零〇" and text[-1] in _DIGITS else 1)
    return float(total + part)


def _language(sentence: str) -> list[Mention]:
    """The language of the texts, unless the sentence is about going from one to another or telling which it is."""
    lowered = sentence.lower()
    if any(words in lowered for words in _BETWEEN_LANGUAGES):
        return []
    for words in _SEVERAL_LANGUAGES:
        if words in lowered:
            return [Mention("language", "multi", words)]
    found: dict[str, str] = {}
    for word in _WORD.findall(sentence):
        code = LANGUAGE_NAMES.get(word.lower())
        if code and (word[0].isupper() or word != "polish"):
            found.setdefault(code, word)
    if not sentence.isascii():
        for name, code in LANGUAGE_NAMES.items():
            if is_han(name[0]) and name in sentence:
                found.setdefault(code, name)
    if len(found) > 1:
        found = {"multi": ", ".join(found.values())}
    return [Mention("language", code, name) for code, name in found.items()]
