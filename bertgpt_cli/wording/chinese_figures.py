"""What the figures of a Chinese sentence count: 三百条标注、12个部门、50毫秒以内、每天一百万条.

Each figure is told by the characters right before and after it, of which there must be no doubt.
"""

import re

from bertgpt_cli.report.recommendation import Mention

_SCALE = {"m": 1e6, "b": 1e9}
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?\s*[kKwW]?\s*[百千万亿]*|半|[零〇一二两三四五六七八九十百千万亿]+")
_CLASSES = re.compile(
    r"(?:个|种|大|小)?(?:不同的?)?(?:类别|类(?!似)|分类|队列|主题|标签|意图|部门|栏目|档|等级|级(?!别联)|分组|话题|科室|情绪|维度|组(?!成))"
)
_LABELS_AFTER = re.compile(
    r"(?:多|来)?(?:条|个|份|篇|封|张|句|例|组|对)?(?:的)?(?:已经|已|人工)?(?:标注|标好|标过|标记|打标|打好标|带标签|有标签|训练数据|训练样本|训练集|样本|样例|标签数据)"
)
_LABELS_BEFORE = re.compile(
    r"(?:标注|标|标好|标记|打|标注数据|标注量|样本|样本量|训练数据|训练集|标签数据)(?:了|好了|有|约|大约|大概|只有|才|就|共|:|：|是)*$"
)
_BOUND = re.compile(r"(?:不超过|小于|低于|少于|不到|控制在|最多|压到|压在|<|≤)$")
_DAY = re.compile(r"(?:每天|每日|日均|一天|单日)(?:[^\d，。,;；]{0,6})$")
_TEXTS = re.compile(
    r"(?:多|来)?(?:个)?字(?:左右)?(?:的(?:长)?(?:文|报告|合同|小说|论文|稿|材料)|长|一篇|的(?:文档|文章|文本|公告|判决))"
)


def read(sentence: str) -> list[Mention]:
    """The facts that its figures give, each with a value that is still to be checked."""
    found: list[Mention] = []
    for one in _NUMBER.finditer(sentence):
        value = _value(one[0])
        if value is None:
            continue
        before, after = sentence[max(0, one.start() - 12) : one.start()].rstrip(), sentence[one.end() : one.end() + 14]
        if before.endswith(("几", "十")) or (after[:1] == "几" and one[0][-1] in "十百千万"):
            continue  # 几百, 十几: nothing to count with
        read = _counted(before, after.lstrip(), value)
        if read is not None:
            fact, amount, length = read
            words = one[0] + after[: length + len(after) - len(after.lstrip())]
            found.append(Mention(fact, amount, words.strip()))
    return found


def _counted(before: str, after: str, value: float) -> tuple[str, float, int] | None:
    lowered = after.lower()
    if lowered.startswith("毫秒"):
        return "latency_ms", value, 2
    if lowered.startswith("秒") and (_BOUND.search(before) or re.match(r"秒钟?(?:以内|之内|内|一条|一个|/条)", after)):
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
    if _DAY.search(before) and not _LABELS_AFTER.match(after):
        return "volume_per_day", value, 1 if after else 0
    text = _TEXTS.match(after)
    if text and not _BOUND.search(before):
        return "tokens", value, text.end()
    labels = _LABELS_AFTER.match(after)
    if labels:
        return "labels", value, labels.end()
    if _LABELS_BEFORE.search(before) and re.match(r"(?:多|来)?(?:条|个|份|篇|封|张|句|例|组|对|$|，|,)", after):
        return "labels", value, 1 if after else 0
    classes = _CLASSES.match(after)
    if classes:
        return "classes", value, classes.end()
    return None


def _value(text: str) -> float | None:
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
