"""Find spans with an instruction-tuned decoder that answers in JSON. Needs: pip install torch transformers."""

import json
import re

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

MODEL = "Qwen/Qwen3-4B-Instruct-2507"
CONTEXT = 32768  # most tokens that it reads at once
MAX_NEW_TOKENS = 512  # longest answer
TYPES = ["person", "place"]

# Your own data here.
texts = ["Grace Hopper came to London.", "In May the office in Cambridge was opened by Alan Turing, born in Paris."]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL, padding_side="left")  # an answer goes on from the last token
tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token  # many decoders have none
model = AutoModelForCausalLM.from_pretrained(MODEL).to(device).eval()


def prompt(text):
    message = f"List every {' and '.join(TYPES)} in the text, as a JSON list such as "
    message += f'[{{"text": "copied exactly", "type": "{TYPES[0]}"}}], and [] if there is none.\nText: {text}'
    chat = [{"role": "user", "content": message}]
    how = {"tokenize": False, "add_generation_prompt": True, "enable_thinking": False}
    return tokenizer.apply_chat_template(chat, **how) if tokenizer.chat_template else f"{message}\nAnswer:"


def pieces(text):  # as much as leaves room for the prompt and the answer; a longer text is asked in parts
    room = CONTEXT - MAX_NEW_TOKENS - len(tokenizer(prompt(""))["input_ids"]) - 8
    at = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return [text[at[i][0] : at[min(i + room, len(at)) - 1][1]] for i in range(0, len(at), room)]


def ask(prompts):
    # A chat template writes its special tokens itself: a second <bos> would spoil the prompt.
    batch = tokenizer(prompts, add_special_tokens=not tokenizer.chat_template, padding=True, return_tensors="pt")
    with torch.inference_mode():
        out = model.generate(**batch.to(device), max_new_tokens=MAX_NEW_TOKENS, do_sample=False)  # temperature 0
    return tokenizer.batch_decode(out[:, batch["input_ids"].shape[1] :], skip_special_tokens=True)


def read(answer):  # None where the answer is not the list that was asked for
    try:
        items = json.JSONDecoder().raw_decode(answer, answer.index("["))[0]
        return [(item["text"], item["type"]) for item in items if item["text"] and item["type"] in TYPES]
    except (ValueError, TypeError, KeyError):
        return None


spans = []
for text in texts:
    parts = [read(answer) for answer in ask([prompt(piece) for piece in pieces(text)])]
    kinds = dict(pair for part in parts for pair in part or [])
    names = "|".join(re.escape(name) for name in sorted(kinds, key=len, reverse=True))  # the longest first
    # Wherever a name stands in the text; what was made up stands nowhere.
    spans.append([(*one.span(), kinds[one[0]]) for one in re.finditer(names, text)] if names else [])
    print([(text[start:end], kind) for start, end, kind in spans[-1]], "unreadable" if None in parts else "", text)
