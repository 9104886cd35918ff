"""Label claims beside their evidence with a published NLI encoder. Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

MODEL = "MoritzLaurer/DeBERTa-v3-large-mnli-fever-anli-ling-wanli"
CONTEXT = 512  # most tokens that it reads at once

# Your own data here: a passage that was found as evidence, and the claim.
pairs = [
    ("The tower was built in 1889 for the fair in Paris.", "The tower is from the 19th century."),
    ("The bridge is 200 metres long and was closed in May, after the flood in Paris.", "The bridge is open."),
]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForSequenceClassification.from_pretrained(MODEL).to(device).eval()
LABELS = [model.config.id2label[i] for i in range(model.config.num_labels)]  # their order differs between checkpoints
entailment = next(i for i, label in enumerate(LABELS) if label.lower().startswith("entail"))


def read(premise, hypothesis):
    # Premise first, hypothesis second, as in training. A premise over CONTEXT is read in chunks that overlap, and the
    # most entailing counts: one place that says it is enough.
    cut = {"truncation": "only_first", "max_length": CONTEXT, "stride": CONTEXT // 8, "padding": True}
    chunks = tokenizer(premise, hypothesis, **cut, return_overflowing_tokens=True, return_tensors="pt").to(device)
    del chunks["overflow_to_sample_mapping"]
    rows = model(**chunks).logits.softmax(-1)
    return rows[rows[:, entailment].argmax()]


with torch.inference_mode():
    probabilities = [read(*pair).tolist() for pair in pairs]
labels = [LABELS[row.index(max(row))] for row in probabilities]
scores = [row[entailment] for row in probabilities]  # how likely the first says what the second says
for pair, label, score in zip(pairs, labels, scores, strict=True):
    print(f"{label}  {score:.2f}", *pair)
