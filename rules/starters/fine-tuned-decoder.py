"""Fine-tune a decoder that writes (LoRA). Needs: pip install torch transformers peft."""

import torch
from peft import LoraConfig, get_peft_model
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModelForCausalLM, AutoTokenizer

MODEL = "Qwen/Qwen3-1.7B-Base"
CONTEXT = 32768  # most tokens that it reads at once
MAX_NEW_TOKENS = 128  # longest answer
EPOCHS, BATCH = 3, 4
PROMPT = "Write a sentence from the data.\nData: {}\nSentence: "

# Your own data here: texts with what is to be written for them, some hundred or more; and texts to answer.
train = [
    ("item: guitar; price: 120; city: London", "The guitar costs 120 dollars and can be fetched in London."),
    ("item: old bridge; price: none; city: Rome", "The old bridge is in Rome and cannot be bought."),
]
texts = ["item: train; price: 300; city: Paris", "item: books; price: 20; city: London; state: old and wet"]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForCausalLM.from_pretrained(MODEL).to(device)
model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=16, lora_alpha=32, target_modules="all-linear"))


def asked(text):  # a text too long for CONTEXT loses its end; the prompt's end and the answer's room are kept
    room = CONTEXT - MAX_NEW_TOKENS - len(tokenizer(PROMPT)["input_ids"]) - 2
    at = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return tokenizer(PROMPT.format(text[: at[:room][-1][1]]))["input_ids"]


rows = []
for text, answer in train:
    tail = tokenizer(answer, add_special_tokens=False)["input_ids"][: MAX_NEW_TOKENS - 1]
    rows.append((asked(text), [*tail, tokenizer.eos_token_id]))  # eos is learnt, too: else it would never stop

optimizer, losses = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=2e-4), []
model.train()
for i in list(range(0, len(rows), BATCH)) * EPOCHS:
    some = [(torch.tensor(head + tail), torch.tensor([-100] * len(head) + tail)) for head, tail in rows[i : i + BATCH]]
    ids = pad_sequence([ids for ids, _ in some], batch_first=True)
    # -100: neither what was asked is learnt nor the padding. The mask is not made from ids, as padding may be eos.
    target = pad_sequence([target for _, target in some], batch_first=True, padding_value=-100)
    mask = pad_sequence([torch.ones_like(ids) for ids, _ in some], batch_first=True)
    loss = model(input_ids=ids.to(device), attention_mask=mask.to(device), labels=target.to(device)).loss
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())

model.eval()
how = {"max_new_tokens": MAX_NEW_TOKENS, "do_sample": False, "pad_token_id": tokenizer.eos_token_id}  # temperature 0
answers = []
for text in texts:
    head = torch.tensor([asked(text)], device=device)
    with torch.inference_mode():
        out = model.generate(input_ids=head, attention_mask=torch.ones_like(head), **how)
    answers.append(tokenizer.decode(out[0, head.shape[1] :], skip_special_tokens=True).strip())
    print(answers[-1])
