"""Score texts by a sentence, without training, through entailment. Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

MODEL = "MoritzLaurer/deberta-v3-base-zeroshot-v2.0"
CONTEXT = 512  # most tokens that it reads at once
LABELS = ["satisfied", "angry"]
HYPOTHESIS = "The writer is {}."  # worth trying others: it moves the result by some points

# Your own data here.
texts = [
    "My card was charged twice this month.",
    "The parcel is two weeks late, and when it came at last, the box was open and my money is gone.",
    "How do I change my password?",
]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForSequenceClassification.from_pretrained(MODEL).to(device).eval()
# The order of an NLI head's outputs differs between checkpoints, so it is looked up.
entailment = next(i for i, name in model.config.id2label.items() if name.lower().startswith("entail"))


def read(text, label):
    # Only the text is cut: a text over CONTEXT is read in chunks that overlap, each with the whole hypothesis.
    cut = {"truncation": "only_first", "max_length": CONTEXT, "stride": CONTEXT // 8, "padding": True}
    hypothesis = HYPOTHESIS.format(label)
    chunks = tokenizer(text, hypothesis, **cut, return_overflowing_tokens=True, return_tensors="pt").to(device)
    del chunks["overflow_to_sample_mapping"]
    return model(**chunks).logits.softmax(-1)[:, entailment].mean().item()


with torch.inference_mode():
    rows = [[read(text, label) for label in LABELS] for text in texts]  # each from 0 to 1, on its own
scores = [row[0] for row in rows]  # of the first label; the others are in `rows`
for text, row in zip(texts, rows, strict=True):
    print(*(f"{label} {score:.2f}" for label, score in zip(LABELS, row, strict=True)), text)
