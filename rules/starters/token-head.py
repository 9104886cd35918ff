"""Fine-tune an encoder that tags each word (BIO). Needs: pip install torch transformers."""

import re

import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

MODEL = "answerdotai/ModernBERT-base"
CONTEXT = 8192  # most tokens that it reads at once
TAGS = ["O", "B-person", "I-person", "B-place", "I-place"]
EPOCHS = 5

# Your own data here: texts with a tag for each of their words to learn from, and texts to search.
train = [
    ("Ada Lovelace was born in London.", "B-person I-person O O O B-place O"),
    ("The office in Paris was opened by Grace Hopper.", "O O O B-place O O O B-person I-person O"),
]
texts = ["Grace Hopper came to London.", "In May the office in Cambridge was opened by Alan Turing, born in Paris."]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForTokenClassification.from_pretrained(MODEL, num_labels=len(TAGS), dtype=torch.float32).to(device)


def read(text):
    # Words (a Chinese character is one), all logits, each word's first piece. Chunks of CONTEXT overlap.
    cut = {"truncation": True, "max_length": CONTEXT, "stride": CONTEXT // 8, "return_overflowing_tokens": True}
    chunks = tokenizer(text, **cut, return_offsets_mapping=True, padding=True, return_tensors="pt").to(device)
    del chunks["overflow_to_sample_mapping"]
    offsets = chunks.pop("offset_mapping").flatten(0, 1).tolist()
    piece = {i: k for k, (start, end) in enumerate(offsets) for i in range(start, end)}
    words = [match.span() for match in re.finditer(r"[\u3040-\u9fff]|[^\W\u3040-\u9fff]+|[^\w\s]", text)]
    return words, model(**chunks).logits.flatten(0, 1), [piece[start] for start, _ in words]


optimizer, losses = torch.optim.AdamW(model.parameters(), lr=5e-5), []
model.train()
for text, tags in train * EPOCHS:
    _, logits, firsts = read(text)
    target = torch.full((len(logits),), -100)  # not scored: special tokens, padding, all but the first piece of a word
    target[firsts] = torch.tensor([TAGS.index(tag) for tag in tags.split()])
    loss = torch.nn.functional.cross_entropy(logits, target.to(device), ignore_index=-100)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())

model.eval()
spans = []
for text in texts:
    with torch.inference_mode():
        words, logits, firsts = read(text)
    tags, found = [TAGS[k] for k in logits[firsts].argmax(-1)], []
    for k, (start, end) in enumerate(words):
        if tags[k][0] == "I" and k and tags[k - 1][2:] == tags[k][2:]:  # the span goes on
            found[-1] = (found[-1][0], end, tags[k][2:])
        elif tags[k] != "O":
            found.append((start, end, tags[k][2:]))
    spans.append(found)
    print([(text[start:end], kind) for start, end, kind in found], text)
