"""Fine-tune an encoder that labels a pair: premise and hypothesis. Needs: pip install torch transformers."""

import torch
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, AutoTokenizer

MODEL = "answerdotai/ModernBERT-base"
CONTEXT = 8192  # most tokens that it reads at once
LABELS = ["entailment", "neutral", "contradiction"]
EPOCHS = 4

# Your own data here: premise, hypothesis and label to learn from, and pairs to label.
train = [
    ("A man plays the guitar on a stage.", "Someone makes music.", "entailment"),
    ("A man plays the guitar on a stage.", "The man has a hat.", "neutral"),
    ("Two dogs run over the grass.", "The dogs are asleep.", "contradiction"),
    ("Two dogs run over the grass.", "There are animals outside.", "entailment"),
]
pairs = [("A woman plays the guitar.", "Someone makes music."), ("Two dogs run over the grass.", "Nobody runs there.")]

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForSequenceClassification.from_pretrained(MODEL, num_labels=len(LABELS), dtype=torch.float32).to(
    device
)


def read(premises, hypotheses):
    # The tokenizer joins the two. A premise over CONTEXT is read in chunks; their mean counts.
    cut = {"truncation": "only_first", "max_length": CONTEXT, "stride": CONTEXT // 8, "padding": True}
    premises, hypotheses = list(premises), list(hypotheses)
    chunks = tokenizer(premises, hypotheses, **cut, return_overflowing_tokens=True, return_tensors="pt").to(device)
    owner = chunks.pop("overflow_to_sample_mapping")
    logits = model(**chunks).logits
    return torch.stack([logits[owner == i].mean(0) for i in range(len(premises))])


optimizer = torch.optim.AdamW(model.parameters(), lr=3e-5)
losses = []
model.train()
for _ in range(EPOCHS):
    for premises, hypotheses, wanted in DataLoader(train, batch_size=8, shuffle=True):
        target = torch.tensor([LABELS.index(label) for label in wanted], device=device)
        loss = torch.nn.functional.cross_entropy(read(premises, hypotheses), target)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())

model.eval()
with torch.inference_mode():
    probabilities = read(*zip(*pairs, strict=True)).softmax(-1).tolist()
labels = [LABELS[row.index(max(row))] for row in probabilities]
scores = [row[0] for row in probabilities]  # how likely the premise says what the hypothesis says
for pair, label in zip(pairs, labels, strict=True):
    print(label, *pair)
