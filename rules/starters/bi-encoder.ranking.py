"""Turn texts with a bi-encoder and search by cosine. Needs: pip install sentence-transformers."""

from sentence_transformers import SentenceTransformer

MODEL = "Alibaba-NLP/gte-modernbert-base"
CONTEXT = 8192  # most tokens that it reads at once

# Your own data here.
query = "how is the weather in London"
documents = [
    "The guitar has six strings and is tuned in fourths.",
    "In May it is cold in London, and the rain that falls from the clouds makes all the books and the paper wet.",
    "Fish live in water, birds live in a tree.",
    "Take the train to Paris; it is quick and it is cheap.",
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


# Ahead of time: one vector for each piece of each document; keep them in a file or an index.
parts = [(i, piece) for i, document in enumerate(documents) for piece in pieces(document)]
index = model.encode_document([piece for _, piece in parts], normalize_embeddings=True)

# For each query; encode_query puts the prefix before it that the checkpoint was trained with, if any.
values = (index @ model.encode_query(query, normalize_embeddings=True)).tolist()
scores = [max(value for (i, _), value in zip(parts, values, strict=True) if i == k) for k in range(len(documents))]
ranking = sorted(range(len(documents)), key=lambda k: -scores[k])
for k in ranking[:10]:
    print(f"{scores[k]:.3f}  {documents[k]}")
