"""Turn texts with an embedding decoder into vectors. Needs: pip install sentence-transformers."""

import numpy as np
from sentence_transformers import SentenceTransformer

MODEL = "Qwen/Qwen3-Embedding-0.6B"
CONTEXT = 32768  # most tokens that it reads at once

# Your own data here.
texts = [
    "My card was charged twice.",
    "I paid two times for one order.",
    "The parcel is two weeks late, and when it came at last, the box was open and my money is gone.",
    "How do I change my password?",
]

# The last token's vector is the text's: with padding on the right it would be a padding token's.
model = SentenceTransformer(MODEL, processor_kwargs={"padding_side": "left"})
model.max_seq_length = CONTEXT


def pieces(text):  # a text over CONTEXT is read in pieces that overlap; a quarter is left for what stands around them
    at = model.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    size = CONTEXT * 3 // 4
    if len(at) <= size:
        return [text]
    starts = range(0, len(at) - size // 8, size - size // 8)
    return [text[at[i][0] : at[min(i + size, len(at)) - 1][1]] for i in starts]


def embed(text, encode):
    # The mean of the pieces' vectors, of length 1: then the dot product is the cosine.
    vector = encode(pieces(text), normalize_embeddings=True).mean(0)
    return vector / np.linalg.norm(vector)


# Texts of one kind among themselves are all embedded alike; for questions and documents see encode_query.
vectors = np.stack([embed(text, model.encode) for text in texts])
print(vectors.shape)
similarity = vectors @ vectors.T
for text, row in zip(texts, similarity - 2 * np.eye(len(texts)), strict=True):
    print(f"{row.max():.2f}  {text}  ~  {texts[row.argmax()]}")
