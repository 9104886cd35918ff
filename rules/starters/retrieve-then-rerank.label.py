"""Link a text to an entry: vectors find candidates, a reranker picks. Needs: pip install sentence-transformers."""

from sentence_transformers import CrossEncoder, SentenceTransformer

EMBEDDER = "Alibaba-NLP/gte-modernbert-base"
RERANKER = "Alibaba-NLP/gte-reranker-modernbert-base"
CANDIDATES = 50  # more find more, and cost more

NOTHING = 0.1  # below this score a text is linked to no entry; choose it on texts of your own

# Your own data here: entries by name, with what is known of them, and mentions in their sentence.
entries = {
    "Paris (city)": "Paris is the capital of France and lies on a river; trains go there from London.",
    "Paris (myth)": "Paris is a prince of Troy in an old tale, who gave an apple to a goddess.",
    "London": "London is the capital of England, where it is cold in May and where the rain falls from heavy clouds.",
}
texts = [
    "We took the train to Paris.",
    "The prince gave her the apple: Paris had chosen, and the old tale began.",
    "Hello!",
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
parts = [(name, piece) for name, about in entries.items() for piece in pieces(about)]
index = embedder.encode_document([piece for _, piece in parts], normalize_embeddings=True)

labels, scores = [], []
for text in texts:
    near = (-index @ embedder.encode_query(text, normalize_embeddings=True)).argsort()[:CANDIDATES].tolist()
    values = reranker.predict([(text, parts[k][1]) for k in near]).tolist()
    score, name = max(zip(values, (parts[k][0] for k in near), strict=True))
    labels.append(name if score >= NOTHING else None)
    scores.append(score)
    print(f"{labels[-1]}  {score:.3f}  {text}")
