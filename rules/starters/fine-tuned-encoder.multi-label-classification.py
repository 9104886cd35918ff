"""Fine-tune an encoder that gives any number of labels to a text. Needs: pip install torch transformers."""

import torch
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, AutoTokenizer

MODEL = "answerdotai/ModernBERT-base"
CONTEXT = 8192  # most tokens that it reads at once
LABELS = ["delivery", "price", "quality"]
THRESHOLD = 0.5  # choose it on texts that were not trained on
EPOCHS = 4

# Your own data here: texts with all of their labels to learn from, and texts to label.
train = [
    ("It came two weeks late and the box was open.", ["delivery"]),
    ("Far too expensive for such thin cloth.", ["price", "quality"]),
    ("Good shoes, cheap, and here within a day.", ["delivery", "price", "quality"]),
    ("I have not used it yet.", []),
]
texts = ["The box came late.", "Expensive, but the cloth is good and the shoes were here within a day."]

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForSequenceClassification.from_pretrained(
    MODEL, num_labels=len(LABELS), problem_type="multi_label_classification", dtype=torch.float32
).to(device)


def read(texts):
    # A text over CONTEXT is read in chunks that overlap; a label holds if one of them says so.
    cut = {"truncation": True, "max_length": CONTEXT, "stride": CONTEXT // 8, "return_overflowing_tokens": True}
    chunks = tokenizer(list(texts), **cut, padding=True, return_tensors="pt").to(device)
    owner = chunks.pop("overflow_to_sample_mapping")
    logits = model(**chunks).logits
    return torch.stack([logits[owner == i].amax(0) for i in range(len(texts))])


optimizer = torch.optim.AdamW(model.parameters(), lr=3e-5)
losses = []
model.train()
for _ in range(EPOCHS):
    for rows in DataLoader(train, batch_size=8, shuffle=True, collate_fn=list):
        target = torch.tensor([[float(label in has) for label in LABELS] for _, has in rows], device=device)
        # A yes or no for each label: a softmax would make the labels compete.
        loss = torch.nn.functional.binary_cross_entropy_with_logits(read([text for text, _ in rows]), target)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())

model.eval()
with torch.inference_mode():
    scores = read(texts).sigmoid().tolist()
labels = [[label for label, p in zip(LABELS, row, strict=True) if p >= THRESHOLD] for row in scores]
for text, row in zip(texts, labels, strict=True):
    print(row, text)
