"""Fine-tune an encoder-decoder that lists a record's fields. Needs: pip install torch transformers."""

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
    ("A guitar for 120 dollars, to be fetched in London.", "item: guitar; price: 120; city: London"),
    ("Who wants my old books? They are in Paris.", "item: old books; city: Paris"),
]
FIELDS = ["item", "price", "city"]
texts = ["A spoon for 2 dollars.", "It was cold. My old books can be had for 15 dollars in Paris, before the rain."]

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
records = []
for text in texts:
    told = dict(reversed(write(text)))  # the first value of each field
    records.append({name: told.get(name) for name in FIELDS})
    print(records[-1], text)
