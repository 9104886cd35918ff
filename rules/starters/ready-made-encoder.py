"""Label texts with a published classifier, after a check of it. Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

MODEL = "cardiffnlp/twitter-roberta-base-sentiment-latest"
CONTEXT = 512  # most tokens that it reads at once

# Your own data here: texts, and for some hundred of them the label that you would give, as the model spells it.
texts = [
    "The staff were kind and the room was spotless.",
    "We waited an hour and the food was cold, and nobody answered the phone.",
    "The parcel is at the door.",
]
known = {"The staff were kind and the room was spotless.": "positive"}

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForSequenceClassification.from_pretrained(MODEL).to(device).eval()
LABELS = [model.config.id2label[i] for i in range(model.config.num_labels)]  # what it was trained to tell apart
print(LABELS)


def read(texts):
    # A text over CONTEXT is read in chunks that overlap; its logits are the mean of theirs.
    cut = {"truncation": True, "max_length": CONTEXT, "stride": CONTEXT // 8, "return_overflowing_tokens": True}
    chunks = tokenizer(list(texts), **cut, padding=True, return_tensors="pt").to(device)
    owner = chunks.pop("overflow_to_sample_mapping")
    logits = model(**chunks).logits
    return torch.stack([logits[owner == i].mean(0) for i in range(len(texts))])


with torch.inference_mode():
    probabilities = read(texts).softmax(-1).tolist()
labels = [LABELS[row.index(max(row))] for row in probabilities]
for text, label, row in zip(texts, labels, probabilities, strict=True):
    print(f"{label}  {max(row):.2f}  {text}")
right = sum(label == known[text] for text, label in zip(texts, labels, strict=True) if text in known)
print(f"{right} of {len(known)} as you would label them")
