"""Fine-tune a decoder that orders documents (LoRA). Needs: pip install torch transformers peft."""

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForSequenceClassification, AutoTokenizer

MODEL = "Qwen/Qwen3-1.7B-Base"
CONTEXT = 32768  # most tokens that it reads at once
EPOCHS = 4

# Your own data here: queries with a right document and a near miss to learn from, and documents to order.
train = [
    ("how do I get to Paris", "Take the train to Paris; it is quick.", "Paris is a prince of Troy in an old tale."),
    ("where do fish live", "Fish live in water.", "Birds live in a tree."),
    ("when was the bridge closed", "The bridge was closed in May.", "The bridge is 200 metres long."),
]
query = "how is the weather in London"
documents = [
    "The guitar has six strings and is tuned in fourths.",
    "In May it is cold in London, and the rain that falls from the clouds makes all the books and the paper wet.",
    "Fish live in water, birds live in a tree.",
    "Take the train to Paris; it is quick and it is cheap.",
]

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
tokenizer = AutoTokenizer.from_pretrained(MODEL, padding_side="right")
tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token  # many decoders have none
model = AutoModelForSequenceClassification.from_pretrained(MODEL, num_labels=1).to(device)
# The head reads the last token that is not padding, and must be told which that is.
model.config.pad_token_id = tokenizer.pad_token_id
model = get_peft_model(model, LoraConfig(task_type="SEQ_CLS", r=16, lora_alpha=32, target_modules="all-linear"))


def score(query, documents):
    # A document over CONTEXT is read in chunks that overlap, each after the query; the best chunk counts.
    cut = {"truncation": "only_second", "max_length": CONTEXT, "stride": CONTEXT // 8, "padding": True}
    queries = [f"Query: {query}\nDocument:"] * len(documents)
    chunks = tokenizer(queries, documents, **cut, return_overflowing_tokens=True, return_tensors="pt").to(device)
    owner = chunks.pop("overflow_to_sample_mapping")
    logits = model(**chunks).logits.float().squeeze(-1)
    return torch.stack([logits[owner == i].max() for i in range(len(documents))])


optimizer, losses = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=2e-4), []
model.train()
for question, right, wrong in train * EPOCHS:
    # The right document is to be chosen among those that were shown: an order is learnt, not a scale.
    loss = torch.nn.functional.cross_entropy(score(question, [right, wrong]), torch.tensor(0, device=device))
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())

model.eval()
with torch.inference_mode():
    scores = score(query, documents).tolist()
ranking = sorted(range(len(documents)), key=lambda k: -scores[k])
for k in ranking:
    print(f"{scores[k]:.3f}  {documents[k]}")
