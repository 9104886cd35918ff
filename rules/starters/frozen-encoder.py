"""A frozen encoder with a logistic regression on its vectors. Needs: pip install torch transformers scikit-learn."""

import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from transformers import AutoModel, AutoTokenizer

MODEL = "answerdotai/ModernBERT-base"
CONTEXT = 8192  # most tokens that it reads at once

# Your own data here: labelled texts to learn from, and texts to label.
train = [
    ("The staff were kind and the room was spotless.", "praise"),
    ("Best pizza in town, we will certainly come back.", "praise"),
    ("We waited an hour and the food was cold.", "complaint"),
    ("Nobody answered the phone, and my money is gone.", "complaint"),
]
texts = ["The waiter was kind and quick.", "The soup was cold and the room was loud, and nobody answered the phone."]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModel.from_pretrained(MODEL).to(device).eval()


def embed(text):
    # Chunks that overlap where the text is over CONTEXT. The mean leaves padding out: its vectors mean nothing.
    cut = {"truncation": True, "max_length": CONTEXT, "stride": CONTEXT // 8, "return_overflowing_tokens": True}
    chunks = tokenizer(text, **cut, padding=True, return_tensors="pt").to(device)
    del chunks["overflow_to_sample_mapping"]
    with torch.inference_mode():
        hidden = model(**chunks).last_hidden_state.float()
    mask = chunks["attention_mask"].unsqueeze(-1)
    return ((hidden * mask).sum((0, 1)) / mask.sum()).cpu().numpy()


# Some dimensions are hundreds of times larger than others; the scaler keeps them from drowning the rest.
head = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
head.fit([embed(text) for text, _ in train], [label for _, label in train])
probabilities = head.predict_proba([embed(text) for text in texts])
labels = [str(head.classes_[row.argmax()]) for row in probabilities]
for text, label, row in zip(texts, labels, probabilities, strict=True):
    print(f"{label}  {row.max():.2f}  {text}")
