"""Fine-tune a cross-encoder that labels pairs of texts. Needs: pip install torch transformers."""

import torch
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, AutoTokenizer

MODEL = "answerdotai/ModernBERT-base"
CONTEXT = 8192  # most tokens that it reads at once
LABELS = ["different", "same"]
EPOCHS = 4

# Your own data here: labelled pairs to learn from, and pairs to label.
train = [
    ("How do I learn to play the guitar?", "What is a good way to learn the guitar?", "same"),
    ("Is it cold in London in May?", "How is the weather in London in spring?", "same"),
    ("How do I learn to play the guitar?", "Where can I buy a guitar?", "different"),
    ("Is it cold in London in May?", "Is London far from Paris?", "different"),
]
pairs = [("How do I get to Paris?", "What is a good way to Paris?"), ("How cold is it in May?", "Where is London?")]

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForSequenceClassification.from_pretrained(MODEL, num_labels=len(LABELS), dtype=torch.float32).to(
    device
)


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
        target = torch.tensor([LABELS.index(label) for label in wanted], device=device)
        loss = torch.nn.functional.cross_entropy(read(firsts, seconds), target)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())

model.eval()
with torch.inference_mode():
    probabilities = read(*zip(*pairs, strict=True)).softmax(-1).tolist()
labels = [LABELS[row.index(max(row))] for row in probabilities]
for pair, label in zip(pairs, labels, strict=True):
    print(label, *pair)
