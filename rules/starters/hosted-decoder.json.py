"""Turn texts into JSON records with a hosted decoder. Needs: pip install huggingface_hub."""

import json
import os

from huggingface_hub import InferenceClient

MODEL = "Qwen/Qwen3-235B-A22B-Instruct-2507"
BASE_URL = "https://router.huggingface.co/v1"  # any host that speaks the same protocol; its key is read from API_KEY
MAX_CHARACTERS = 100_000  # longer texts are sent in parts
MAX_TOKENS = 512  # longest answer
FIELDS = {"item": str, "price": (int, float), "city": str}

# Your own data here. It leaves your machines.
texts = [
    "A guitar for 120 dollars, to be fetched in London.",
    "Yesterday the train was late and it was cold. Whoever wants my old books can have them for 15 dollars in Paris.",
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


def read(answer):  # None where the answer is not the record that was asked for
    try:
        record = json.JSONDecoder().raw_decode(answer, answer.index("{"))[0]
        right = all(record[name] is None or isinstance(record[name], kind) for name, kind in FIELDS.items())
        return {name: record[name] for name in FIELDS} if right else None
    except (ValueError, KeyError):
        return None


ORDER = f"Take from the text, as JSON: {', '.join(FIELDS)}. Write null for what it does not say.\nText: "
records = []
for text in texts:
    parts = [part for piece in pieces(text) if (part := read(ask(ORDER + piece)))]
    told = {name: [part[name] for part in parts if part[name] is not None] for name in FIELDS}
    records.append({name: (values or [None])[0] for name, values in told.items()} if parts else None)
    print(records[-1] or "unreadable", text)
