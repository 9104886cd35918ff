"""Score texts with a hosted decoder. Needs: pip install huggingface_hub."""

import os
import re

from huggingface_hub import InferenceClient

MODEL = "Qwen/Qwen3-235B-A22B-Instruct-2507"
BASE_URL = "https://router.huggingface.co/v1"  # any host that speaks the same protocol; its key is read from API_KEY
MAX_CHARACTERS = 100_000  # longer texts are sent in parts
MAX_TOKENS = 16  # longest answer
QUESTION = "How content is the writer?"
HIGHEST = 5

# Your own data here. It leaves your machines.
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


def score(text):
    """A number from 1 to HIGHEST, or None where the answer is none: such texts need a person."""
    answer = ask(f"{QUESTION} Answer with a number from 1 to {HIGHEST} only.\nText: {text}")
    number = re.search(r"\d+(\.\d+)?", answer)
    return float(number[0]) if number and 1 <= float(number[0]) <= HIGHEST else None


scores = []
for text in texts:
    parts = [value for piece in pieces(text) if (value := score(piece)) is not None]
    scores.append(sum(parts) / len(parts) if parts else None)
    print(scores[-1], text)
