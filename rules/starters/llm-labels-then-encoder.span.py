"""A decoder lists names once, an encoder learns to tag them and serves. Needs: pip install torch transformers."""

import re

import torch
from transformers import AutoModelForCausalLM, AutoModelForTokenClassification, AutoTokenizer

DECODER = "Qwen/Qwen3-4B-Instruct-2507"
ENCODER = "answerdotai/ModernBERT-base"
CONTEXT = 32768  # most tokens that the decoder reads at once
MAX_NEW_TOKENS, EPOCHS, TYPES = 256, 4, ["person", "place"]

# Your own data here: some thousand texts without labels, of the kind that will come.
texts = ["Grace Hopper came to London.", "In May the office in Cambridge was opened by Alan Turing, born in Paris."]

device = "cuda" if torch.cuda.is_available() else "cpu"
reader, tokenizer = AutoTokenizer.from_pretrained(DECODER), AutoTokenizer.from_pretrained(ENCODER)
decoder = AutoModelForCausalLM.from_pretrained(DECODER).to(device).eval()
encoder = AutoModelForTokenClassification.from_pretrained(ENCODER, num_labels=1 + len(TYPES)).float().to(device)
reads = min(tokenizer.model_max_length, encoder.config.max_position_embeddings)


def asked(text):  # a longer text loses its end: 100 tokens and the answer's are kept free
    text = reader.decode(reader(text, add_special_tokens=False)["input_ids"][: CONTEXT - MAX_NEW_TOKENS - 100])
    message = f"List every {' and '.join(TYPES)} in the text, one a line, such as '{TYPES[0]}: name'.\nText: {text}"
    how = {"conversation": [{"role": "user", "content": message}], "tokenize": False, "add_generation_prompt": True}
    prompt = reader.apply_chat_template(**how, enable_thinking=False) if reader.chat_template else f"{message}\nAnswer:"
    return reader(prompt, add_special_tokens=not reader.chat_template, return_tensors="pt")["input_ids"].to(device)


def read(text):  # the pieces' places and logits; a text over what the encoder reads at once is read in chunks
    cut = {"truncation": True, "max_length": reads, "stride": reads // 8, "return_overflowing_tokens": True}
    chunks = tokenizer(text, **cut, return_offsets_mapping=True, padding=True, return_tensors="pt").to(device)
    del chunks["overflow_to_sample_mapping"]
    return chunks.pop("offset_mapping").flatten(0, 1).tolist(), encoder(**chunks).logits.flatten(0, 1)


data = {}  # each text's (start, end, type); check some hundred by hand before going on
for text in texts:
    out = decoder.generate(head := asked(text), max_new_tokens=MAX_NEW_TOKENS, do_sample=False)  # temperature 0
    names = re.findall(rf"({'|'.join(TYPES)}): (.+)", reader.decode(out[0, head.shape[1] :], skip_special_tokens=True))
    data[text] = [(*m.span(), TYPES.index(kind)) for kind, name in names for m in re.finditer(re.escape(name), text)]

optimizer, losses, spans = torch.optim.AdamW(encoder.train().parameters(), lr=5e-5), [], []
for text, names in list(data.items()) * EPOCHS:
    offsets, logits = read(text)
    kinds = [next((1 + kind for s, e, kind in names if s < b and a < e), 0) if a < b else -100 for a, b in offsets]
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor(kinds, device=device))  # -100, no text: not scored
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())

encoder.eval()
for text, (offsets, logits) in zip(texts, map(read, texts), strict=True):
    kinds = {i: k for (a, b), k in zip(offsets, logits.argmax(-1).tolist(), strict=True) for i in range(a, b)}
    row = "".join(" " if letter.isspace() else str(kinds.get(i, 0)) for i, letter in enumerate(text))
    runs = re.finditer(r"([1-9])(?:\1| (?=\1))*", row)  # letters of one type, and the spaces between
    spans.append([(*run.span(), TYPES[int(run[1]) - 1]) for run in runs])
print(spans)
