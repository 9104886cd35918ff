"""Order documents with a hosted decoder that sees all of them. Needs: pip install huggingface_hub."""

import os
import re

from huggingface_hub import InferenceClient

MODEL = "Qwen/Qwen3-235B-A22B-Instruct-2507"
BASE_URL = "https://router.huggingface.co/v1"  # any host that speaks the same protocol; its key is read from API_KEY
MAX_CHARACTERS = 100_000  # longer texts are sent in parts
MAX_TOKENS = 256  # longest answer

# Your own data here. It leaves your machines.
query = "how is the weather in London"
documents = [
    "The guitar has six strings and is tuned in fourths.",
    "In May it is cold in London, and the rain that falls from the clouds makes all the books and the paper wet.",
    "Fish live in water, birds live in a tree.",
    "Take the train to Paris; it is quick and it is cheap.",
]

client = InferenceClient(base_url=BASE_URL, api_key=os.environ["API_KEY"], timeout=60)


def ask(message):
    chat = [{"role": "user", "content": message}]
    reply = client.chat_completion(chat, model=MODEL, temperature=0, max_tokens=MAX_TOKENS).choices[0]
    if reply.finish_reason == "length":
        raise ValueError("the answer was cut off: raise MAX_TOKENS")
    return reply.message.content or ""


# All passages stand in one prompt, so that each gets an equal share of it; the rest of a longer one is cut off.
share = MAX_CHARACTERS // len(documents)
message = f"Order the passages by how well they answer: {query}\n"
message += "\n".join(f"[{k}] {document[:share]}" for k, document in enumerate(documents, 1))
answer = ask(message + "\nAnswer with the numbers only, best first, such as [2] > [1].")

numbers = [int(number) - 1 for number in re.findall(r"\d+", answer)]
ranking = list(dict.fromkeys(k for k in numbers if 0 <= k < len(documents)))  # each once, none made up
ranking += [k for k in range(len(documents)) if k not in ranking]  # what was left out keeps its order
for k in ranking:
    print(documents[k])
