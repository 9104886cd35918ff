"""Turn texts with an embedding decoder and compare them by cosine. Needs: pip install sentence-transformers."""

import numpy as np
from sentence_transformers import SentenceTransformer

MODEL = "Qwen/Qwen3-Embedding-0.6B"
CONTEXT = 32768  # most tokens that it reads at once

# Your own data here.
pairs = [
    ("My card was charged twice.", "I paid two times for one order."),
    (
        "How do I change my password?",
        "The parcel is two weeks late, and when it came, the box was open and my money gone.",
    ),
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


# The cosine of the two vectors. Its scale is the checkpoint's own: choose a threshold on pairs of yours.
scores = [float(embed(first, model.encode) @ embed(second, model.encode)) for first, second in pairs]
for pair, score in zip(pairs, scores, strict=True):
    print(f"{score:.2f}", *pair)
