"""Fine-tune a decoder that writes JSON records (LoRA). Needs: pip install torch transformers peft."""

import json

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

MODEL = "Qwen/Qwen3-1.7B-Base"
CONTEXT = 32768  # most tokens that it reads at once
MAX_NEW_TOKENS = 128  # longest answer
EPOCHS = 3
PROMPT = "As JSON: {}\nJSON: "

# Your own data here: texts with what is to be written for them, some hundred or more; and texts to answer.
train = [
    ("A guitar for 120 dollars, to be fetched in London.", '{"item": "guitar", "price": 120, "city": "London"}'),
    ("Who wants my old books? They are in Paris.", '{"item": "old books", "price": null, "city": "Paris"}'),
]
texts = ["A spoon for 2 dollars.", "It was cold. My old books can be had for 15 dollars in Paris, before the rain."]

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
records = []
for text in texts:
    head = torch.tensor([asked(text)], device=device)
    with torch.inference_mode():
        out = model.generate(input_ids=head, attention_mask=torch.ones_like(head), **how)
    try:
        record = json.loads(tokenizer.decode(out[0, head.shape[1] :], skip_special_tokens=True))
        records.append({name: record[name] for name in json.loads(train[0][1])})  # each of the fields
    except (ValueError, KeyError, TypeError):
        records.append(None)  # such texts need a person
    print(records[-1] or "unreadable", text)
