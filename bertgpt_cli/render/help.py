"""The help of every command, in both languages, examples first."""

from __future__ import annotations

from typing import NamedTuple

from bertgpt_cli.render.document import Block, Code, Document, Heading, Paragraph, Rows, Span, line
from bertgpt_cli.text import Lang, Text


class Help(NamedTuple):
    """What a command is for, and examples that run as they stand."""

    about: Text
    examples: tuple[tuple[str, Text], ...] = ()


COMMANDS: dict[str, Help] = {
    "bertgpt": Help(
        Text(
            "Say what you want to do with text; bertgpt says whether a BERT-style model (an encoder), a GPT-style model "
            "(a decoder) or both should do it, why, and what would change its mind.",
            "说出你要对文本做什么，bertgpt 告诉你该用 BERT 类模型（编码器）、GPT 类模型（解码器）还是两者组合，并说明理由，"
            "以及什么情况会改变这个结论。",
        ),
        (
            ("bertgpt recommend --task classification", Text("which kind of model, and why", "该用哪类模型、为什么")),
            ("bertgpt recommend ner --labels 200 --latency-ms 30", Text("for your situation", "按你的实际情况")),
            ('bertgpt recommend "is this SMS a scam"', Text("in your own words", "用自己的话说")),
            ("bertgpt tasks summary", Text("find a task's name", "查找任务名称")),
            ("bertgpt demo mlm", Text("see what BERT is trained to do", "看看 BERT 的训练目标")),
            ("bertgpt rules check team.yaml", Text("check rules of your own", "检查自己的规则文件")),
        ),
    ),
    "recommend": Help(
        Text(
            "Recommend an approach for a task: its family, why, how to adapt it, what would change the advice.",
            "为任务推荐方案：用哪一类模型、理由、如何适配、什么会改变结论。",
        ),
        (
            ("bertgpt recommend --task classification", Text("one task", "一个任务")),
            (
                'bertgpt recommend "label incoming tickets and draft a reply, 300 labels"',
                Text("in your own words", "用自己的话说"),
            ),
            (
                "bertgpt recommend ner --labels 200 --text-language de --no-hosted",
                Text("with what you know of your situation", "说明已知条件"),
            ),
            (
                "bertgpt recommend --task intent-classification --task abstractive-qa",
                Text("a system of several tasks: a plan, stage by stage", "多个任务组成的系统：逐步给出方案"),
            ),
            (
                "bertgpt recommend 情感分析 --lang zh --explain",
                Text("in Chinese, with every choice", "中文，列出所有选项"),
            ),
            (
                "bertgpt recommend ner --labels 4000 --code > start.py",
                Text("a program to start with", "输出可直接运行的起步程序"),
            ),
            (
                "bertgpt recommend --batch situations.jsonl --format jsonl",
                Text("one situation a line, one answer a line", "一行一个情境，一行一个答案"),
            ),
        ),
    ),
    "tasks": Help(
        Text("List the tasks that bertgpt knows, or search them.", "列出或搜索 bertgpt 认识的任务。"),
        (
            ("bertgpt tasks", Text("all of them", "全部任务")),
            ("bertgpt tasks extraction", Text("those that the word may mean", "与该词相关的任务")),
            ('bertgpt tasks "which reviews are angry"', Text("or the sentence", "或与一句话相关的任务")),
        ),
    ),
    "map": Help(
        Text(
            "Draw where the advice for a task changes, over two facts. The boundaries are those of the rules, exactly.",
            "画出一个任务的推荐随两个事实如何变化，分界线就是规则里的阈值。",
        ),
        (
            ("bertgpt map --task ner --x labels --y latency_ms", Text("in the terminal", "在终端里画")),
            (
                "bertgpt map --task ner --x labels --y max_params --labels 300 --max-params 400M",
                Text("with your own situation marked", "并标出你的位置"),
            ),
            (
                "bertgpt map --task classification --x labels --y hosted --out map.svg",
                Text("as a picture", "存成图片"),
            ),
        ),
    ),
    "models": Help(
        Text(
            "The checkpoints that bertgpt knows, in its order of preference: filtered by what you need, or one by itself.",
            "列出 bertgpt 收录的模型（按推荐顺序），可按需要筛选，也可查看单个模型。",
        ),
        (
            (
                "bertgpt models --family bert --text-language zh --max-params 120M",
                Text("small Chinese encoders", "小型中文编码器"),
            ),
            ("bertgpt models rerank --license permissive", Text("by words", "按词查找")),
            ("bertgpt models bge-m3", Text("all that is known of one", "查看一个模型的全部信息")),
        ),
    ),
    "trial": Help(
        Text(
            "Measure checkpoints on your own labelled texts: heads on frozen features, prompts, fine-tuning, beside simple baselines; which is "
            "ahead, at how many labels that changes, what each costs, and whether the rules had advised the same.",
            "在你自己的标注文本上实测模型：冻结特征加分类头、提示词、微调，并与简单基线对照；给出谁领先、标注多少时会换人、各自的开销，"
            "以及规则的推荐是否一致。",
        ),
        (
            (
                "bertgpt trial reviews.csv --model ./MiniLM --model ./SmolLM2",
                Text("two checkpoints in local folders", "本地的两个模型"),
            ),
            (
                "bertgpt trial tickets.jsonl --text body --label queue --model ./MiniLM --budget 60s",
                Text("in a minute", "限时一分钟"),
            ),
            (
                "bertgpt trial reviews.csv --model ./MiniLM --out curve.svg --write-rule team.yaml",
                Text("the curves drawn, the outcome as a rule", "画出曲线，并把结论写成规则"),
            ),
        ),
    ),
    "estimate": Help(
        Text(
            "What a model takes in memory and time, part by part: for a checkpoint by name or for any config.json, on this machine or "
            "another.",
            "逐项估算模型占用的内存和时间：可给模型名称或任意 config.json，按本机或其他机器估算。",
        ),
        (
            (
                "bertgpt estimate bert-base-uncased --batch 8 --tokens 512 --train",
                Text("will training fit?", "训练放得下吗？"),
            ),
            ("bertgpt estimate Qwen/Qwen3-8B --gpu rtx-4090", Text("on another machine", "换一台机器")),
            ("bertgpt estimate bge-m3 --memory-gb 4", Text("in so much memory", "限定内存")),
        ),
    ),
    "selfcheck": Help(
        Text(
            "Ask every published head-to-head as a situation: how often the rules advise the side that won, beside naive "
            "rules.",
            "把每一项公开对比结果都当作一个情境提问：规则推荐的一方有多少次正是胜者，并与几种简单规则对照。",
        ),
        (
            ("bertgpt selfcheck", Text("the count", "统计结果")),
            ("bertgpt selfcheck --disagreements", Text("and where they disagree", "并列出不一致之处")),
        ),
    ),
    "rules": Help(
        Text(
            "Rules as data that people own: check, test, show, compare.",
            "把规则当作数据来维护：检查、测试、查看、比较。",
        ),
        (
            ("bertgpt rules check team.yaml", Text("every fault at once", "一次列出所有错误")),
            ("bertgpt rules test", Text("run the rules' own examples", "运行规则自带的示例")),
        ),
    ),
    "rules check": Help(
        Text(
            "Check rule files, layered on the built-in rules: every fault with its place and its fix, then duplicate, "
            "conflicting, shadowed and unreachable choices and gaps, each with a situation that shows it, and choices that "
            "published results contradict.",
            "检查规则文件（叠加在内置规则之上）：列出每处错误的位置和改法，并找出重复、冲突、被遮住、无法到达的选项和空缺，各附一个实例；还会指出与公开结果相矛盾的选项。",
        ),
        (("bertgpt rules check team.yaml --strict", Text("notes fail as well", "提示也算不通过")),),
    ),
    "rules test": Help(
        Text("Run the examples that stand beside the rules.", "运行写在规则旁边的示例。"),
        (("bertgpt rules test team.yaml --min-coverage 90", Text("and ask for coverage", "并要求覆盖率")),),
    ),
    "rules show": Help(
        Text(
            "Show a task's choices and the file and line that each came from.", "查看任务的各个选项及其所在文件和行号。"
        ),
        (("bertgpt rules show ner --rules team.yaml", Text("with your layer on top", "叠加自己的规则后查看")),),
    ),
    "rules diff": Help(
        Text("Show what rule files change in the built-in rules.", "查看规则文件对内置规则作了哪些改动。"),
        (("bertgpt rules diff team.yaml", Text("what this layer changes", "这一层改了什么")),),
    ),
    "rules schema": Help(
        Text("Print the JSON Schema of a rule file, for editors.", "输出规则文件的 JSON Schema，供编辑器使用。"),
        (("bertgpt rules schema", Text("save it beside your rules", "保存到规则文件旁边")),),
    ),
    "demo": Help(
        Text(
            "Run the training objectives in PyTorch and see them to the digit.",
            "用 PyTorch 现场计算训练目标，精确到每一位数字。",
        ),
        (
            ("bertgpt demo mlm", Text("BERT's: fill the gap from both sides", "BERT：根据两侧上下文填空")),
            ("bertgpt demo clm", Text("GPT's: the next word from the left", "GPT：根据左侧预测下一个词")),
        ),
    ),
    "demo mlm": Help(
        Text(
            "Masked language modelling, the loss of BERT, position by position.",
            "掩码语言建模（BERT 的损失），逐位置展示。",
        ),
        (("bertgpt demo mlm --seed 7", Text("with other random scores", "换一组随机打分")),),
    ),
    "demo clm": Help(
        Text(
            "Causal language modelling, the loss of GPT, position by position.",
            "因果语言建模（GPT 的损失），逐位置展示。",
        ),
        (("bertgpt demo clm --seed 7", Text("with other random scores", "换一组随机打分")),),
    ),
}

