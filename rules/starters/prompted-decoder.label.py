"""Label texts with an instruction-tuned decoder. Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

MODEL = "Qwen/Qwen3-4B-Instruct-2507"
CONTEXT = 32768  # most tokens that it reads at once
LABELS = {"praise": "the writer is content", "complaint": "the writer is not content"}  # with what each means

# Your own data here: examples that show where the border runs, and texts to label.
examples = [("Best pizza in town.", "praise"), ("My money is gone.", "complaint")]
texts = [
    "The staff were kind and the room was spotless.",
    "We waited an hour and the food was cold, and nobody answered the phone.",
]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL, padding_side="left")  # an answer goes on from the last token
tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token  # many decoders have none
model = AutoModelForCausalLM.from_pretrained(MODEL).to(device).eval()


def prompt(text):
    message = "Label the text. Labels:\n" + "\n".join(f"{label}: {meaning}" for label, meaning in LABELS.items())
    message += "".join(f"\nText: {shown} Label: {label}" for shown, label in examples) + f"\nText: {text} Label:"
    chat = [{"role": "user", "content": message}]
    how = {"tokenize": False, "add_generation_prompt": True, "enable_thinking": False}
    return tokenizer.apply_chat_template(chat, **how) if tokenizer.chat_template else message


def choose(prompts, labels):
    """The likeliest label for each prompt, token by token: nothing but a label can be written."""
    # A chat template writes its special tokens itself: a second <bos> would spoil the prompt.
    batch = tokenizer(prompts, add_special_tokens=not tokenizer.chat_template, padding=True, return_tensors="pt")
    width = batch["input_ids"].shape[1]
    words = [label if tokenizer.chat_template else f" {label}" for label in labels]
    ends = [[*tokenizer(word, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id] for word in words]

    def allowed(_, ids):
        written = ids[width:].tolist()
        going_on = [end[len(written)] for end in ends if end[: len(written)] == written and len(end) > len(written)]
        return going_on or [tokenizer.eos_token_id]

    how = {"max_new_tokens": max(map(len, ends)), "do_sample": False, "prefix_allowed_tokens_fn": allowed}
    with torch.inference_mode():
        out = model.generate(**batch.to(device), **how)
    return [text.strip() for text in tokenizer.batch_decode(out[:, width:], skip_special_tokens=True)]


def pieces(text):  # as much as leaves room for the prompt and the answer; a longer text is asked in parts
    room = CONTEXT - 16 - len(tokenizer(prompt(""))["input_ids"]) - 8
    at = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return [text[at[i][0] : at[min(i + room, len(at)) - 1][1]] for i in range(0, len(at), room)]


labels = []
for text in texts:
    votes = choose([prompt(piece) for piece in pieces(text)], list(LABELS))
    labels.append(max(votes, key=votes.count))  # most of the parts, the first of them in a tie
    print(labels[-1], text)
