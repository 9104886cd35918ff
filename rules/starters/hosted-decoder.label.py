"""Label texts with a hosted decoder. Needs: pip install huggingface_hub."""

import os

from huggingface_hub import InferenceClient

MODEL = "Qwen/Qwen3-235B-A22B-Instruct-2507"
BASE_URL = "https://router.huggingface.co/v1"  # any host that speaks the same protocol; its key is read from API_KEY
MAX_CHARACTERS = 100_000  # longer texts are sent in parts
MAX_TOKENS = 16  # longest answer
LABELS = {"praise": "the writer is content", "complaint": "the writer is not content"}  # with what each means

# Your own data here. It leaves your machines.
examples = [("Best pizza in town.", "praise"), ("My money is gone.", "complaint")]
sample = [("The soup was good.", "praise"), ("The soup was cold.", "complaint")]
texts = [
    "The staff were kind and the room was spotless.",
    "We waited an hour and the food was cold, and nobody answered the phone.",
]

client = InferenceClient(base_url=BASE_URL, api_key=os.environ["API_KEY"], timeout=60)


def ask(message):
    chat = [{"role": "user", "content": message}]
    reply = client.chat_completion(chat, model=MODEL, temperature=0, max_tokens=MAX_TOKENS).choices[0]
    if reply.finish_reason == "length":
        raise ValueError("the answer was cut off: raise MAX_TOKENS")
    return reply.message.content or ""


def pieces(text):
    return [text[i : i + MAX_CHARACTERS] for i in range(0, len(text), MAX_CHARACTERS)]


def label(text):
    """The label, or None where the answer names none of them: such texts need a person."""
    meanings = "\n".join(f"{label}: {meaning}" for label, meaning in LABELS.items())
    shown = "".join(f"\nText: {example}\nLabel: {label}" for example, label in examples)
    answer = ask(f"Label the text. Answer with the label only. Labels:\n{meanings}{shown}\nText: {text}\nLabel:")
    return next((label for label in LABELS if answer.strip().strip(".\"'").lower() == label.lower()), None)


labels = []
for text in texts:
    votes = [vote for piece in pieces(text) if (vote := label(piece))]
    labels.append(max(votes, key=votes.count) if votes else None)  # most of the parts
    print(labels[-1], text)

# Keep labelled texts and measure again now and then: a host may change its model without a word.
right = sum(label(text) == wanted for text, wanted in sample)
print(f"{right} of {len(sample)} as you would label them")
