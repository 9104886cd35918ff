"""Group texts by their vectors. Needs: pip install sentence-transformers scikit-learn."""

from collections import Counter

import numpy as np
from sentence_transformers import SentenceTransformer
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

MODEL = "Alibaba-NLP/gte-modernbert-base"
CONTEXT = 8192  # most tokens that it reads at once
MOST = 20  # groups to try at most

# Your own data here: some hundred texts.
texts = [
    "My card was charged twice.",
    "I paid two times for one order.",
    "The parcel is two weeks late, and when it came at last, the box was open and my money is gone.",
    "My parcel came late.",
    "How do I change my password?",
    "I cannot change my password.",
]

model = SentenceTransformer(MODEL)
model.max_seq_length = CONTEXT


def pieces(text):  # a text over CONTEXT is read in pieces that overlap; a quarter is left for what stands around them
    at = model.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    size = CONTEXT * 3 // 4
    if len(at) <= size:
        return [text]
    starts = range(0, len(at) - size // 8, size - size // 8)
    return [text[at[i][0] : at[min(i + size, len(at)) - 1][1]] for i in starts]


means = np.stack([model.encode(pieces(text), normalize_embeddings=True).mean(0) for text in texts])
vectors = means / np.linalg.norm(means, axis=1, keepdims=True)

# As many groups as hold together best.
tries = [KMeans(n, n_init=10, random_state=0).fit_predict(vectors) for n in range(2, min(MOST + 1, len(texts)))]
labels = max(tries, key=lambda groups: silhouette_score(vectors, groups)).tolist()
for group, size in Counter(labels).most_common():
    inside = [k for k, label in enumerate(labels) if label == group]
    centre = max(inside, key=lambda k: vectors[k] @ vectors[inside].mean(0))  # the text nearest the middle names it
    print(f"group {group}, {size} texts, such as: {texts[centre]}")
