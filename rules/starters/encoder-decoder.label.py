"""Label texts with an encoder-decoder, by the labels' likelihoods. Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

MODEL = "google/flan-t5-large"
CONTEXT = 512  # most tokens that it reads at once
LABELS = ["praise", "complaint"]
PROMPT = "Is this text praise or a complaint? {}"

# Your own data here.
texts = [
    "The staff were kind and the room was spotless.",
    "We waited an hour and the food was cold, and nobody answered the phone, and my money is gone.",
]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForSeq2SeqLM.from_pretrained(MODEL).to(device).eval()
room = CONTEXT - len(tokenizer(PROMPT)["input_ids"]) - 2


def read(text, answers):
    """How likely the model would write each answer. Nothing is written, so that nothing but these can come out."""
    at = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    # The prompt is never cut: a text over what it leaves of CONTEXT is read in parts, whose mean counts.
    parts = [text[at[i][0] : at[min(i + room, len(at)) - 1][1]] for i in range(0, len(at), room)]
    batch = tokenizer([PROMPT.format(part) for part in parts], padding=True, return_tensors="pt").to(device)
    values = []
    for answer in answers:
        target = tokenizer(text_target=answer, return_tensors="pt")["input_ids"].to(device).repeat(len(parts), 1)
        with torch.inference_mode():
            steps = model(**batch, labels=target).logits.float().log_softmax(-1)
        values.append(steps.gather(-1, target.unsqueeze(-1)).squeeze(-1).mean(-1).mean())
    return torch.stack(values).softmax(0).tolist()


probabilities = [read(text, LABELS) for text in texts]
labels = [LABELS[row.index(max(row))] for row in probabilities]
for text, label, row in zip(texts, labels, probabilities, strict=True):
    print(f"{label}  {max(row):.2f}  {text}")
