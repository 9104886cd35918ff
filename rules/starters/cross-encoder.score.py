"""Fine-tune a cross-encoder that scores pairs of texts from 0 to 1. Needs: pip install torch transformers."""

import torch
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, AutoTokenizer

MODEL = "answerdotai/ModernBERT-base"  # EPOCHS = 0 with one that is trained: cross-encoder/stsb-roberta-base
CONTEXT = 8192  # most tokens that it reads at once
EPOCHS = 4

# Your own data here: pairs with their scores to learn from, and pairs to score.
train = [
    ("How do I learn to play the guitar?", "What is a good way to learn the guitar?", 1.0),
    ("Is it cold in London in May?", "How is the weather in London in spring?", 0.8),
    ("How do I learn to play the guitar?", "Where can I buy a guitar?", 0.3),
    ("Is it cold in London in May?", "Can fish live in a tree?", 0.0),
]
pairs = [("How do I get to Paris?", "What is a good way to Paris?"), ("How cold is it in May?", "Where is London?")]

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForSequenceClassification.from_pretrained(MODEL, num_labels=1, dtype=torch.float32).to(device)


def start(text):  # half of CONTEXT at most: the other half is the second text's
    offsets = tokenizer(text, truncation=True, max_length=CONTEXT // 2, return_offsets_mapping=True)["offset_mapping"]
    return text[: max(end for _, end in offsets)]


def read(firsts, seconds):
    # A second text over the rest of CONTEXT is read in chunks that overlap; the mean of their logits counts.
    cut = {"truncation": "only_second", "max_length": CONTEXT, "stride": CONTEXT // 8, "padding": True}
    firsts = [start(text) for text in firsts]
    chunks = tokenizer(firsts, list(seconds), **cut, return_overflowing_tokens=True, return_tensors="pt").to(device)
    owner = chunks.pop("overflow_to_sample_mapping")
    logits = model(**chunks).logits
    return torch.stack([logits[owner == i].mean(0) for i in range(len(firsts))])


optimizer, losses = torch.optim.AdamW(model.parameters(), lr=3e-5), []
model.train()
for _ in range(EPOCHS):
    for firsts, seconds, wanted in DataLoader(train, batch_size=8, shuffle=True):
        logits = read(firsts, seconds).squeeze(-1)
        # Cross-entropy takes a share as target, too, and unlike a squared error does not stall near 0 and 1.
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted.float().to(device))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())

model.eval()
with torch.inference_mode():
    scores = read(*zip(*pairs, strict=True)).squeeze(-1).sigmoid().tolist()
for pair, score in zip(pairs, scores, strict=True):
    print(f"{score:.2f}", *pair)
