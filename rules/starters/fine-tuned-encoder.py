"""Fine-tune an encoder with a classification head. Needs: pip install torch transformers."""

import torch
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, AutoTokenizer

MODEL = "answerdotai/ModernBERT-base"
CONTEXT = 8192  # most tokens that it reads at once
LABELS = ["praise", "complaint"]
EPOCHS = 4

# Your own data here: labelled texts to learn from, and texts to label.
train = [
    ("The staff were kind and the room was spotless.", "praise"),
    ("Best pizza in town, we will certainly come back.", "praise"),
    ("We waited an hour and the food was cold.", "complaint"),
    ("Nobody answered the phone, and my money is gone.", "complaint"),
]
texts = ["The waiter was kind and quick.", "The soup was cold and the room was loud, and nobody answered the phone."]

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
tokenizer = AutoTokenizer.from_pretrained(MODEL)
# In full precision: steps of 3e-5 are lost in the 16 bits that some checkpoints are stored in.
model = AutoModelForSequenceClassification.from_pretrained(MODEL, num_labels=len(LABELS), dtype=torch.float32).to(
    device
)


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
        target = torch.tensor([LABELS.index(label) for label in wanted], device=device)
        loss = torch.nn.functional.cross_entropy(read(batch), target)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())

model.eval()
with torch.inference_mode():
    probabilities = read(texts).softmax(-1).tolist()
labels = [LABELS[row.index(max(row))] for row in probabilities]
for text, label, row in zip(texts, labels, probabilities, strict=True):
    print(f"{label}  {max(row):.2f}  {text}")
