"""Find spans with a hosted decoder that answers in JSON. Needs: pip install huggingface_hub."""

import json
import os
import re

from huggingface_hub import InferenceClient

MODEL = "Qwen/Qwen3-235B-A22B-Instruct-2507"
BASE_URL = "https://router.huggingface.co/v1"  # any host that speaks the same protocol; its key is read from API_KEY
MAX_CHARACTERS = 100_000  # longer texts are sent in parts
MAX_TOKENS = 2048  # longest answer
TYPES = ["person", "place"]

# Your own data here. It leaves your machines.
texts = ["Grace Hopper came to London.", "In May the office in Cambridge was opened by Alan Turing, born in Paris."]

client = InferenceClient(base_url=BASE_URL, api_key=os.environ["API_KEY"], timeout=60)


def ask(message):
    chat = [{"role": "user", "content": message}]
    reply = client.chat_completion(chat, model=MODEL, temperature=0, max_tokens=MAX_TOKENS).choices[0]
    if reply.finish_reason == "length":
        raise ValueError("the answer was cut off: raise MAX_TOKENS")
    return reply.message.content or ""


def read(answer):  # None where the answer is not the list that was asked for
    try:
        items = json.JSONDecoder().raw_decode(answer, answer.index("["))[0]
        return [(item["text"], item["type"]) for item in items if item["text"] and item["type"] in TYPES]
    except (ValueError, TypeError, KeyError):
        return None


spans = []
for text in texts:
    kinds = {}
    for i in range(0, len(text), MAX_CHARACTERS * 9 // 10):  # parts that overlap, for what stands on their border
        message = f"List every {' and '.join(TYPES)} in the text, as a JSON list such as "
        message += f'[{{"text": "copied exactly", "type": "{TYPES[0]}"}}], and [] if there is none.\nText: '
        kinds.update(read(ask(message + text[i : i + MAX_CHARACTERS])) or [])
    names = "|".join(re.escape(name) for name in sorted(kinds, key=len, reverse=True))  # the longest first
    # Wherever a name stands in the text; what was made up stands nowhere.
    spans.append([(*one.span(), kinds[one[0]]) for one in re.finditer(names, text)] if names else [])
    print([(text[start:end], kind) for start, end, kind in spans[-1]], text)
