"""Label texts through a [MASK]: which label's word fits there? Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

MODEL = "answerdotai/ModernBERT-large"
CONTEXT = 8192  # most tokens that it reads at once
PROMPT = " All in all, it was{}."  # after the text; {} is the mask
WORDS = {"good": ["great", "good"], "bad": ["terrible", "bad"]}  # each label's words

# Your own data here.
texts = [
    "The staff were kind and the room was spotless.",
    "We waited an hour and the food was cold, and nobody answered the phone, and my money is gone.",
]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForMaskedLM.from_pretrained(MODEL).to(device).eval()


def token(word):
    # Where a space belongs to the word (RoBERTa), it is looked up with it. One mask is one token.
    with_space = tokenizer.encode(" " + word, add_special_tokens=False)
    if len(with_space) != 1 or with_space[0] == tokenizer.unk_token_id:
        raise ValueError(f"{word!r} is not one token of {MODEL}: choose another word")
    return with_space[0]


# RoBERTa's <mask> takes in the space before it, BERT's [MASK] stands after one; both read this.
prompt = PROMPT.format(" " + tokenizer.mask_token)
room = CONTEXT - len(tokenizer(prompt)["input_ids"]) - 8  # cut in the midst, a text may take some tokens more
words = {label: [token(word) for word in some] for label, some in WORDS.items()}


def read(text):
    # The prompt must not be cut off: a longer text is read in pieces, whose logits are averaged.
    at = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    cut = [text[at[i][0] : at[min(i + room, len(at)) - 1][1]] for i in range(0, len(at), room)]
    batch = tokenizer([piece + prompt for piece in cut], padding=True, return_tensors="pt").to(device)
    logits = model(**batch).logits[batch["input_ids"] == tokenizer.mask_token_id].mean(0)
    return torch.stack([logits[some].logsumexp(0) for some in words.values()])


with torch.inference_mode():
    probabilities = torch.stack([read(text) for text in texts]).softmax(-1).tolist()
LABELS = list(WORDS)
labels = [LABELS[row.index(max(row))] for row in probabilities]
scores = [row[0] for row in probabilities]  # how likely the first label is
for text, label, row in zip(texts, labels, probabilities, strict=True):
    print(f"{label}  {max(row):.2f}  {text}")
