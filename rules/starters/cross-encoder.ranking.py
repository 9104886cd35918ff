"""Order documents for a query with a reranker. Needs: pip install sentence-transformers."""

from sentence_transformers import CrossEncoder

MODEL = "Alibaba-NLP/gte-reranker-modernbert-base"
CONTEXT = 8192  # most tokens that it reads at once

# Your own data here: a query, and the 20 to 100 documents that a search brought.
query = "how is the weather in London"
documents = [
    "The guitar has six strings and is tuned in fourths.",
    "In May it is cold in London, and the rain that falls from the clouds makes all the books and the paper wet.",
    "Fish live in water, birds live in a tree.",
    "Take the train to Paris; it is quick and it is cheap.",
]

model = CrossEncoder(MODEL, max_length=CONTEXT)


def pieces(text):
    # Query and document share CONTEXT: a document over half of it is read in pieces that overlap, else its end is lost.
    at = model.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    size = CONTEXT // 2
    if len(at) <= size:
        return [text]
    starts = range(0, len(at) - size // 8, size - size // 8)
    return [text[at[i][0] : at[min(i + size, len(at)) - 1][1]] for i in starts]


parts = [(i, piece) for i, document in enumerate(documents) for piece in pieces(document)]
values = model.predict([(query, piece) for _, piece in parts]).tolist()
# A document is as good as its best piece.
scores = [max(value for (i, _), value in zip(parts, values, strict=True) if i == k) for k in range(len(documents))]
ranking = sorted(range(len(documents)), key=lambda k: -scores[k])
for k in ranking:
    print(f"{scores[k]:.3f}  {documents[k]}")
