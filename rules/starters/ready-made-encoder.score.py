"""Score texts with a published encoder: its one output, or its labels' mean. Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

MODEL = "nlptown/bert-base-multilingual-uncased-sentiment"
CONTEXT = 512  # most tokens that it reads at once

# Your own data here.
texts = [
    "The staff were kind and the room was spotless.",
    "We waited an hour and the food was cold, and nobody answered the phone.",
    "The parcel is at the door.",
]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForSequenceClassification.from_pretrained(MODEL).to(device).eval()
print(model.config.id2label)  # the labels from the lowest to the highest: 1 star ... 5 stars


def read(texts):
    # A text over CONTEXT is read in chunks that overlap; its logits are the mean of theirs.
    cut = {"truncation": True, "max_length": CONTEXT, "stride": CONTEXT // 8, "return_overflowing_tokens": True}
    chunks = tokenizer(list(texts), **cut, padding=True, return_tensors="pt").to(device)
    owner = chunks.pop("overflow_to_sample_mapping")
    logits = model(**chunks).logits
    return torch.stack([logits[owner == i].mean(0) for i in range(len(texts))])


with torch.inference_mode():
    logits = read(texts)
if model.config.num_labels == 1:
    scores = logits.squeeze(-1).tolist()
else:  # the mean of the places 1, 2, 3 ..., each as likely as the model finds its label
    places = torch.arange(1, model.config.num_labels + 1, device=device, dtype=logits.dtype)
    scores = (logits.softmax(-1) @ places).tolist()
for text, score in zip(texts, scores, strict=True):
    print(f"{score:.2f}  {text}")