OPTIONS: dict[str, Text] = {
    "file": Text(
        "labelled texts, one a row: CSV or TSV with a header, or JSON Lines",
        "标注好的文本，每行一条：带表头的 CSV、TSV，或 JSON Lines",
    ),
    "checkpoint": Text(
        "a checkpoint: a folder with config.json, safetensors and tokenizer, or an id of the hub; give it several times",
        "模型：含 config.json、safetensors 权重和分词器的文件夹，或模型中心的 id；可重复给出",
    ),
    "text": Text("the column of the texts (default: text)", "文本所在的列（默认 text）"),
    "label": Text("the column of the labels (default: label)", "标签所在的列（默认 label）"),
    "delimiter": Text("what parts the columns of a CSV file (default: a comma)", "CSV 的分隔符（默认逗号）"),
    "skip_bad": Text(
        "leave out bad rows (empty, unlabelled, contradictory) instead of refusing the file",
        "跳过有问题的行（空文本、缺标签、互相矛盾），而不是拒绝整个文件",
    ),
    "trial_task": Text(
        "the task, for comparing with what the rules advise (default: text-classification)",
        "任务，用于与规则的推荐对照（默认 text-classification）",
    ),
    "tune": Text(
        "also fine-tune the checkpoints that are small enough; takes minutes", "同时微调体量不大的模型，需数分钟"
    ),
    "prompt": Text(
        "ask decoders by prompt, and encoders that can fill a blank by cloze",
        "用提示词询问解码器，用完形填空询问带 MLM 头的编码器",
    ),
    "control": Text(
        "measure each checkpoint's shape with random weights beside it", "同时测同一结构、随机权重的模型作为对照"
    ),
    "scores": Text("add transferability scores: H-score, LogME, kNN", "附上可迁移性得分：H-score、LogME、kNN"),
    "keep_all": Text("drop no candidate early", "不提前淘汰任何候选"),
    "budget": Text("the most time it may take, such as 60s or 5m", "最长用时，如 60s、5m"),
    "picture": Text("draw the learning curves into this file", "把学习曲线画到该文件"),
    "write_rule": Text(
        "write the outcome as a rule file, for recommend --rules", "把结论写成规则文件，供 recommend --rules 使用"
    ),
    "ray": Text(
        "spread the work over a Ray cluster: its address, or local for this machine's cores",
        "用 Ray 集群分摊计算：给出地址，或用 local 表示本机各核",
    ),
    "allow_pickle": Text(
        "also load pickled weights (.bin), with torch's reader for weights only",
        "也加载 pickle 格式的权重（.bin），用 torch 只读权重的方式",
    ),
    "words": Text(
        "the job in your own words, or a task's name or alias, misspelt or not, in English or Chinese",
        "用自己的话说要做什么，或写任务的名称、别名（写错也认得），中英文均可",
    ),
    "search": Text("words or a sentence to search for", "要搜索的词或一句话"),
    "task": Text("a task; give it several times for a system of tasks", "任务；可重复给出，表示由多个任务组成的系统"),
    "batch": Text(
        'answer a file of JSON lines: {"task": NAME} or {"ask": WORDS} plus facts by name and an id; - is standard input',
        '批量回答 JSONL 文件：每行 {"task": 名称} 或 {"ask": 词语}，可加事实和 id；- 表示标准输入',
    ),
    "code": Text(
        "print a starter program for the advised approach instead of the answer",
        "输出所推荐方案的起步程序，不输出建议正文",
    ),
    "find": Text("a checkpoint's name, or words to search for", "模型名称，或要搜索的词"),
    "family": Text("only this family", "只看这一家族"),
    "approach": Text("only those that this approach starts from", "只看适用于该方案的模型"),
    "fits": Text("only those that fit this machine's memory", "只看本机内存放得下的模型"),
    "model": Text(
        "a checkpoint's name, a config.json, or a folder that has one", "模型名称、config.json，或含有它的文件夹"
    ),
    "batch_size": Text("how many inputs at once", "一批处理多少条"),
    "train": Text("training instead of inference", "估算训练，而不是推理"),
    "precision": Text("only this precision (default: all four)", "只看这一种精度（默认四种都列出）"),
    "cores": Text("a machine with so many cores", "换成这么多核的机器"),
    "gpu": Text("a GPU by name: a100, rtx-4090, t4 ...", "指定 GPU：a100、rtx-4090、t4 等"),
    "calibrate": Text("measure this machine's speed again", "重新测量本机速度"),
    "explain": Text(
        "every choice that was considered, and why not; every published result that matches",
        "列出考虑过的所有选项及落选原因，以及所有相符的公开结果",
    ),
    "format": Text("how to print the answer", "输出格式"),
    "lang": Text("language of the answer: en or zh (default: the locale's)", "输出语言：en 或 zh（默认取系统语言）"),
    "rules": Text(
        "a rule file or folder on top of the built-in rules; repeatable", "叠加在内置规则上的规则文件或文件夹，可重复"
    ),
    "files": Text("rule files (default: the built-in rules)", "规则文件（默认：内置规则）"),
    "show": Text("tasks (default: all)", "任务（默认：全部）"),
    "diff": Text("rule files", "规则文件"),
    "strict": Text("notes fail as well", "提示也算不通过"),
    "min_coverage": Text(
        "fail below this share of choices reached by examples, in percent", "示例覆盖的选项低于该百分比则不通过"
    ),
    "disagreements": Text(
        "list every result that the rules disagree with, and the rule that decided",
        "列出与规则不一致的每项结果及起决定作用的规则",
    ),
    "x": Text("the fact that runs from left to right", "横轴上的事实"),
    "y": Text("the fact that runs from bottom to top", "纵轴上的事实"),
    "out": Text("write the map to this SVG file; - is standard output", "把图写入该 SVG 文件；- 表示标准输出"),
    "force": Text("replace the file if it exists", "文件已存在时覆盖"),
    "seed": Text("seed of the random scores", "随机打分的种子"),
    "debug": Text("show the traceback of a bug", "出现内部错误时显示调用栈"),
    "version": Text("print the version", "显示版本号"),
    "help": Text("show this help", "显示本帮助"),
    "install_completion": Text("install completion for the current shell", "为当前 shell 安装自动补全"),
    "show_completion": Text("print the completion script, to copy or adapt it", "输出自动补全脚本，便于复制或修改"),
}

