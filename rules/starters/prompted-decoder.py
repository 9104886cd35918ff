"""Write a text with an instruction-tuned decoder. Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

MODEL = "Qwen/Qwen3-4B-Instruct-2507"
CONTEXT = 32768  # most tokens that it reads at once
MAX_NEW_TOKENS = 256  # longest answer
TEMPERATURE = 0.7  # 0 for what has one right answer
TASK = "Summarize the text in one sentence."

# Your own data here.
texts = [
    "In May it is cold in London, and the rain that falls from the clouds makes all the books and the paper wet.",
    "The bridge was closed in May after the flood. The town will build a new bridge next year. "
    "The new bridge will be 200 metres long and will carry two trains, and it will be open by night.",
]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL, padding_side="left")  # an answer goes on from the last token
tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token  # many decoders have none
model = AutoModelForCausalLM.from_pretrained(MODEL).to(device).eval()


def prompt(text):
    message = f"{TASK}\nText: {text}"
    chat = [{"role": "user", "content": message}]
    how = {"tokenize": False, "add_generation_prompt": True, "enable_thinking": False}
    return tokenizer.apply_chat_template(chat, **how) if tokenizer.chat_template else f"{message}\nAnswer:"


def pieces(text):  # as much as leaves room for the prompt and the answer; a longer text is asked in parts
    room = CONTEXT - MAX_NEW_TOKENS - len(tokenizer(prompt(""))["input_ids"]) - 8
    at = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return [text[at[i][0] : at[min(i + room, len(at)) - 1][1]] for i in range(0, len(at), room)]


def ask(prompts):
    # A chat template writes its special tokens itself: a second <bos> would spoil the prompt.
    batch = tokenizer(prompts, add_special_tokens=not tokenizer.chat_template, padding=True, return_tensors="pt")
    # A temperature of 0 is not a number to divide by: it means that nothing is sampled.
    how = {"do_sample": True, "temperature": TEMPERATURE} if TEMPERATURE else {"do_sample": False}
    with torch.inference_mode():
        out = model.generate(**batch.to(device), **how, max_new_tokens=MAX_NEW_TOKENS)
    return tokenizer.batch_decode(out[:, batch["input_ids"].shape[1] :], skip_special_tokens=True)


answers = []
for text in texts:
    parts = ask([prompt(piece) for piece in pieces(text)])
    if len(parts) > 1:  # the answers on the parts are the text of a last question
        parts = ask([prompt(pieces("\n".join(parts))[0])])
    answers.append(parts[0].strip())
    print(answers[-1])
