"""Tune a sentence encoder on a few labels of each kind (SetFit). Needs: pip install setfit."""

import torch
from datasets import Dataset
from setfit import SetFitModel, Trainer, TrainingArguments

MODEL = "sentence-transformers/paraphrase-mpnet-base-v2"
CONTEXT = 512  # most tokens that it reads at once
LABELS = ["weather", "music", "alarm"]

# Your own data here: 8 to 64 texts of each label, and texts to label.
train = [
    ("will it rain tomorrow", "weather"),
    ("how cold is it outside", "weather"),
    ("play some jazz", "music"),
    ("turn the song up", "music"),
    ("wake me at seven", "alarm"),
    ("cancel my alarm for tomorrow", "alarm"),
]
texts = [
    "do I need an umbrella tomorrow",
    "play that song again",
    "wake me at six and then again at seven, and play jazz",
]

model = SetFitModel.from_pretrained(MODEL, labels=LABELS)
model.model_body.max_seq_length = CONTEXT
arguments = TrainingArguments(
    output_dir="setfit", batch_size=16, num_epochs=1, num_iterations=20, report_to="none", save_strategy="no"
)
data = Dataset.from_dict({"text": [text for text, _ in train], "label": [LABELS.index(label) for _, label in train]})
Trainer(model=model, args=arguments, train_dataset=data).train()  # pairs of same and different labels, then the head


def pieces(text):  # a text over CONTEXT is read in pieces that overlap
    size = CONTEXT - 2
    at = model.model_body.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    if len(at) <= size:
        return [text]
    starts = range(0, len(at) - size // 8, size - size // 8)
    return [text[at[i][0] : at[min(i + size, len(at)) - 1][1]] for i in starts]


rows = [torch.as_tensor(model.predict_proba(pieces(text))).mean(0) for text in texts]
probabilities = torch.stack(rows).tolist()
labels = [LABELS[row.index(max(row))] for row in probabilities]
for text, label, row in zip(texts, labels, probabilities, strict=True):
    print(f"{label}  {max(row):.2f}  {text}")
