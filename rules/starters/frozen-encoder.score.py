"""A frozen encoder with a ridge regression on its vectors. Needs: pip install torch transformers scikit-learn."""

import torch
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from transformers import AutoModel, AutoTokenizer

MODEL = "answerdotai/ModernBERT-base"
CONTEXT = 8192  # most tokens that it reads at once

# Your own data here: texts with their scores to learn from, and texts to score.
train = [
    ("The essay argues clearly and backs every claim with a source.", 5.0),
    ("A clear argument, though the second half repeats the first.", 4.0),
    ("Some good ideas, but they do not hang together.", 2.5),
    ("There is no argument, only a list of opinions.", 1.0),
]
texts = ["The argument is clear and every claim has a source.", "A list of claims, without any argument or source."]

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


# There are more dimensions than texts, so the weights must be held small; how small is found by cross-validation.
head = make_pipeline(StandardScaler(), RidgeCV(alphas=[1, 10, 100, 1000, 10000]))
head.fit([embed(text) for text, _ in train], [score for _, score in train])
scores = head.predict([embed(text) for text in texts]).tolist()
for text, score in zip(texts, scores, strict=True):
    print(f"{score:.2f}  {text}")
