"""Order documents by a decoder's "yes" to "does it answer the query?". Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

MODEL = "Qwen/Qwen3-Reranker-0.6B"
CONTEXT = 32768  # most tokens that it reads at once
TASK = "Given a web search query, retrieve relevant passages that answer the query"

# Your own data here: a query, and the 20 to 100 documents that a search brought.
query = "how is the weather in London"
documents = [
    "The guitar has six strings and is tuned in fourths.",
    "In May it is cold in London, and the rain that falls from the clouds makes all the books and the paper wet.",
    "Fish live in water, birds live in a tree.",
    "Take the train to Paris; it is quick and it is cheap.",
]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL, padding_side="left")  # so that the last place is each prompt's end
tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
model = AutoModelForCausalLM.from_pretrained(MODEL).to(device).eval()
no, yes = (tokenizer.encode(word, add_special_tokens=False)[0] for word in ("no", "yes"))

# Word for word the prompt that Qwen3-Reranker was trained with: another reranker needs its own.
HEAD = "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct "
HEAD += 'provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n'
TAIL = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
before = tokenizer.encode(f"{HEAD}<Instruct>: {TASK}\n<Query>: {query}\n<Document>: ", add_special_tokens=False)
after = tokenizer.encode(TAIL, add_special_tokens=False)
room = CONTEXT - len(before) - len(after)


def read(document):
    """How likely "yes" is. A document over CONTEXT is read in pieces that overlap, and is as good as its best piece."""
    ids = tokenizer.encode(document, add_special_tokens=False)
    starts = range(0, max(len(ids) - room // 8, 1), room - room // 8)
    rows = [{"input_ids": before + ids[i : i + room] + after} for i in starts]  # the end that asks is never cut off
    batch = tokenizer.pad(rows, return_tensors="pt").to(device)
    batch["position_ids"] = (batch["attention_mask"].cumsum(-1) - 1).clamp(min=0)  # padding on the left has no place
    with torch.inference_mode():
        logits = model(**batch).logits[:, -1, [no, yes]].float()
    return logits.softmax(-1)[:, 1].max().item()


scores = [read(document) for document in documents]
labels = ["yes" if score > 0.5 else "no" for score in scores]
ranking = sorted(range(len(documents)), key=lambda k: -scores[k])
for k in ranking:
    print(f"{labels[k]}  {scores[k]:.3f}  {documents[k]}")
