"""One encoder reads intent and slots of a turn, a decoder words the reply. Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForCausalLM, AutoModelForTokenClassification, AutoTokenizer

ENCODER = "answerdotai/ModernBERT-base"
DECODER = "Qwen/Qwen3-4B-Instruct-2507"
CONTEXT = 32768  # most tokens that the decoder reads at once
INTENTS = {"book": "ask for how many people", "cancel": "say that the money comes back"}  # with what is to be done
SLOTS = ["none", "city", "month"]
MAX_NEW_TOKENS = 64  # longest reply
EPOCHS = 5

# Your own data here: turns with intent and slots to learn from, and turns to answer.
train = [("to Paris in May", "book", {"Paris": "city", "May": "month"}), ("cancel Rome", "cancel", {"Rome": "city"})]
texts = ["I need a train to London in May", "cancel it"]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer, writer = AutoTokenizer.from_pretrained(ENCODER), AutoTokenizer.from_pretrained(DECODER)
decoder = AutoModelForCausalLM.from_pretrained(DECODER).to(device).eval()
encoder = AutoModelForTokenClassification.from_pretrained(ENCODER, num_labels=len(SLOTS)).float().to(device)
intent = torch.nn.Linear(encoder.config.hidden_size, len(INTENTS)).to(device)  # a second head on the same encoder


def read(text):
    batch = tokenizer(text, truncation=True, return_offsets_mapping=True, return_tensors="pt").to(device)
    offsets, out = batch.pop("offset_mapping")[0].tolist(), encoder(**batch, output_hidden_states=True)
    return offsets, out.logits[0], intent(out.hidden_states[-1][0, 0])


optimizer, losses = torch.optim.AdamW([*encoder.train().parameters(), *intent.parameters()], lr=5e-5), []
for text, name, slots in train * EPOCHS:
    offsets, tags, logits = read(text)
    at = [(text.index(value), text.index(value) + len(value), SLOTS.index(slot)) for value, slot in slots.items()]
    kinds = [next((k for s, e, k in at if a < e and s < b), 0) if a < b else -100 for a, b in offsets]  # -100: no text
    loss = torch.nn.functional.cross_entropy(tags, torch.tensor(kinds, device=device))
    loss += torch.nn.functional.cross_entropy(logits, torch.tensor(list(INTENTS).index(name), device=device))
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())

encoder.eval()
records, answers = [], []
for text in texts:
    offsets, tags, logits = read(text)
    record = {"intent": list(INTENTS)[logits.argmax()]}
    for k, slot in enumerate(SLOTS[1:], 1):
        found = [place for place, tag in zip(offsets, tags.argmax(-1), strict=True) if tag == k and place[0] < place[1]]
        record |= {slot: text[found[0][0] : found[-1][1]].strip()} if found else {}
    message = f"Answer a customer in one sentence: {INTENTS[record['intent']]}. Understood: {record}\nCustomer: "
    room = CONTEXT - MAX_NEW_TOKENS - len(writer(message)["input_ids"]) - 50  # 50 for the chat template
    message += writer.decode(writer(text)["input_ids"][: max(room, 0)], skip_special_tokens=True)
    how = {"conversation": [{"role": "user", "content": message}], "tokenize": False, "add_generation_prompt": True}
    prompt = writer.apply_chat_template(**how, enable_thinking=False) if writer.chat_template else f"{message}\nAnswer:"
    batch = writer(prompt, add_special_tokens=not writer.chat_template, return_tensors="pt").to(device)
    out = decoder.generate(**batch, max_new_tokens=MAX_NEW_TOKENS, do_sample=True, temperature=0.3)
    answers.append(writer.decode(out[0, batch["input_ids"].shape[1] :], skip_special_tokens=True).strip())
    records.append({**record, "reply": answers[-1]})
    print(records[-1])
