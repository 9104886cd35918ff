"""Fine-tune an encoder that gives a score: one output, squared error. Needs: pip install torch transformers."""

import torch
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, AutoTokenizer

MODEL = "answerdotai/ModernBERT-base"
CONTEXT = 8192  # most tokens that it reads at once
EPOCHS = 4

# Your own data here: texts with their scores to learn from, and texts to score.
train = [
    ("The essay argues clearly and backs every claim with a source.", 5.0),
    ("A clear argument, though the second half repeats the first.", 4.0),
    ("Some good ideas, but they do not hang together.", 2.5),
    ("There is no argument, only a list of opinions.", 1.0),
]
texts = ["The argument is clear and every claim has a source.", "A list of claims, without any argument or source."]

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
tokenizer = AutoTokenizer.from_pretrained(MODEL)
# num_labels=1 makes the head a regression. In full precision: some checkpoints are stored in 16 bits.
model = AutoModelForSequenceClassification.from_pretrained(MODEL, num_labels=1, dtype=torch.float32).to(device)
known = torch.tensor([score for _, score in train])
mean, spread = known.mean().item(), known.std().item()  # learnt about zero with a spread of one, which is quicker


def read(texts):
    # A text over CONTEXT is read in chunks that overlap; its logits are the mean of theirs.
    cut = {"truncation": True, "max_length": CONTEXT, "stride": CONTEXT // 8, "return_overflowing_tokens": True}
    chunks = tokenizer(list(texts), **cut, padding=True, return_tensors="pt").to(device)
    owner = chunks.pop("overflow_to_sample_mapping")
    logits = model(**chunks).logits
    return torch.stack([logits[owner == i].mean(0) for i in range(len(texts))])


optimizer = torch.optim.AdamW(model.parameters(), lr=3e-5)
losses = []
model.train()
for _ in range(EPOCHS):
    for batch, wanted in DataLoader(train, batch_size=8, shuffle=True):
        target = ((wanted.float() - mean) / spread).to(device)
        loss = torch.nn.functional.mse_loss(read(batch).squeeze(-1), target)  # (n, 1) against (n) would be broadcast
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())

model.eval()
with torch.inference_mode():
    scores = (read(texts).squeeze(-1) * spread + mean).tolist()
for text, score in zip(texts, scores, strict=True):
    print(f"{score:.2f}  {text}")