EXIT_CODES: tuple[tuple[str, Text], ...] = (
    ("0", Text("done", "完成")),
    (
        "1",
        Text(
            "a negative answer: findings, failed tests, nothing fits, failed batch lines",
            "否定结果：发现问题、测试失败、无可行方案、批处理有失败行",
        ),
    ),
    ("2", Text("usage; an unknown or ambiguous task", "用法错误；任务未知或有歧义")),
    ("3", Text("a bad input file", "输入文件有误")),
    ("4", Text("something the machine lacks", "环境问题")),
    ("70", Text("a bug in bertgpt; --debug shows the traceback", "bertgpt 的内部错误；加 --debug 可查看调用栈")),
    ("130", Text("interrupted; 143: terminated", "被中断；143：被终止")),
)

_USAGE = Text("Usage", "用法")
_EXAMPLES = Text("Examples", "示例")
_EXITS = Text("Exit codes", "退出码")


class Group(NamedTuple):
    """Options that belong together: their names on the command line and what each is for."""

    title: Text
    rows: tuple[tuple[str, Text], ...]


COMMAND_GROUP = Text("Commands", "命令")
ARGUMENT_GROUP = Text("Arguments", "参数")
FACT_GROUP = Text("Facts: what you know of your situation", "事实：你的已知条件")
OPTION_GROUP = Text("Options", "选项")


def document(name: str, usage: str, groups: tuple[Group, ...], lang: Lang) -> Document:
    """The help page of the command called `name`."""
    told = COMMANDS[name]
    blocks: list[Block] = [Paragraph(line(told.about.say(lang)))]
    if told.examples:
        blocks.append(Heading(line(Span(_EXAMPLES.say(lang), "strong")), level=2))
        for command, about in told.examples:
            blocks.append(Code(command))
            blocks.append(Paragraph(line("      ", Span(about.say(lang), "dim"))))
    blocks.append(Heading(line(Span(_USAGE.say(lang), "strong")), level=2))
    blocks.append(Code(usage))
    for group in groups:
        blocks.append(Heading(line(Span(group.title.say(lang), "strong")), level=2))
        blocks.append(Rows(tuple((names, line(about.say(lang))) for names, about in group.rows)))
    if name == "bertgpt":
        blocks.append(Heading(line(Span(_EXITS.say(lang), "strong")), level=2))
        blocks.append(Rows(tuple((code, line(about.say(lang))) for code, about in EXIT_CODES)))
    return tuple(blocks)
