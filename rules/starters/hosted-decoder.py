"""Write a text with a hosted decoder. Needs: pip install huggingface_hub."""

import os

from huggingface_hub import InferenceClient

MODEL = "Qwen/Qwen3-235B-A22B-Instruct-2507"
BASE_URL = "https://router.huggingface.co/v1"  # any host that speaks the same protocol; its key is read from API_KEY
MAX_CHARACTERS = 100_000  # longer texts are sent in parts
MAX_TOKENS = 512  # longest answer
TEMPERATURE = 0.7  # 0 for what has one right answer
TASK = "Summarize the text in one sentence."

# Your own data here. It leaves your machines.
texts = [
    "In May it is cold in London, and the rain that falls from the clouds makes all the books and the paper wet.",
    "The bridge was closed in May after the flood. The town will build a new bridge next year.",
]

client = InferenceClient(base_url=BASE_URL, api_key=os.environ["API_KEY"], timeout=60)


def ask(message):
    chat = [{"role": "user", "content": message}]
    reply = client.chat_completion(chat, model=MODEL, temperature=TEMPERATURE, max_tokens=MAX_TOKENS).choices[0]
    if reply.finish_reason == "length":
        raise ValueError("the answer was cut off: raise MAX_TOKENS")
    return reply.message.content or ""


def pieces(text):
    return [text[i : i + MAX_CHARACTERS] for i in range(0, len(text), MAX_CHARACTERS)]


answers = []
for text in texts:
    parts = [ask(f"{TASK}\nText: {piece}") for piece in pieces(text)]
    if len(parts) > 1:  # the answers on the parts are the text of a last question
        joined = "\n".join(parts)
        parts = [ask(f"{TASK}\nText: {joined}")]
    answers.append(parts[0].strip())
    print(answers[-1])
