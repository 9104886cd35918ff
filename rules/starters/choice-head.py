"""Fine-tune an encoder that scores each option of a question. Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForMultipleChoice, AutoTokenizer

MODEL = "answerdotai/ModernBERT-base"
CONTEXT = 8192  # most tokens that it reads at once
EPOCHS = 4

# Your own data here: question (or passage and question), options, the right one's number; and questions to answer.
train = [
    ("What do you use to cut paper?", ["scissors", "a spoon", "a pillow"], 0),
    ("Where do fish live?", ["in a tree", "in water", "in a book"], 1),
    ("What falls from clouds?", ["stones", "milk", "rain"], 2),
]
questions = [
    ("Where do birds live?", ["in a tree", "in a spoon"]),
    ("In May the clouds are heavy, the paper is wet, and all the books are too. What fell?", ["rain", "books", "milk"]),
]

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForMultipleChoice.from_pretrained(MODEL, dtype=torch.float32).to(device)


def read(question, options):
    """One logit for each option. The number of options may differ between questions."""
    # The question's end asks, so where the two are over CONTEXT, the question loses its beginning; an option is whole.
    room = (
        CONTEXT - tokenizer.num_special_tokens_to_add(pair=True) - max(len(tokenizer(o)["input_ids"]) for o in options)
    )
    at = tokenizer(question, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    question = question[at[-room][0] :] if len(at) > room else question
    batch = tokenizer([question] * len(options), options, padding=True, return_tensors="pt").to(device)
    return model(**{name: values.unsqueeze(0) for name, values in batch.items()}).logits[0]  # (1, options, tokens)


optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5)
losses = []
model.train()
for question, options, right in train * EPOCHS:
    loss = torch.nn.functional.cross_entropy(read(question, options), torch.tensor(right, device=device))
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())

model.eval()
with torch.inference_mode():
    scores = [read(question, options).softmax(-1).tolist() for question, options in questions]
labels = [options[row.index(max(row))] for (_, options), row in zip(questions, scores, strict=True)]
for (question, _), label, row in zip(questions, labels, scores, strict=True):
    print(f"{label}  {max(row):.2f}  {question}")
