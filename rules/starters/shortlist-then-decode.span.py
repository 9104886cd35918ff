"""An encoder picks sentences, a decoder finds the spans in them. Needs: pip install sentence-transformers."""

import json
import re

import torch
from sentence_transformers import SentenceTransformer
from transformers import AutoModelForCausalLM, AutoTokenizer

EMBEDDER = "Alibaba-NLP/gte-modernbert-base"
DECODER = "Qwen/Qwen3-4B-Instruct-2507"
CONTEXT = 32768  # most tokens that the decoder reads at once
MAX_NEW_TOKENS = 256  # longest answer
TYPES = {"person": "someone's name", "place": "the name of a place"}
SHORT = 3  # sentences of each text that the decoder reads, for each type

# Your own data here: long texts.
texts = ["Fish live in water. In May, Alan Turing came to Cambridge. The rain is cold. Birds live in a tree."]

device = "cuda" if torch.cuda.is_available() else "cpu"
embedder = SentenceTransformer(EMBEDDER)
tokenizer = AutoTokenizer.from_pretrained(DECODER)
decoder = AutoModelForCausalLM.from_pretrained(DECODER).to(device).eval()
wanted = embedder.encode_query(list(TYPES.values()), normalize_embeddings=True)


def prompt(text):
    message = f"List every {' and '.join(TYPES)} in the text, as a JSON list such as "
    message += f'[{{"text": "copied exactly", "type": "{next(iter(TYPES))}"}}], and [] if there is none.\nText: {text}'
    chat = [{"role": "user", "content": message}]
    how = {"tokenize": False, "add_generation_prompt": True, "enable_thinking": False}
    return tokenizer.apply_chat_template(chat, **how) if tokenizer.chat_template else f"{message}\nAnswer:"


def ask(text):
    batch = tokenizer([prompt(text)], add_special_tokens=not tokenizer.chat_template, return_tensors="pt").to(device)
    with torch.inference_mode():
        out = decoder.generate(**batch, max_new_tokens=MAX_NEW_TOKENS, do_sample=False)  # temperature 0
    answer = tokenizer.decode(out[0, batch["input_ids"].shape[1] :], skip_special_tokens=True)
    try:
        items = json.JSONDecoder().raw_decode(answer, answer.index("["))[0]
        return {item["text"]: item["type"] for item in items if item["text"] and item["type"] in TYPES}
    except (ValueError, TypeError, KeyError):
        return {}


spans, room = [], CONTEXT - MAX_NEW_TOKENS - len(tokenizer(prompt(""))["input_ids"])
for text in texts:
    found = []
    places = [match.span() for match in re.finditer(r"[^.!?。！？]+[.!?。！？]?", text)]  # sentences
    near = embedder.encode_document([text[start:end] for start, end in places], normalize_embeddings=True) @ wanted.T
    for k in sorted({k for column in near.T for k in (-column).argsort()[:SHORT].tolist()}):
        sentence = text[slice(*places[k])]
        kinds = ask(tokenizer.decode(tokenizer(sentence, add_special_tokens=False)["input_ids"][:room]))
        names = "|".join(re.escape(name) for name in sorted(kinds, key=len, reverse=True)) or r"(?!)"
        hits = [(*one.span(), kinds[one[0]]) for one in re.finditer(names, sentence)]  # what was made up is nowhere
        found += [(places[k][0] + start, places[k][0] + end, kind) for start, end, kind in hits]
    spans.append(found)
    print([(text[start:end], kind) for start, end, kind in found])
