"""Correct a text token by token with an MLM head that was trained for it. Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

MODEL = "shibing624/macbert4csc-base-chinese"  # for each character: itself, or the one that should stand there
CONTEXT = 512  # most tokens that it reads at once
SURE = 0.7  # less sure changes are not made; higher spares more right characters

# Your own data here.
texts = ["今天新情很好", "你找到你最喜欢的工作，我也很高心。我们明天一起坐火车去北京，听说那里的天汽很好。"]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForMaskedLM.from_pretrained(MODEL).to(device).eval()


def edits(text):
    """(start, end, replacement) of each change. The wrong character is read itself: no [MASK] is put in."""
    cut = {"truncation": True, "max_length": CONTEXT, "stride": CONTEXT // 8, "return_overflowing_tokens": True}
    chunks = tokenizer(text, **cut, return_offsets_mapping=True, padding=True, return_tensors="pt").to(device)
    del chunks["overflow_to_sample_mapping"]
    offsets = chunks.pop("offset_mapping").tolist()
    with torch.inference_mode():
        sure, best = model(**chunks).logits.softmax(-1).max(-1)
    found = {}
    for c, places in enumerate(offsets):
        for k, (start, end) in enumerate(places):
            old, new = chunks["input_ids"][c, k].item(), best[c, k].item()
            word = tokenizer.convert_ids_to_tokens(new)
            changed = new != old and sure[c, k] > SURE and new not in tokenizer.all_special_ids
            if changed and len(word) == end - start:  # one character for one; [UNK] and special tokens are left alone
                found[start] = (start, end, word)
    return [found[start] for start in sorted(found)]  # where chunks overlap, one change for each place


spans, answers = [edits(text) for text in texts], []
for text, changes in zip(texts, spans, strict=True):
    for start, end, word in reversed(changes):  # from the end, so that earlier places stay where they are
        text = text[:start] + word + text[end:]
    answers.append(text)
labels = ["wrong" if changes else "right" for changes in spans]
for text, answer, label in zip(texts, answers, labels, strict=True):
    print(label, text, "->", answer)
