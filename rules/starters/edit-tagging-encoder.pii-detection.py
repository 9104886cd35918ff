"""Redact texts: a published tagger finds what is personal. Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

MODEL = "iiiorg/piiranha-v1-detect-personal-information"
CONTEXT = 256  # most tokens that it reads at once
SURE = 0.3  # how likely a token must be personal: low, as a name that stays does more harm than a word that goes

# Your own data here.
texts = ["Grace Hopper came to London.", "In May the office in Cambridge was opened by Alan Turing, born in Paris."]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForTokenClassification.from_pretrained(MODEL).to(device).eval()
kinds = [model.config.id2label[i].removeprefix("B-").removeprefix("I-") for i in range(model.config.num_labels)]
outside = kinds.index("O")


def personal(text):
    """(start, end, type) of what is to go: a whole word as soon as one of its pieces is personal, in either chunk."""
    cut = {"truncation": True, "max_length": CONTEXT, "stride": CONTEXT // 8, "return_overflowing_tokens": True}
    chunks = tokenizer(text, **cut, return_offsets_mapping=True, padding=True, return_tensors="pt").to(device)
    del chunks["overflow_to_sample_mapping"]
    offsets, words = chunks.pop("offset_mapping").tolist(), {}
    with torch.inference_mode():
        rows = model(**chunks).logits.softmax(-1)
    spared = rows[..., outside] > 1 - SURE
    best = rows.masked_fill(torch.tensor([kind == "O" for kind in kinds], device=device), -1).argmax(-1)
    for c, places in enumerate(offsets):
        for (start, end), word, k, stays in zip(places, chunks.word_ids(c), best[c], spared[c], strict=True):
            first, last, kind = words.get(word, (start, end, None))
            words[word] = (min(first, start), max(last, end), kind or (None if stays else kinds[k]))
    found = []
    for start, end, kind in sorted(place for word, place in words.items() if word is not None and place[2]):
        if not text[start:end].strip():
            continue
        start += len(text[start:end]) - len(text[start:end].lstrip())  # some tokenizers count the space before a word
        if found and kind == found[-1][2] and not text[found[-1][1] : start].strip():
            found[-1] = (found[-1][0], end, kind)  # another word of the same
        else:
            found.append((start, end, kind))
    return found


spans, answers = [personal(text) for text in texts], []
for text, found in zip(texts, spans, strict=True):
    for start, end, kind in reversed(found):  # from the end, so that earlier places stay where they are
        text = f"{text[:start]}[{kind}]{text[end:]}"
    answers.append(text)
labels = ["personal" if found else "clean" for found in spans]
print(*answers, sep="\n")
