"""Search with vectors, then order what was found by a reranker. Needs: pip install sentence-transformers."""

from sentence_transformers import CrossEncoder, SentenceTransformer

EMBEDDER = "Alibaba-NLP/gte-modernbert-base"
RERANKER = "Alibaba-NLP/gte-reranker-modernbert-base"
CANDIDATES = 50  # more find more, and cost more

# Your own data here.
query = "how is the weather in London"
documents = [
    "The guitar has six strings and is tuned in fourths.",
    "In May it is cold in London, and the rain that falls from the clouds makes all the books and the paper wet.",
    "Fish live in water, birds live in a tree.",
    "Take the train to Paris; it is quick and it is cheap.",
]

embedder = SentenceTransformer(EMBEDDER)
reranker = CrossEncoder(RERANKER)
size = min(embedder.max_seq_length, reranker.tokenizer.model_max_length) // 2  # tokens: the rest is the query's


def pieces(text):  # a long document is kept in pieces that overlap, which both models can read whole
    at = embedder.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    if len(at) <= size:
        return [text]
    starts = range(0, len(at) - size // 8, size - size // 8)
    return [text[at[i][0] : at[min(i + size, len(at)) - 1][1]] for i in starts]


# Ahead of time.
parts = [(i, piece) for i, document in enumerate(documents) for piece in pieces(document)]
index = embedder.encode_document([piece for _, piece in parts], normalize_embeddings=True)

# For each query: the nearest pieces by their vectors, then each read together with the query.
near = (-index @ embedder.encode_query(query, normalize_embeddings=True)).argsort()[:CANDIDATES].tolist()
best = {}
for k, value in zip(near, reranker.predict([(query, parts[k][1]) for k in near]).tolist(), strict=True):
    best[parts[k][0]] = max(value, best.get(parts[k][0], value))  # a document is as good as its best piece
ranking = sorted(best, key=lambda i: -best[i])
scores = [best[i] for i in ranking]
for i, score in zip(ranking, scores, strict=True):
    print(f"{score:.3f}  {documents[i]}")
