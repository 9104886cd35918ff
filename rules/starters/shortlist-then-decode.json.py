"""An encoder picks sentences, a decoder makes a JSON record of them. Needs: pip install sentence-transformers."""

import json
import re

import torch
from sentence_transformers import SentenceTransformer
from transformers import AutoModelForCausalLM, AutoTokenizer

EMBEDDER = "Alibaba-NLP/gte-modernbert-base"
DECODER = "Qwen/Qwen3-4B-Instruct-2507"
CONTEXT = 32768  # most tokens that the decoder reads at once
MAX_NEW_TOKENS = 256  # longest answer
FIELDS = {"item": "what is for sale", "price": "how much money it costs", "city": "where it can be fetched"}
SHORT = 2  # sentences of each text that the decoder reads, for each field

# Your own data here: long texts.
texts = [
    "Fish live in water. My old guitar is for sale. The rain is cold. Birds live in a tree. It costs 120 dollars. The "
    "guitar has six strings. My parcel is late. It can be fetched in London in May.",
]

device = "cuda" if torch.cuda.is_available() else "cpu"
embedder = SentenceTransformer(EMBEDDER)
tokenizer = AutoTokenizer.from_pretrained(DECODER)
decoder = AutoModelForCausalLM.from_pretrained(DECODER).to(device).eval()
wanted = embedder.encode_query(list(FIELDS.values()), normalize_embeddings=True)


def prompt(text):
    message = f"Take from the text, as JSON: {json.dumps(FIELDS)}. Write null for what it does not say.\nText: {text}"
    chat = [{"role": "user", "content": message}]
    how = {"tokenize": False, "add_generation_prompt": True, "enable_thinking": False}
    return tokenizer.apply_chat_template(chat, **how) if tokenizer.chat_template else f"{message}\nAnswer:"


def ask(text):
    # A text that is still too long for CONTEXT loses its end; the prompt's end and the answer's room are kept.
    room = CONTEXT - MAX_NEW_TOKENS - len(tokenizer(prompt(""))["input_ids"]) - 2
    at = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"][:room]
    chat = [prompt(text[: at[-1][1]])]
    batch = tokenizer(chat, add_special_tokens=not tokenizer.chat_template, return_tensors="pt").to(device)
    with torch.inference_mode():
        out = decoder.generate(**batch, max_new_tokens=MAX_NEW_TOKENS, do_sample=False)  # temperature 0
    return tokenizer.decode(out[0, batch["input_ids"].shape[1] :], skip_special_tokens=True)


records = []
for text in texts:
    sentences = re.findall(r"[^.!?。！？]+[.!?。！？]?", text)
    near = embedder.encode_document(sentences, normalize_embeddings=True) @ wanted.T
    kept = sorted({k for column in near.T for k in (-column).argsort()[:SHORT].tolist()})  # in the text's order
    answer = ask("".join(sentences[k] for k in kept))
    try:
        told = json.JSONDecoder().raw_decode(answer, answer.index("{"))[0]
        records.append({field: told[field] for field in FIELDS})
    except (ValueError, KeyError):
        records.append(None)  # not the record that was asked for
    print(records[-1] or f"unreadable: {answer}")
