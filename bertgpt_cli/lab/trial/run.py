"""A trial from beginning to end: work grows along the arrangement's order until candidates can be told apart.

Knows which pieces of work there are and in which order they are worth doing; how each is done is the other modules' matter.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
import transformers

from bertgpt_cli import __version__
from bertgpt_cli.checkpoints.machine import detect
from bertgpt_cli.checkpoints.memory import Precision
from bertgpt_cli.checkpoints.parameters import count
from bertgpt_cli.checkpoints.weights import Folder
from bertgpt_cli.dataset import Dataset
from bertgpt_cli.lab.trial import arrangement as arranging
from bertgpt_cli.lab.trial import cost, features, head, jobs, prompts, statistics, transferability, verdict
from bertgpt_cli.lab.trial.baselines import TfIdf, majority
from bertgpt_cli.lab.trial.executor import Executor, Failed
from bertgpt_cli.lab.trial.pretrained import Source
from bertgpt_cli.lab.trial.scored import Scored, Whole
from bertgpt_cli.lab.trial.store import Store
from bertgpt_cli.report.trial import Cost, Status, Trial, Way
from bertgpt_cli.text import Text

T = TypeVar("T")
R = TypeVar("R")
Watch = Callable[[float, float, Text], None]  # work done, work planned, what is being done

SHARD = 512  # texts of one piece of work: enough for batches of one length
ENOUGH = 4096  # texts after which only what is still undecided goes on
MOST = 16384  # texts at most: features of more would not fit, nor would they tell more
TWINS = 256  # texts on which random weights are measured
SHOTS = 8  # texts shown to a decoder, or one for each class if those are more
_PRIOR = 24  # texts of the training side by which a few-shot prompt is calibrated
_PRICED = 32  # texts on which cost is measured
_TUNED = (32, 128)  # numbers of labels at which fine-tuning is measured beside all
_NOTHING = Text("", "")


class Request(NamedTuple):
    """What is to be measured. `deadline` is in seconds since 1970, infinite without a budget; `began` the same for the start."""

    dataset: Dataset
    folders: tuple[Folder, ...]
    prompts: bool
    fine_tune: bool
    twins: bool
    transfer: bool
    keep_all: bool
    latency_ms: float | None
    memory_gb: float | None
    began: float
    deadline: float
    seed: int
    cache: str | None


@dataclass
class Entrant:
    """A candidate while it is being measured. `source` is None for a baseline."""

    id: str
    way: Way
    source: Source | None = None
    scored: list[Scored] = field(default_factory=list)
    status: Status = "unfinished"
    setting: Text = _NOTHING
    reason: Text = _NOTHING
    cost: Cost | None = None
    transfer: tuple[tuple[str, float], ...] = ()

    @property
    def open(self) -> bool:
        return self.status in ("measured", "unfinished")


@dataclass
class _Checkpoint:
    """What is known of one checkpoint: its features so far, in the arrangement's order."""

    source: Source
    precision: Precision = "fp32"
    features: torch.Tensor | None = None
    cut: int = 0
    tokens: int = 0
    failed: Text | None = None

    @property
    def texts(self) -> int:
        return 0 if self.features is None else len(self.features)


class _OutOfBudget(Exception):
    pass


def trial(request: Request, executor: Executor, watch: Watch) -> Trial:
    """Measures until it is decided, the deadline has passed or the user has stopped it; then says what is known by then."""
    run = _Run(request, executor, watch)
    stopped = ""
    try:
        run.measure()
    except KeyboardInterrupt:
        stopped = "interrupted"
    except _OutOfBudget:
        stopped = "budget"
    return run.report(stopped)


