"""Fine-tune an encoder-decoder that lists spans. Needs: pip install torch transformers."""

import re

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

MODEL = "google/flan-t5-base"
CONTEXT = 512  # most tokens that it reads at once
MAX_NEW_TOKENS = 64  # longest list
EPOCHS = 5

# Your own data here: texts with what is to be listed, some hundred or more; and texts to search.
# The list is "name: value; name: value", as T5 has no token for a brace.
train = [
    ("Ada Lovelace was born in London.", "person: Ada Lovelace; place: London"),
    ("The train was late.", "none"),
]
TYPES = ["person", "place"]
texts = ["Grace Hopper came to London.", "In May the office in Cambridge was opened by Alan Turing, born in Paris."]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForSeq2SeqLM.from_pretrained(MODEL, dtype=torch.float32).to(device)

optimizer, losses = torch.optim.AdamW(model.parameters(), lr=1e-4), []
model.train()
for text, wanted in train * EPOCHS:  # one at a time, so that nothing is padded
    batch = tokenizer(text, truncation=True, max_length=CONTEXT, return_tensors="pt").to(device)
    target = tokenizer(text_target=wanted, truncation=True, max_length=MAX_NEW_TOKENS, return_tensors="pt")["input_ids"]
    loss = model(**batch, labels=target.to(device)).loss
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())


def write(text):
    """(name, value) of each part of the list. A text over CONTEXT is read in chunks that overlap."""
    cut = {"truncation": True, "max_length": CONTEXT, "stride": CONTEXT // 8, "return_overflowing_tokens": True}
    chunks = tokenizer(text, **cut, padding=True, return_tensors="pt").to(device)
    del chunks["overflow_to_sample_mapping"]
    with torch.inference_mode():
        out = model.generate(**chunks, max_new_tokens=MAX_NEW_TOKENS, num_beams=4, do_sample=False)
    return read("; ".join(tokenizer.batch_decode(out, skip_special_tokens=True)))


def read(answer):
    return [(name.strip(), value.strip()) for name, value in re.findall(r"([^:;]+):([^:;]+)", answer) if value.strip()]


model.eval()
spans = []
for text in texts:
    kinds = {value: kind for kind, value in write(text) if kind in TYPES}
    names = "|".join(re.escape(name) for name in sorted(kinds, key=len, reverse=True))  # the longest first
    # Wherever a name stands in the text; what was made up stands nowhere.
    spans.append([(*one.span(), kinds[one[0]]) for one in re.finditer(names, text)] if names else [])
    print([(text[start:end], kind) for start, end, kind in spans[-1]], text)
