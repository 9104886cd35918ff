"""Find the answer to a question in a passage with a published reader. Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

MODEL = "deepset/roberta-base-squad2"
CONTEXT = 512  # most tokens that it reads at once
LONGEST = 30  # tokens of an answer
MARGIN = 0.0  # an answer must beat "no answer" by this; choose it on questions of your own

# Your own data here: question and passage.
pairs = [
    (
        "Who opened the office?",
        "In May the office in Cambridge was opened by Alan Turing, who was born in London and had come by train.",
    ),
    ("Where was Ada born?", "Ada was born in London."),
]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForQuestionAnswering.from_pretrained(MODEL).to(device).eval()


def answer(question, text):
    """The best (start, end, score) in the text over all windows, or None where "no answer" is likelier."""
    cut = {"truncation": "only_second", "max_length": CONTEXT, "stride": CONTEXT // 4, "padding": True}
    more = {"return_overflowing_tokens": True, "return_offsets_mapping": True, "return_tensors": "pt"}
    windows = tokenizer(question, text, **cut, **more)
    del windows["overflow_to_sample_mapping"]
    offsets, best, none = windows.pop("offset_mapping"), None, float("inf")
    with torch.inference_mode():
        out = model(**windows.to(device))
    for w, places in enumerate(offsets.tolist()):
        first, last = out.start_logits[w].tolist(), out.end_logits[w].tolist()
        inside = [k for k, part in enumerate(windows.sequence_ids(w)) if part == 1]  # never the question itself
        none = min(none, first[0] + last[0])  # [CLS] stands for "no answer", in every window
        for i in sorted(inside, key=lambda k: -first[k])[:20]:
            for j in range(i, min(i + LONGEST, inside[-1] + 1)):
                if best is None or first[i] + last[j] > best[2]:
                    best = (places[i][0], places[j][1], first[i] + last[j])
    return best if best[2] > none + MARGIN else None


spans = []
for question, text in pairs:
    found = answer(question, text)
    spans.append([(*found[:2], "answer")] if found else [])
    print(question, "->", text[found[0] : found[1]].strip() if found else "no answer")
