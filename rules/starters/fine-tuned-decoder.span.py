"""Fine-tune a decoder that lists spans (LoRA). Needs: pip install torch transformers peft."""

import re

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

MODEL = "Qwen/Qwen3-1.7B-Base"
CONTEXT = 32768  # most tokens that it reads at once
MAX_NEW_TOKENS = 128  # longest answer
EPOCHS = 3
PROMPT = "List names.\nText: {}\nNames:\n"

# Your own data here: texts with what is to be written for them, some hundred or more; and texts to answer.
rows = [
    ("Ada Lovelace was born in London.", [("Ada Lovelace", "person"), ("London", "place")]),
    ("The train was late.", []),
]
train = [(text, "\n".join(f"{kind}: {name}" for name, kind in names) or "none") for text, names in rows]
texts = ["Grace Hopper came to London.", "In May the office in Cambridge was opened by Alan Turing, born in Paris."]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForCausalLM.from_pretrained(MODEL).to(device)
model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=16, lora_alpha=32, target_modules="all-linear"))


def asked(text):  # a text too long for CONTEXT loses its end; the prompt's end and the answer's room are kept
    room = CONTEXT - MAX_NEW_TOKENS - len(tokenizer(PROMPT)["input_ids"]) - 2
    at = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return tokenizer(PROMPT.format(text[: at[:room][-1][1]]))["input_ids"]


optimizer, losses = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=2e-4), []
model.train()
for head, answer in [(asked(text), answer) for text, answer in train] * EPOCHS:  # one at a time: nothing is padded
    tail = tokenizer(answer, add_special_tokens=False)["input_ids"][: MAX_NEW_TOKENS - 1]
    tail.append(tokenizer.eos_token_id)  # learnt, too: else it would never stop
    target = torch.tensor([[-100] * len(head) + tail], device=device)  # what was asked is not learnt
    loss = model(input_ids=torch.tensor([head + tail], device=device), labels=target).loss
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())

model.eval()
how = {"max_new_tokens": MAX_NEW_TOKENS, "do_sample": False, "pad_token_id": tokenizer.eos_token_id}  # temperature 0
spans = []
for text in texts:
    head = torch.tensor([asked(text)], device=device)
    with torch.inference_mode():
        out = model.generate(input_ids=head, attention_mask=torch.ones_like(head), **how)
    answer, found = tokenizer.decode(out[0, head.shape[1] :], skip_special_tokens=True), []
    for kind, name in re.findall(r"^(\w+): (.+)$", answer, re.M):
        for one in re.finditer(re.escape(name), text):  # a name that is not in the text is dropped
            if all(one.end() <= start or end <= one.start() for start, end, _ in found):
                found.append((*one.span(), kind))
    spans.append(sorted(found))
    print([(text[start:end], kind) for start, end, kind in spans[-1]], text)
