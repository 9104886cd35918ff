"""Any number of labels by name, without training, through entailment. Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

MODEL = "MoritzLaurer/deberta-v3-base-zeroshot-v2.0"
CONTEXT = 512  # most tokens that it reads at once
LABELS = ["billing", "delivery", "account"]
HYPOTHESIS = "This text is about {}."  # worth trying others: it moves the result by some points
THRESHOLD = 0.5  # choose it on some texts of your own

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
    return model(**chunks).logits.softmax(-1)[:, entailment].max().item()


with torch.inference_mode():
    scores = [
        [read(text, label) for label in LABELS] for text in texts
    ]  # each label on its own: no softmax over labels
labels = [[label for label, score in zip(LABELS, row, strict=True) if score >= THRESHOLD] for row in scores]
for text, found in zip(texts, labels, strict=True):
    print(found, text)
