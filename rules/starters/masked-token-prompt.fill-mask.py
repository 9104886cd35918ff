"""Fill the gaps of a text with an encoder. Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

MODEL = "answerdotai/ModernBERT-base"
CONTEXT = 8192  # most tokens that it reads at once
BEST = 5  # words to show for each gap

# Your own data here, with ___ for each gap.
texts = [
    "Take the train to ___; it is quick.",
    "In May it is cold in London, and the ___ that falls from the clouds makes all the books and the paper ___.",
]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL)  # its mask token is [MASK] in BERT, <mask> in RoBERTa
model = AutoModelForMaskedLM.from_pretrained(MODEL).to(device).eval()


def fill(text):
    """The likeliest tokens for each gap, in order; a longer word takes a gap for each of its pieces."""
    # A window is cut around each gap where the text is over CONTEXT; the special tokens at its ends are kept.
    ids = tokenizer(text.replace("___", tokenizer.mask_token))["input_ids"]
    found = []
    for place in [i for i, id in enumerate(ids) if id == tokenizer.mask_token_id]:
        start = max(0, min(place - CONTEXT // 2, len(ids) - CONTEXT))
        window = ids[start : start + CONTEXT]
        window[0], window[-1] = ids[0], ids[-1]
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([window], device=device)).logits
        top = logits[0, place - start].softmax(-1).topk(BEST)
        words = [tokenizer.decode([id]).strip() for id in top.indices.tolist()]
        found.append(list(zip(words, top.values.tolist(), strict=True)))
    return found


filled = [fill(text) for text in texts]
labels = [[gap[0][0] for gap in gaps] for gaps in filled]  # the likeliest word of each gap
scores = [[gap[0][1] for gap in gaps] for gaps in filled]  # and how likely it is
for text, gaps in zip(texts, filled, strict=True):
    print(text, *(", ".join(f"{word} {p:.2f}" for word, p in gap) for gap in gaps), sep="\n  ")
