"""A decoder labels texts once, an encoder learns from them and serves. Needs: pip install torch transformers."""

import torch
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

DECODER = "Qwen/Qwen3-4B-Instruct-2507"
ENCODER = "answerdotai/ModernBERT-base"
CONTEXT = 32768  # most tokens that the decoder reads at once
EPOCHS = 4
LABELS = {"A": "praise", "B": "complaint"}  # by letters, so that an answer is one token

# Your own data here: some thousand texts without labels, of the kind that will come.
texts = [
    "The staff were kind and the room was spotless.",
    "We waited an hour, the food was cold, and my money is gone.",
]

device = "cuda" if torch.cuda.is_available() else "cpu"
reader, tokenizer = AutoTokenizer.from_pretrained(DECODER), AutoTokenizer.from_pretrained(ENCODER)
decoder = AutoModelForCausalLM.from_pretrained(DECODER).to(device).eval()


def asked(text):  # 200 tokens of CONTEXT are the prompt's; a longer text loses its end
    text = reader.decode(reader(text, add_special_tokens=False)["input_ids"][: CONTEXT - 200])
    message = f"Label the text: {LABELS}. Answer with the letter only.\nText: {text}"
    chat = [{"role": "user", "content": message}]
    how = {"tokenize": False, "add_generation_prompt": True, "enable_thinking": False}
    prompt = reader.apply_chat_template(chat, **how) if reader.chat_template else f"{message}\nAnswer:"
    return reader(prompt, add_special_tokens=not reader.chat_template, return_tensors="pt")["input_ids"].to(device)


def read(texts):  # a text over what the encoder reads at once is read in chunks that overlap
    cut = {"truncation": True, "max_length": reads, "stride": reads // 8, "return_overflowing_tokens": True}
    chunks = tokenizer(list(texts), **cut, padding=True, return_tensors="pt").to(device)
    owner = chunks.pop("overflow_to_sample_mapping")
    logits = encoder(**chunks).logits
    return torch.stack([logits[owner == i].mean(0) for i in range(len(texts))])


lead = "" if reader.chat_template else " "
letters = [reader.encode(lead + letter, add_special_tokens=False)[-1] for letter in LABELS]
with torch.inference_mode():  # once; check some hundred of these labels by hand before going on
    given = [int(decoder(asked(text)).logits[0, -1, letters].argmax()) for text in texts]

encoder = AutoModelForSequenceClassification.from_pretrained(ENCODER, num_labels=len(LABELS), dtype=torch.float32)
reads = min(tokenizer.model_max_length, encoder.to(device).config.max_position_embeddings)

optimizer, losses = torch.optim.AdamW(encoder.train().parameters(), lr=3e-5), []
for batch, wanted in DataLoader(list(zip(texts, given, strict=True)) * EPOCHS, batch_size=4, shuffle=True):
    loss = torch.nn.functional.cross_entropy(read(batch), wanted.to(device))
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())

encoder.eval()
with torch.inference_mode():
    labels = [list(LABELS.values())[k] for k in read(texts).argmax(-1).tolist()]
print(*zip(labels, texts, strict=True), sep="\n")
