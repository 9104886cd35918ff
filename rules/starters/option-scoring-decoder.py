"""Choose the option that a decoder finds likeliest after the question. Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

MODEL = "Qwen/Qwen3-1.7B-Base"
CONTEXT = 32768  # most tokens that it reads at once

# Your own data here: questions with their options.
questions = [
    ("Where do birds live?", ["in a tree", "in a spoon"]),
    ("In May the clouds are heavy, the paper is wet, and all the books are too. What fell?", ["rain", "books", "milk"]),
]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL, padding_side="right", truncation_side="left")
tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token  # many decoders have none
model = AutoModelForCausalLM.from_pretrained(MODEL).to(device).eval()


def read(question, options):
    """Each option's log-likelihood after the question. Nothing is written, so there is no temperature and no length."""
    prompt = f"Question: {question}\nAnswer:"
    texts = [f"{prompt} {option}" for option in options]
    # What is over CONTEXT is cut off from the question's beginning, never from the option.
    cut = {"truncation": True, "max_length": CONTEXT, "padding": True}
    batch = tokenizer(texts, **cut, return_offsets_mapping=True, return_tensors="pt").to(device)
    ends = batch.pop("offset_mapping")[:, 1:, 1]
    with torch.inference_mode():
        steps = model(**batch).logits[:, :-1].float().log_softmax(-1)  # place i tells of token i + 1
    chosen = steps.gather(-1, batch["input_ids"][:, 1:, None]).squeeze(-1)
    own = (ends > len(prompt)) & (batch["attention_mask"][:, 1:] == 1)  # tokens of the option
    # For each character, as a long option has more tokens and would always seem less likely.
    return (chosen * own).sum(-1) / torch.tensor([len(option) for option in options], device=device)


scores = [read(question, options).softmax(-1).tolist() for question, options in questions]
labels = [options[row.index(max(row))] for (_, options), row in zip(questions, scores, strict=True)]
for (question, _), label, row in zip(questions, labels, scores, strict=True):
    print(f"{label}  {max(row):.2f}  {question}")
