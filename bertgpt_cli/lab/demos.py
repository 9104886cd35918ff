"""`demo mlm` and `demo clm`: the source document's two loss computations, run and laid open step by step.

The logits are random, as in the document: there is no model, and no text is read. So a demo shows how a loss is put
together, not what a model knows. The seed is the whole of the randomness: the logits are those that the document's
snippet draws after `torch.manual_seed(seed)`, while torch's global generator is left as it was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from bertgpt_cli.lab.objectives import IGNORED, clm_loss, mean_surprisal, mlm_loss, surprisal
from bertgpt_cli.report.demo import DemoReading, DemoReport, DemoStep
from bertgpt_cli.text import Text

VOCABULARY = 100
TOKENS = (1, 2, 3, 4)
MASKED = 2
NEXT_TOKENS = (2, 3, 4, 5)  # the document's CLM labels: TOKENS, shifted once

# E[-log p] under N(0, 1) logits is close to ln V + 1/2: log of the mean of exp(z) is 1/2, and the label's own z is 0.
_GUESS = f"{math.log(VOCABULARY):.4f}"
_RANDOM = f"{math.log(VOCABULARY) + 0.5:.2f}"

_LESSON = Text(
    "The mask and the target are all that separates MLM from CLM.",
    "MLM 和 CLM 的区别只在两处：遮住什么、预测什么。",
)
_LEAK = Text(
    "The loss cannot tell whether a model has seen the answer. BERT hides it with [MASK], GPT with the causal mask.",
    "光看损失，看不出模型有没有偷看答案。BERT 靠 [MASK] 挡住答案，GPT 靠因果遮罩。",
)


def mlm(seed: int) -> DemoReport:
    """The document's MLM snippet: one masked place, predicted from both sides."""
    logits = _random_logits(seed)  # [1, T, V]
    labels = torch.full((1, len(TOKENS)), IGNORED)  # [1, T]
    labels[0, MASKED] = TOKENS[MASKED]
    costs: list[float] = surprisal(logits, labels)[0].tolist()
    both_sides = tuple(None if place == MASKED else token for place, token in enumerate(TOKENS))
    reading = DemoReading(
        name="as-written",
        title=Text("As the document writes it", "按文中的写法"),
        code="F.cross_entropy(\n    logits[:, mask_pos],\n    torch.tensor([3]),\n)",
        steps=(_step(MASKED, both_sides, MASKED, TOKENS[MASKED], costs[MASKED]),),
        loss=mlm_loss(logits, labels).item(),
    )
    return DemoReport(
        objective="mlm",
        seed=seed,
        vocabulary=VOCABULARY,
        formula=r"L_MLM = -Σ_{i∈M} log p(x_i | x_\i)",
        title=Text("MLM: fill in the masked token", "MLM：预测被遮住的词"),
        tokens=tuple("[MASK]" if token is None else str(token) for token in both_sides),
        readings=(reading,),
        difference=None,
        notes=(
            Text(
                "Only the masked place counts; the logits everywhere else go unused. "
                "BERT picks 15% of the tokens for this.",
                "只有被遮住的位置计入损失，其余位置的 logits 用不上。BERT 训练时会选中 15% 的词来预测。",
            ),
            Text(
                f"The logits are random, so expect about ln {VOCABULARY} + 0.5 = {_RANDOM}; "
                f"a uniform guess costs ln {VOCABULARY} = {_GUESS}.",
                f"这里的 logits 是随机数，损失大致在 ln {VOCABULARY} + 0.5 ≈ {_RANDOM} 上下；"
                f"如果每个词概率相等，损失是 ln {VOCABULARY} = {_GUESS}。",
            ),
            _LEAK,
        ),
        lesson=_LESSON,
    )


def clm(seed: int) -> DemoReport:
    """The document's CLM snippet, which shifts twice, and beside it the same logits scored on the next token."""
    logits = _random_logits(seed)  # [1, T, V]
    labels = torch.tensor([NEXT_TOKENS])  # [1, T]
    as_written = DemoReading(
        name="as-written",
        title=Text("As the document writes it", "按文中的写法"),
        code="F.cross_entropy(\n    logits[:, :-1].reshape(-1, vocab),\n    labels[:, 1:].reshape(-1),\n)",
        steps=_causal_steps(surprisal(logits[:, :-1], labels[:, 1:])[0], NEXT_TOKENS[1:], ahead=2),
        loss=clm_loss(logits, labels).item(),
    )
    aligned = DemoReading(
        name="aligned",
        title=Text("Aligned: shifted once", "对齐的写法：只错开一位"),
        code="F.cross_entropy(\n    logits.reshape(-1, vocab),\n    labels.reshape(-1),\n)",
        steps=_causal_steps(surprisal(logits, labels)[0], NEXT_TOKENS, ahead=1),
        loss=mean_surprisal(logits, labels).item(),
    )
    return DemoReport(
        objective="clm",
        seed=seed,
        vocabulary=VOCABULARY,
        formula="L_CLM = -Σ_t log p(x_t | x_<t)",
        title=Text("CLM: predict the next token", "CLM：预测下一个词"),
        tokens=tuple(map(str, TOKENS)),
        readings=(as_written, aligned),
        difference=Text(
            f"The labels {list(NEXT_TOKENS)} are the tokens shifted once already, and the code shifts them again, "
            "so every position is scored on the token two ahead instead of the next one.",
            f"标签 {list(NEXT_TOKENS)} 已经错开了一位，代码里又错开一位，结果每个位置对的是下下个词，而不是下一个词。",
        ),
        notes=(
            Text(
                "Nothing gives this bug away. The shapes fit and no error is raised; random logits know nothing about "
                f"any token, so both losses scatter around ln {VOCABULARY} + 0.5 = {_RANDOM} and look equally "
                "plausible. In real training the loss would fall too: the model learns to skip a token, and only its "
                "writing shows it.",
                "这个错误很隐蔽：形状对得上，也不报错；随机的 logits 对哪个词都一无所知，"
                f"两种写法的损失都在 ln {VOCABULARY} + 0.5 ≈ {_RANDOM} 上下，看着都正常。"
                "真去训练，损失照样往下降，因为模型学会了隔一个词预测，要等到生成文本时才露馅。",
            ),
            Text(
                f"If {list(NEXT_TOKENS)} were the input itself, the code would be right. transformers works that way: "
                "pass labels=input_ids, and the model shifts them.",
                f"假如 {list(NEXT_TOKENS)} 就是输入本身，这段代码便没有错。"
                "transformers 就是这样约定的：传 labels=input_ids，由模型自己错位。",
            ),
            Text(
                "The formula adds, the code averages: the loss is the sum over the number of predictions.",
                "公式是求和，代码取的是平均：损失等于总和除以预测的个数。",
            ),
            _LEAK,
        ),
        lesson=_LESSON,
    )


def _random_logits(seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, len(TOKENS), VOCABULARY, generator=generator)


def _causal_steps(costs: Tensor, labels: Sequence[int], *, ahead: int) -> tuple[DemoStep, ...]:
    """costs [t], labels of length t: position t sees the tokens up to and including its own."""
    return tuple(
        _step(position, TOKENS[: position + 1], position + ahead, label, cost)
        for position, (label, cost) in enumerate(zip(labels, costs.tolist(), strict=True))
    )


def _step(position: int, seen: tuple[int | None, ...], target: int, label: int, cost: float) -> DemoStep:
    return DemoStep(position, seen, target, label, probability=math.exp(-cost), surprisal=cost)
