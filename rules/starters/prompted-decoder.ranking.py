"""Order documents with an instruction-tuned decoder that sees all of them. Needs: pip install torch transformers."""

import re

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

MODEL = "Qwen/Qwen3-4B-Instruct-2507"
CONTEXT = 32768  # most tokens that it reads at once
MAX_NEW_TOKENS = 32  # longest answer

# Your own data here: a query, and the 20 or so documents that a search brought, best first.
query = "how is the weather in London"
documents = [
    "The guitar has six strings and is tuned in fourths.",
    "In May it is cold in London, and the rain that falls from the clouds makes all the books and the paper wet.",
    "Fish live in water, birds live in a tree.",
    "Take the train to Paris; it is quick and it is cheap.",
]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL, padding_side="left")  # an answer goes on from the last token
tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token  # many decoders have none
model = AutoModelForCausalLM.from_pretrained(MODEL).to(device).eval()


def prompt(passages):
    message = f"Order the passages by how well they answer: {query}\n"
    message += "\n".join(f"[{k}] {passage}" for k, passage in enumerate(passages, 1))
    message += "\nAnswer with the numbers only, best first, such as [2] > [1]."
    chat = [{"role": "user", "content": message}]
    how = {"tokenize": False, "add_generation_prompt": True, "enable_thinking": False}
    return tokenizer.apply_chat_template(chat, **how) if tokenizer.chat_template else f"{message}\nAnswer:"


def ask(text):
    # A chat template writes its special tokens itself: a second <bos> would spoil the prompt.
    batch = tokenizer(text, add_special_tokens=not tokenizer.chat_template, return_tensors="pt").to(device)
    with torch.inference_mode():
        out = model.generate(**batch, max_new_tokens=MAX_NEW_TOKENS, do_sample=False)  # temperature 0
    return tokenizer.decode(out[0, batch["input_ids"].shape[1] :], skip_special_tokens=True)


# All passages stand in one prompt, so that each gets an equal share of what is left of CONTEXT; the rest is cut off.
room = CONTEXT - MAX_NEW_TOKENS - len(tokenizer(prompt([""] * len(documents)))["input_ids"])
share = max(room // len(documents) - 2, 1)
ids = [tokenizer(text, add_special_tokens=False)["input_ids"][:share] for text in documents]
answer = ask(prompt([tokenizer.decode(one) for one in ids]))

numbers = [int(number) - 1 for number in re.findall(r"\d+", answer)]
ranking = list(dict.fromkeys(k for k in numbers if 0 <= k < len(documents)))  # each once, none made up
ranking += [k for k in range(len(documents)) if k not in ranking]  # what was left out keeps its order
for k in ranking:
    print(documents[k])
