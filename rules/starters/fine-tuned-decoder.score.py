"""Fine-tune a decoder that gives a score (LoRA). Needs: pip install torch transformers peft."""

import torch
from peft import LoraConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, AutoTokenizer

MODEL = "Qwen/Qwen3-1.7B-Base"
CONTEXT = 32768  # most tokens that it reads at once
EPOCHS = 4

# Your own data here: texts with their scores to learn from, and texts to score.
train = [
    ("The essay argues clearly and backs every claim with a source.", 5.0),
    ("A clear argument, though the second half repeats the first.", 4.0),
    ("Some good ideas, but they do not hang together.", 2.5),
    ("There is no argument, only a list of opinions.", 1.0),
]
texts = ["The argument is clear and every claim has a source.", "A list of claims, without any argument or source."]
known = torch.tensor([score for _, score in train])
mean, spread = known.mean().item(), known.std().item()  # learnt about zero with a spread of one, which is quicker

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
tokenizer = AutoTokenizer.from_pretrained(MODEL, padding_side="right")
tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token  # many decoders have none
model = AutoModelForSequenceClassification.from_pretrained(MODEL, num_labels=1).to(device)
# The head reads the last token that is not padding, and must be told which that is.
model.config.pad_token_id = tokenizer.pad_token_id
model = get_peft_model(model, LoraConfig(task_type="SEQ_CLS", r=16, lora_alpha=32, target_modules="all-linear"))


def read(texts):
    # A text over CONTEXT is read in chunks that overlap; its logits are the mean of theirs.
    cut = {"truncation": True, "max_length": CONTEXT, "stride": CONTEXT // 8, "return_overflowing_tokens": True}
    chunks = tokenizer(list(texts), **cut, padding=True, return_tensors="pt").to(device)
    owner = chunks.pop("overflow_to_sample_mapping")
    logits = model(**chunks).logits.float()
    return torch.stack([logits[owner == i].mean(0) for i in range(len(texts))])


optimizer, losses = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=2e-4), []
model.train()
for _ in range(EPOCHS):
    for batch, wanted in DataLoader(train, batch_size=8, shuffle=True):
        target = ((wanted.float() - mean) / spread).to(device)
        loss = torch.nn.functional.mse_loss(read(batch).squeeze(-1), target)  # (n, 1) against (n) would be broadcast
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())

model.eval()
with torch.inference_mode():
    scores = (read(texts).squeeze(-1) * spread + mean).tolist()
for text, score in zip(texts, scores, strict=True):
    print(f"{score:.2f}  {text}")
