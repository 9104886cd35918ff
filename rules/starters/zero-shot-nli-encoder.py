"""Label texts by name, without training, through entailment. Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

MODEL = "MoritzLaurer/deberta-v3-base-zeroshot-v2.0"
CONTEXT = 512  # most tokens that it reads at once
LABELS = ["billing", "delivery", "account"]
HYPOTHESIS = "This text is about {}."  # worth trying others: it moves the result by some points

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
    return model(**chunks).logits[:, entailment].mean()


with torch.inference_mode():
    rows = torch.stack([torch.stack([read(text, label) for label in LABELS]) for text in texts])
probabilities = rows.softmax(-1).tolist()
labels = [LABELS[row.index(max(row))] for row in probabilities]
for text, label, row in zip(texts, labels, probabilities, strict=True):
    print(f"{label}  {max(row):.2f}  {text}")
