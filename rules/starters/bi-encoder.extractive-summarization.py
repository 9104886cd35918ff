"""Pick a text's central sentences by their vectors. Needs: pip install sentence-transformers."""

import re

from sentence_transformers import SentenceTransformer

MODEL = "Alibaba-NLP/gte-modernbert-base"
CONTEXT = 8192  # most tokens that it reads at once
KEEP = 2  # sentences of the summary

# Your own data here.
text = """The bridge was closed in May after the flood. Fish live in water. The town will build a new bridge next year.
The new bridge will be 200 metres long and will carry two trains, and it will be open by night. Birds live in a tree."""

model = SentenceTransformer(MODEL)
model.max_seq_length = CONTEXT
sentences = [sentence.strip() for sentence in re.split(r"(?<=[.!?。！？])\s*", text) if sentence.strip()]
vectors = model.encode(sentences, normalize_embeddings=True)

ranking, scores = [], (vectors @ vectors.mean(0)).tolist()  # nearness to the whole text
while len(ranking) < len(sentences):

    def worth(k):  # less for what a chosen sentence says already
        return scores[k] - max((float(vectors[k] @ vectors[j]) for j in ranking), default=0.0) / 2

    ranking.append(max((k for k in range(len(sentences)) if k not in ranking), key=worth))
print(*(sentences[k] for k in sorted(ranking[:KEEP])))  # in the order of the text
