"""A frozen decoder with a linear head on each word's vector. Needs: pip install torch transformers scikit-learn."""

import re
from itertools import groupby

import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from transformers import AutoModel, AutoTokenizer

MODEL = "Qwen/Qwen3-0.6B-Base"
CONTEXT = 32768  # most tokens that it reads at once
WORD = re.compile(r"[\u3040-\u9fff]|[^\W\u3040-\u9fff]+|[^\w\s]")  # a Chinese character is a word of its own

# Your own data here: texts with the names in them and their types to learn from, and texts to search.
train = [
    ("Ada Lovelace was born in London.", [("Ada Lovelace", "person"), ("London", "place")]),
    ("The office in Paris was opened by Grace Hopper.", [("Paris", "place"), ("Grace Hopper", "person")]),
    ("Alan Turing came to Cambridge in May.", [("Alan Turing", "person"), ("Cambridge", "place")]),
]
texts = ["Grace Hopper came to London.", "In May the office in Cambridge was opened by Alan Turing, born in Paris."]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL, padding_side="right")
tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token  # decoders often have none
model = AutoModel.from_pretrained(MODEL).to(device).eval()


def read(text):
    # Words with the vectors of each one's last piece: only there has a decoder read it all.
    # A text over CONTEXT is read in chunks that overlap.
    cut = {"truncation": True, "max_length": CONTEXT, "stride": CONTEXT // 8, "return_overflowing_tokens": True}
    chunks = tokenizer(text, **cut, return_offsets_mapping=True, padding=True, return_tensors="pt").to(device)
    del chunks["overflow_to_sample_mapping"]
    offsets = chunks.pop("offset_mapping").flatten(0, 1).tolist()
    with torch.inference_mode():
        hidden = model(**chunks).last_hidden_state.flatten(0, 1).float().cpu().numpy()
    token = {i: k for k, (start, end) in reversed(list(enumerate(offsets))) for i in range(start, end)}
    words = [match.span() for match in WORD.finditer(text)]
    return words, hidden[[token.get(end - 1, 0) for _, end in words]]


vectors, kinds = [], []
for text, names in train:
    words, rows = read(text)
    vectors += list(rows)
    inside = [[kind for name, kind in names if 0 <= start - text.index(name) < len(name)] for start, _ in words]
    kinds += [hits[0] if hits else "none" for hits in inside]
head = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(vectors, kinds)

spans = []
for text in texts:
    words, rows = read(text)
    found = []
    for kind, run in groupby(zip(head.predict(rows).tolist(), words, strict=True), key=lambda pair: pair[0]):
        places = [place for _, place in run]  # words of one kind that follow each other are one span
        found += [(places[0][0], places[-1][1], kind)] if kind != "none" else []
    spans.append(found)
    print([(text[start:end], kind) for start, end, kind in found], text)