class _Run:
    def __init__(self, request: Request, executor: Executor, watch: Watch) -> None:
        self.request, self.executor, self.watch = request, executor, watch
        data = request.dataset
        self.labels: Whole = np.array(data.labels, dtype=np.int64)
        self.arrangement = arranging.arrange(self.labels, request.seed)
        self.texts = tuple(data.texts[place] for place in self.arrangement.order)  # in the order of work
        self.question = prompts.question_for(self.texts[:TWINS])
        self.store = Store(request.cache)
        self.checkpoints = [_Checkpoint(Source(folder)) for folder in request.folders]
        self.baselines = [Entrant("majority", "majority"), Entrant("TF-IDF", "tfidf")]
        self.entrants = list(self.baselines)
        for one in self.checkpoints:
            self.entrants += self._ways(one)
        self.twins: list[Entrant] = []
        self.done = self.planned = 0.0
        self.machine = f"{detect().processor} {torch.get_num_threads()} {torch.__version__} {transformers.__version__}"

    def _ways(self, one: _Checkpoint) -> list[Entrant]:
        folder = one.source.folder
        ways: list[Way] = ["head"]
        if self.request.prompts:
            ways += ["prompt", "few-shot"] if "causal-lm" in folder.heads else []
            ways += ["cloze"] if "masked-lm" in folder.heads else []
        if self.request.fine_tune:
            ways.append("fine-tune")
        return [Entrant(f"{folder.name} {way}", way, one.source) for way in ways]

    # --- the order of work --------------------------------------------------------------------------------------------

    def measure(self) -> None:
        whole = min(len(self.texts), MOST)
        for texts in arranging.rungs(whole):
            self._plan(texts)
            self._measure_baselines(texts)
            self._price()
            self._encode(texts)
            self._measure_heads(texts)
            if self.request.twins and not self.twins:
                self._measure_twins(min(texts, TWINS))
            self._prompt(texts)
            if texts < whole and not self.request.keep_all:
                self._drop(texts)
                if texts >= ENOUGH and len([one for one in self.entrants if one.open]) == 1:
                    break
        if self.request.fine_tune:
            self._fine_tune(texts)
        if self.request.transfer:
            self._transfer()

    def _plan(self, texts: int) -> None:
        """How much work this step is: parameters times texts, prompts about twice that."""
        work = 0.0
        for one in self.checkpoints:
            ways = {entrant.way for entrant in self._open(one)}
            passes = ("head" in ways or self.request.fine_tune) + 2 * len(ways & {"prompt", "few-shot", "cloze"})
            work += passes * self._size(one) * (texts - one.texts)
        self.planned = self.done + work

    def _size(self, one: _Checkpoint) -> float:
        config = one.source.folder.config
        return float(count(config.shape, config.model).total)

    def _open(self, one: _Checkpoint) -> list[Entrant]:
        return [entrant for entrant in self.entrants if entrant.source == one.source and entrant.open]

    def _run(
        self, function: Callable[[T], R | None], work: Sequence[tuple[_Checkpoint, T, int]], what: Text
    ) -> Iterator[tuple[int, R | Failed]]:
        """The results as they come; `work` holds for each job the checkpoint and how many texts it is worth."""
        self.watch(self.done, self.planned, what)
        out_of_time = False
        for place, result in self.executor.run(function, [job for _, job, _ in work]):
            one, _, worth = work[place]
            self.done += worth * self._size(one)
            self.watch(min(self.done, self.planned), self.planned, what)
            if result is None:
                out_of_time = True
            else:
                yield place, result
        if out_of_time:
            raise _OutOfBudget

    # --- baselines and heads ------------------------------------------------------------------------------------------

    def _measure_baselines(self, texts: int) -> None:
        commonest, terms = self.baselines
        if terms.scored and time.time() > self.request.deadline:
            raise _OutOfBudget
        counted = TfIdf(self.texts[:texts])
        row = self._rows()
        commonest.scored, terms.scored = [], []
        for draw, sizes in arranging.draws(
            self.arrangement, self.labels, texts, self.request.seed, self._rounds(texts)
        ):
            for size in sizes:
                train = draw.train[:size]
                answers = counted.predict(row[train], self.labels[train], row[draw.asked])
                terms.scored.append(Scored(size, draw.asked, answers))
                guessed = majority(self.labels[train], len(draw.asked))
                commonest.scored.append(Scored(size, draw.asked, guessed))
        commonest.status = terms.status = "measured"
        if terms.cost is None:
            terms.cost = self._baseline_cost(texts)

    def _baseline_cost(self, texts: int) -> Cost:
        with cost.peak_memory() as peak:
            counted = TfIdf(self.texts[:texts])
            answer = counted.answering(self.labels[self.arrangement.order[:texts]])
        p50, p95 = cost.latency(answer, self.texts[:_PRICED])
        return Cost(p50, p95, 1 / p50, peak.bytes or 0, "measured" if peak.bytes else "", 0, "")

    def _rounds(self, texts: int) -> int:
        """Draws for each fold: one is enough to tell who is behind."""
        return arranging.ROUNDS if texts == min(len(self.texts), MOST) else 1

    def _first_draws(self, texts: int) -> list[tuple[arranging.Draw, list[int]]]:
        """One for each fold, with all labels of the others."""
        return list(arranging.draws(self.arrangement, self.labels, texts, self.request.seed))[: arranging.FOLDS]

    def _rows(self) -> Whole:
        row = np.empty(len(self.labels), dtype=np.int64)
        row[self.arrangement.order] = np.arange(len(self.labels))
        return row

    def _encode(self, texts: int) -> None:
        """Features of the first `texts` texts, for the checkpoints that need them."""
        work: list[tuple[_Checkpoint, jobs.Encode, int]] = []
        for one in self.checkpoints:
            if one.failed or not any(entrant.way == "head" for entrant in self._open(one)):
                continue
            work += self._shards(one, one.texts, texts)
        self._features(work)

    def _shards(self, one: _Checkpoint, begin: int, end: int) -> list[tuple[_Checkpoint, jobs.Encode, int]]:
        out = []
        for start in range(begin, end, SHARD):
            texts = self.texts[start : min(start + SHARD, end)]
            out.append((one, jobs.Encode(one.source, one.precision, texts, self.request.deadline), len(texts)))
        return out

    def _features(self, work: list[tuple[_Checkpoint, jobs.Encode, int]]) -> None:
        found: dict[int, Any] = {}
        missing = []
        for place, (one, job, _) in enumerate(work):
            kept = self.store.find(self._key("features", one, job.precision, job.texts))
            if kept is None:
                missing.append(place)
            else:
                found[place] = kept
                self.done += work[place][2] * self._size(one)
        try:
            what = Text("reading texts", "正在编码文本")
            for index, result in self._run(jobs.encoded, [work[place] for place in missing], what):
                one, job, _ = work[missing[index]]
                if isinstance(result, Failed):
                    self._fail(one, result.reason)
                    continue
                one.cut += result.cut
                self.store.keep(self._key("features", one, job.precision, job.texts), result.features)
                found[missing[index]] = result.features
        finally:  # what is there is used, also after Ctrl-C
            whole = {id(one): True for one, _, _ in work}
            for place, (one, _, _) in enumerate(work):
                whole[id(one)] = whole[id(one)] and place in found
                if whole[id(one)]:
                    new = torch.from_numpy(found[place])
                    one.features = new if one.features is None else torch.cat([one.features, new])

    def _key(self, what: str, one: _Checkpoint, *more: object) -> tuple[object, ...]:
        folder, twin = one.source
        return (what, __version__, transformers.__version__, folder.fingerprint, twin, *more)

    def _fail(self, one: _Checkpoint, reason: Text) -> None:
        one.failed = reason
        for entrant in self._open(one):
            entrant.status, entrant.reason = "failed", reason

    def _measure_heads(self, texts: int) -> None:
        for one in self.checkpoints:
            for entrant in self._open(one):
                if entrant.way == "head" and one.features is not None and one.texts >= min(texts, SHARD):
                    self._measure_head(entrant, one, min(texts, one.texts))

    def _measure_head(self, entrant: Entrant, one: _Checkpoint, texts: int) -> None:
        assert one.features is not None
        classes = len(self.request.dataset.classes)
        entrant.scored, chosen = head.measure(
            one.features, self.labels, classes, self.arrangement, texts, self.request.seed, self._rounds(texts)
        )
        entrant.setting = features.view_name(one.source, head.settled(chosen))
        entrant.status = "measured"

    def _measure_twins(self, texts: int) -> None:
        """The same shapes with random weights: what is no better than these has learnt nothing that helps here."""
        twins = [
            _Checkpoint(Source(one.source.folder, self.request.seed), one.precision)
            for one in self.checkpoints
            if not one.failed and one.texts
        ]
        self._features([shard for twin in twins for shard in self._shards(twin, 0, texts)])
        for twin in twins:
            if twin.features is not None and len(twin.features) >= texts:
                entrant = Entrant(f"{twin.source.folder.name} random", "head", twin.source)
                self._measure_head(entrant, twin, texts)
                entrant.status = "control"
                self.twins.append(entrant)

    # --- prompts ------------------------------------------------------------------------------------------------------

    def _prompt(self, texts: int) -> None:
        for one in self.checkpoints:
            for entrant in self._open(one):
                if entrant.way in ("prompt", "cloze"):
                    self._ask_without_shots(entrant, one, texts)
                elif entrant.way == "few-shot":
                    self._ask_with_shots(entrant, one, texts)

    def _ask(
        self, entrant: Entrant, one: _Checkpoint, parts: Sequence[tuple[tuple[str, ...], tuple[tuple[str, str], ...]]]
    ) -> list[jobs.Floats] | None:
        """Scores for each part, which is texts and shots; None where it cannot be asked, which is noted."""
        names = self.request.dataset.classes
        made: dict[int, jobs.Floats] = {}
        work, places = [], []
        for place, (texts, shots) in enumerate(parts):
            job = jobs.Ask(
                one.source, one.precision, entrant.way, texts, names, shots, self.question, self.request.deadline
            )
            kept = self.store.find(self._key("scores", one, *job[1:-1]))
            if kept is None:
                work.append((one, job, 2 * len(texts)))
                places.append(place)
            else:
                made[place] = kept
        what = Text(f"asking {one.source.folder.name}", f"正在提问 {one.source.folder.name}")
        for index, result in self._run(jobs.asked, work, what):
            if isinstance(result, Failed):
                entrant.status, entrant.reason = "failed", result.reason
                return None
            self.store.keep(self._key("scores", one, *work[index][1][1:-1]), result)
            made[places[index]] = result
        return [made[place] for place in range(len(parts))]

    def _ask_without_shots(self, entrant: Entrant, one: _Checkpoint, texts: int) -> None:
        parts = [(self.texts[start : min(start + SHARD, texts)], ()) for start in range(0, texts, SHARD)]
        told = self._ask(entrant, one, parts)
        if told is None:
            return
        scores = np.concatenate(told)
        places = self.arrangement.order[:texts]
        fold = self.arrangement.fold[places]
        entrant.scored = []
        for held_out in range(arranging.FOLDS):
            inside = fold == held_out
            answers = prompts.calibrated(scores[inside], scores[~inside]).argmax(1)
            entrant.scored.append(Scored(0, places[inside], answers))
        entrant.status = "measured"

    def _ask_with_shots(self, entrant: Entrant, one: _Checkpoint, texts: int) -> None:
        data = self.request.dataset
        shown = min(max(SHOTS, len(data.classes)), 2 * SHOTS)
        parts, places = [], []
        for draw, _ in self._first_draws(texts):
            shots = tuple((data.texts[place], data.classes[self.labels[place]]) for place in draw.train[:shown])
            prior = draw.train[shown : shown + _PRIOR]
            parts.append((tuple(data.texts[place] for place in (*draw.asked, *prior)), shots))
            places.append(draw.asked)
        told = self._ask(entrant, one, parts)
        if told is None:
            return
        entrant.scored = []
        for asked, scores in zip(places, told, strict=True):
            answers = prompts.calibrated(scores[: len(asked)], scores[len(asked) :]).argmax(1)
            entrant.scored.append(Scored(shown, asked, answers))
        entrant.setting = Text(f"{shown} texts shown", f"给出 {shown} 条示例")
        entrant.status = "measured"

    # --- what falls behind --------------------------------------------------------------------------------------------

    def _drop(self, texts: int) -> None:
        """Candidates that are clearly behind the leader are not measured any further."""
        known = [one for one in self.entrants if one.status == "measured"]
        if not known:
            return
        leader = max(known, key=lambda one: verdict.accuracy(one.scored, self.labels))
        for one in known:
            if one is leader or one in self.baselines:
                continue
            pair = verdict.compared(leader, one, self.labels, self.request.seed)
            if statistics.behind(pair, len(known) - 1):
                one.status = "dropped"
                ahead, own = (verdict.accuracy(each.scored, self.labels) for each in (leader, one))
                one.reason = Text(
                    f"clearly behind after {texts:,} texts: {own:.1%} against {ahead:.1%} of {leader.id}",
                    f"测到 {texts:,} 条时已明显落后：{own:.1%}，而 {leader.id} 为 {ahead:.1%}",
                )

    # --- fine-tuning, cost, transferability ---------------------------------------------------------------------------

    def _fine_tune(self, texts: int) -> None:
        data = self.request.dataset
        (first, _), (second, _) = self._first_draws(texts)[:2]
        for one in self.checkpoints:
            for entrant in self._open(one):
                if entrant.way != "fine-tune":
                    continue
                parts = [(first, size) for size in _TUNED if size < len(first.train)]
                parts += [(first, len(first.train)), (second, len(second.train))]
                work = []
                for draw, size in parts:
                    train = draw.train[:size]
                    job = jobs.Tune(
                        one.source,
                        tuple(data.texts[place] for place in train),
                        tuple(int(self.labels[place]) for place in train),
                        len(data.classes),
                        tuple(data.texts[place] for place in draw.asked),
                        self.request.seed,
                        self.request.deadline,
                    )
                    work.append((one, job, 20 * size))
                self.planned = self.done + sum(worth * self._size(one) for _, _, worth in work)
                self._tune(entrant, one, parts, work)

    def _tune(
        self,
        entrant: Entrant,
        one: _Checkpoint,
        parts: list[tuple[arranging.Draw, int]],
        work: list[tuple[_Checkpoint, jobs.Tune, int]],
    ) -> None:
        what = Text(f"fine-tuning {one.source.folder.name}", f"正在微调 {one.source.folder.name}")
        places = []
        for place, (_, job, _) in enumerate(work):
            kept = self.store.find(self._key("tuned", one, *job[1:-1]))
            if kept is None:
                places.append(place)
            else:
                entrant.scored.append(Scored(parts[place][1], parts[place][0].asked, kept))
                entrant.status = "measured"
        for index, result in self._run(jobs.tuned, [work[place] for place in places], what):
            if isinstance(result, Failed):
                entrant.status, entrant.reason = "failed", result.reason
                return
            place = places[index]
            self.store.keep(self._key("tuned", one, *work[place][1][1:-1]), result)
            entrant.scored.append(Scored(parts[place][1], parts[place][0].asked, result))
            entrant.status = "measured"

    def _price(self) -> None:
        """What each way costs, once; which precision is taken; what does not load fails here."""
        texts = self.texts[:_PRICED]
        names = self.request.dataset.classes
        for one in self.checkpoints:
            for entrant in self._open(one):
                if entrant.cost is not None or one.failed:
                    continue
                prompt = None
                if entrant.way in ("prompt", "few-shot", "cloze"):
                    shots = self._some_shots() if entrant.way == "few-shot" else ()
                    prompt = jobs.Ask(
                        one.source,
                        one.precision,
                        entrant.way,
                        texts,
                        names,
                        shots,
                        self.question,
                        self.request.deadline,
                    )
                precision = one.precision if one.tokens else None
                self._price_one(entrant, one, jobs.Price(one.source, precision, texts, prompt, self.request.deadline))

    def _some_shots(self) -> tuple[tuple[str, str], ...]:
        data = self.request.dataset
        shown = min(max(SHOTS, len(data.classes)), 2 * SHOTS)
        places = self.arrangement.order[_PRICED : _PRICED + shown]
        return tuple((data.texts[place], data.classes[self.labels[place]]) for place in places)

    def _price_one(self, entrant: Entrant, one: _Checkpoint, job: jobs.Price) -> None:
        way = "head" if job.prompt is None else entrant.way
        key = self._key("cost", one, self.machine, way, job.texts, job.prompt and job.prompt.shots)
        kept = self.store.find(key)
        if kept is None:
            what = Text(f"timing {one.source.folder.name}", f"正在测 {one.source.folder.name} 的时延")
            for _, result in self._run(jobs.priced, [(one, job, 0)], what):
                if isinstance(result, Failed):
                    if job.prompt is None:
                        self._fail(one, result.reason)
                    else:
                        entrant.status, entrant.reason = "failed", result.reason
                    return
                took = result.cost
                exact = (
                    took.p50,
                    took.p95,
                    took.texts_a_second,
                    took.memory,
                    took.memory_from == "measured",
                    took.precision == "bf16",
                    result.tokens,
                )
                kept = np.array(exact, dtype=np.float64)
                self.store.keep(key, kept)
        assert kept is not None
        p50, p95, rate, memory, measured, bf16, middle = kept.tolist()
        one.precision, one.tokens = "bf16" if bf16 else "fp32", int(middle)
        known = "measured" if measured else "estimated"
        entrant.cost = Cost(p50, p95, rate, int(memory), known, one.source.folder.disk, one.precision)

    def _transfer(self) -> None:
        for one in self.checkpoints:
            for entrant in self.entrants:
                if entrant.source == one.source and entrant.way == "head" and one.features is not None:
                    labels = self.labels[self.arrangement.order[: one.texts]]
                    # The mean over layers of each score: ranks fine-tuning better than any single one (TransformerRanker, 2024).
                    views = one.features[:, ::2].numpy()
                    entrant.transfer = tuple(
                        (name, float(np.mean([one.score(views[:, view], labels) for view in range(views.shape[1])])))
                        for name, one in transferability.SCORES.items()
                    )

    # --- what is known in the end -------------------------------------------------------------------------------------

    def report(self, stopped: str) -> Trial:
        data, request = self.request.dataset, self.request
        judged = verdict.judge(
            self.entrants,
            self.twins,
            self.labels,
            len(data.classes),
            request.latency_ms,
            request.memory_gb,
            request.seed,
        )
        counts = np.bincount(self.labels, minlength=len(data.classes))
        middle = next((one.tokens for one in self.checkpoints if one.tokens), 0)
        versions = {"bertgpt": __version__, "torch": torch.__version__, "transformers": transformers.__version__}
        return Trial(
            file=data.name,
            text_column=data.text_column,
            label_column=data.label_column,
            texts=len(self.texts),
            classes=tuple(zip(data.classes, counts.tolist(), strict=True)),
            repeated=data.repeated,
            left_out=data.left_out,
            remarks=(*data.remarks, *(remark for folder in request.folders for remark in folder.remarks)),
            tokens=middle or int(np.median([len(text.split()) for text in self.texts])),
            cut=tuple((one.source.folder.name, one.cut) for one in self.checkpoints if one.cut),
            folds=arranging.FOLDS,
            candidates=judged.candidates,
            crossings=judged.crossings,
            verdict=judged.verdict,
            front=judged.front,
            advised=None,
            stopped=stopped,
            seconds=time.time() - request.began,
            seed=request.seed,
            versions=(*versions.items(), ("python", platform.python_version())),
        )
