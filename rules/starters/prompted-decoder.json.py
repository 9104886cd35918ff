"""Turn texts into JSON records with an instruction-tuned decoder. Needs: pip install torch transformers."""

import json

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

MODEL = "Qwen/Qwen3-4B-Instruct-2507"
CONTEXT = 32768  # most tokens that it reads at once
MAX_NEW_TOKENS = 256  # longest answer
FIELDS = {"item": str, "price": (int, float), "city": str}

# Your own data here.
texts = [
    "A guitar for 120 dollars, to be fetched in London.",
    "Yesterday the train was late and it was cold. Whoever wants my old books can have them for 15 dollars in Paris.",
]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL, padding_side="left")  # an answer goes on from the last token
tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token  # many decoders have none
model = AutoModelForCausalLM.from_pretrained(MODEL).to(device).eval()


def prompt(text):
    message = f"Take from the text, as JSON: {', '.join(FIELDS)}. Write null for what it does not say.\nText: {text}"
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


def read(answer):  # None where the answer is not the record that was asked for
    try:
        record = json.JSONDecoder().raw_decode(answer, answer.index("{"))[0]
        right = all(record[name] is None or isinstance(record[name], kind) for name, kind in FIELDS.items())
        return {name: record[name] for name in FIELDS} if right else None
    except (ValueError, KeyError):
        return None


records = []
for text in texts:
    parts = [part for answer in ask([prompt(piece) for piece in pieces(text)]) if (part := read(answer))]
    told = {name: [part[name] for part in parts if part[name] is not None] for name in FIELDS}
    records.append({name: (values or [None])[0] for name, values in told.items()} if parts else None)
    print(records[-1] or "unreadable", text)
