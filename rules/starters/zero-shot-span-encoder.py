"""Find spans of types that are given by name, without training (GLiNER). Needs: pip install gliner."""

from gliner import GLiNER

MODEL = "urchade/gliner_medium-v2.1"
CONTEXT = 384  # most tokens that it reads at once
TYPES = ["person", "place", "date"]
THRESHOLD = 0.5  # lower finds more, and more that is wrong

# Your own data here.
texts = [
    "Grace Hopper came to London.",
    "In May the office in Cambridge was opened by Alan Turing, who was born in London and had come from Paris.",
]

model = GLiNER.from_pretrained(MODEL)
model.eval()


def pieces(text):
    # The types share CONTEXT with the text; what is past its end, GLiNER drops with a mere warning.
    words = list(model.data_processor.words_splitter(text))  # (word, start, end)
    spent = sum(len(model.data_processor.transformer_tokenizer.tokenize(kind)) + 1 for kind in TYPES)
    size = min(max((CONTEXT - spent) // 2, 8), model.config.max_len)  # some words are two tokens
    for i in range(0, max(len(words) - size // 4, 1), size - size // 4):
        part = words[i : i + size]
        yield part[0][1], text[part[0][1] : part[-1][2]]


spans = []
for text in texts:
    found = {}
    for at, piece in pieces(text):
        for one in model.predict_entities(piece, TYPES, threshold=THRESHOLD):
            place = (at + one["start"], at + one["end"], one["label"])
            found[place] = max(found.get(place, 0.0), one["score"])
    kept = []  # where pieces overlap, the likeliest of the spans that touch is kept
    for start, end, kind in sorted(found, key=lambda place: -found[place]):
        if all(end <= other[0] or other[1] <= start for other in kept):
            kept.append((start, end, kind))
    spans.append(sorted(kept))
    print([(text[start:end], kind) for start, end, kind in spans[-1]], text)
