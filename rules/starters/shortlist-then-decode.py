"""An encoder labels what it is sure of, a decoder picks for the rest. Needs: pip install sentence-transformers."""

import torch
from sentence_transformers import SentenceTransformer
from transformers import AutoModelForCausalLM, AutoTokenizer

EMBEDDER = "Alibaba-NLP/gte-modernbert-base"
DECODER = "Qwen/Qwen3-4B-Instruct-2507"
CONTEXT = 32768  # most tokens that the decoder reads at once
SHORT = 3  # candidates that the decoder picks from
SURE = 0.1  # the encoder decides alone where its first is ahead of its second by this; choose it on texts of your own

# Your own data here: labels, fifty or more, with what each means or a text of it; and texts to label.
LABELS = {
    "double charge": "The card was charged two times for one order.",
    "late parcel": "The parcel is late.",
    "lost password": "I cannot change my password.",
    "refund": "I want my money back.",
}
texts = ["I paid two times.", "The parcel is two weeks late, and when it came, the box was open, and my money is gone."]

device = "cuda" if torch.cuda.is_available() else "cpu"
embedder = SentenceTransformer(EMBEDDER)
tokenizer = AutoTokenizer.from_pretrained(DECODER)
decoder = AutoModelForCausalLM.from_pretrained(DECODER).to(device).eval()
names, lead = list(LABELS), "" if tokenizer.chat_template else " "
index = embedder.encode([f"{name}: {meaning}" for name, meaning in LABELS.items()], normalize_embeddings=True)


def prompt(text, labels):
    message = "Which label fits the text?\n" + "\n".join(f"{label}: {LABELS[label]}" for label in labels)
    message += f"\nText: {text}\nAnswer with the label only."
    chat = [{"role": "user", "content": message}]
    how = {"tokenize": False, "add_generation_prompt": True, "enable_thinking": False}
    return tokenizer.apply_chat_template(chat, **how) if tokenizer.chat_template else f"{message}\nAnswer:"


def pick(text, labels):
    """The likeliest of the labels after the prompt: nothing but one of them can come out."""
    room = CONTEXT - len(tokenizer(prompt("", labels))["input_ids"]) - 32  # a longer text loses its end
    at = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"][:room]
    head = tokenizer(prompt(text[: at[-1][1]], labels), add_special_tokens=not tokenizer.chat_template)["input_ids"]
    values = []
    for label in labels:
        tail = tokenizer(lead + label, add_special_tokens=False)["input_ids"]
        with torch.inference_mode():
            logits = decoder(torch.tensor([head + tail], device=device)).logits[0, len(head) - 1 : -1]
        values.append(logits.float().log_softmax(-1)[range(len(tail)), tail].mean().item())
    return labels[values.index(max(values))]


labels = []
for text, row in zip(texts, embedder.encode(texts, normalize_embeddings=True) @ index.T, strict=True):
    first, second, *_ = order = (-row).argsort().tolist()
    sure = row[first] - row[second] > SURE
    labels.append(names[first] if sure else pick(text, [names[k] for k in order[:SHORT]]))
    print(labels[-1], "(encoder)" if sure else "(decoder)", text)
