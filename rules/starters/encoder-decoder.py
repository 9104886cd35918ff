"""Fine-tune an encoder-decoder that writes a text from a text (T5, BART). Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

MODEL = "google/flan-t5-base"
CONTEXT = 512  # most tokens that it reads at once
MAX_NEW_TOKENS = 64  # longest text to write
PREFIX = "summarize: "  # T5 was trained with one for each task; BART takes none: ""
EPOCHS, BATCH = 3, 4

# Your own data here: texts with what is to be written for them, some hundred or more; and texts to write from.
train = [
    ("In May it was cold in London, and the rain made all the books wet.", "London was cold and wet in May."),
    ("The bridge was closed after the flood; a new one will be built.", "The bridge is closed."),
]
texts = [
    "Take the train to Paris: it is quick, it is cheap, and whoever comes by train can see the bridge and the river."
]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForSeq2SeqLM.from_pretrained(MODEL, dtype=torch.float32).to(device)


def batches(sources, targets):
    for i in range(0, len(sources), BATCH):
        cut = {"truncation": True, "padding": True, "return_tensors": "pt"}
        batch = tokenizer([PREFIX + text for text in sources[i : i + BATCH]], max_length=CONTEXT, **cut)
        labels = tokenizer(text_target=targets[i : i + BATCH], max_length=MAX_NEW_TOKENS, **cut)
        # Padding is not learnt: -100. Its first input, and the shift by one, the model makes of the labels itself.
        batch["labels"] = labels["input_ids"].masked_fill(labels["attention_mask"] == 0, -100)
        yield batch.to(device)


optimizer, losses = torch.optim.AdamW(model.parameters(), lr=1e-4), []
model.train()
for _ in range(EPOCHS):
    for batch in batches(*map(list, zip(*train, strict=True))):
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())


def write(text):
    """A text over CONTEXT is read in parts, and what was written for them is put together."""
    room = CONTEXT - len(tokenizer(PREFIX)["input_ids"]) - 2
    at = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    parts = [PREFIX + text[at[i][0] : at[min(i + room, len(at)) - 1][1]] for i in range(0, len(at), room)]
    batch = tokenizer(parts, padding=True, return_tensors="pt").to(device)
    with torch.inference_mode():
        out = model.generate(**batch, max_new_tokens=MAX_NEW_TOKENS, num_beams=4, do_sample=False)
    return " ".join(answer.strip() for answer in tokenizer.batch_decode(out, skip_special_tokens=True))


model.eval()
answers = [write(text) for text in texts]
print(*answers, sep="\n")
