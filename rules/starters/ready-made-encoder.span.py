"""Find names and the like with a published tagger. Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

MODEL = "dslim/bert-base-NER"
CONTEXT = 512  # most tokens that it reads at once

# Your own data here.
texts = ["Grace Hopper came to London.", "In May the office in Cambridge was opened by Alan Turing, born in Paris."]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForTokenClassification.from_pretrained(MODEL).to(device).eval()
print(sorted(set(model.config.id2label.values())))  # what it was trained to find


def tagged(text):
    """(start, end, tag) of every word: its first piece's tag. Where chunks overlap, the deeper one counts."""
    cut = {"truncation": True, "max_length": CONTEXT, "stride": CONTEXT // 8, "return_overflowing_tokens": True}
    chunks = tokenizer(text, **cut, return_offsets_mapping=True, padding=True, return_tensors="pt").to(device)
    del chunks["overflow_to_sample_mapping"]
    offsets, found = chunks.pop("offset_mapping").tolist(), {}
    with torch.inference_mode():
        best = model(**chunks).logits.argmax(-1).tolist()
    for c, places in enumerate(offsets):
        parts, ids = {}, chunks.word_ids(c)
        for k, word in enumerate(ids):
            start, end = places[k]
            new = (min(k, len(ids) - k), start, end, model.config.id2label[best[c][k]])
            depth, start, _, tag = parts.get(word, new)
            parts[word] = (depth, start, end, tag)
        for word, part in parts.items():
            old = found.get(word, part)  # a word that a chunk's border cuts is whole in the two together
            found[word] = (max(old[0], part[0]), min(old[1], part[1]), max(old[2], part[2]), max(old, part)[3])
    words = [found[word][1:] for word in sorted(word for word in found if word is not None)]
    return [(start, end, tag) for start, end, tag in words if text[start:end].strip()]


spans = []
for text in texts:
    found, last = [], "O"
    for start, end, tag in tagged(text):
        kind = tag.removeprefix("B-").removeprefix("I-")
        start += len(text[start:end]) - len(text[start:end].lstrip())  # some tokenizers count the space before a word
        if kind == last != "O" and tag[:2] != "B-":  # the span goes on
            found[-1] = (found[-1][0], end, kind)
        elif kind != "O":
            found.append((start, end, kind))
        last = kind
    spans.append(found)
    print([(text[start:end], kind) for start, end, kind in found], text)
