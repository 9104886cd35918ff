"""Score texts with an instruction-tuned decoder, by the digits' likelihoods. Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

MODEL = "Qwen/Qwen3-4B-Instruct-2507"
CONTEXT = 32768  # most tokens that it reads at once
QUESTION = "How content is the writer?"
HIGHEST = 5  # at most 9: a score is one digit

# Your own data here.
texts = [
    "The staff were kind and the room was spotless.",
    "We waited an hour and the food was cold, and nobody answered the phone.",
]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL, padding_side="left")  # an answer goes on from the last token
tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token  # many decoders have none
model = AutoModelForCausalLM.from_pretrained(MODEL).to(device).eval()


def prompt(text):
    message = f"{QUESTION} Answer with a digit from 1 to {HIGHEST} only.\nText: {text}"
    chat = [{"role": "user", "content": message}]
    how = {"tokenize": False, "add_generation_prompt": True, "enable_thinking": False}
    return tokenizer.apply_chat_template(chat, **how) if tokenizer.chat_template else f"{message}\nAnswer:"


def pieces(text):  # as much as leaves room for the prompt and the answer; a longer text is asked in parts
    room = CONTEXT - 1 - len(tokenizer(prompt(""))["input_ids"]) - 8
    at = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return [text[at[i][0] : at[min(i + room, len(at)) - 1][1]] for i in range(0, len(at), room)]


# The likelihood of each digit as the next token. Their mean tells 3.4 from 3.6, which the one likeliest digit does not.
digits = list(range(1, HIGHEST + 1))
ids = [tokenizer.encode(str(digit), add_special_tokens=False)[-1] for digit in digits]


def score(prompts):
    # A chat template writes its special tokens itself: a second <bos> would spoil the prompt.
    batch = tokenizer(prompts, add_special_tokens=not tokenizer.chat_template, padding=True, return_tensors="pt")
    batch["position_ids"] = (batch["attention_mask"].cumsum(-1) - 1).clamp(min=0)  # padding on the left has no place
    with torch.inference_mode():
        probabilities = model(**batch.to(device)).logits[:, -1, ids].float().softmax(-1).cpu()
    return (probabilities @ torch.tensor(digits, dtype=torch.float)).mean().item()


scores = [score([prompt(piece) for piece in pieces(text)]) for text in texts]
for text, value in zip(texts, scores, strict=True):
    print(f"{value:.2f}  {text}")
