"""Answer from your documents: vectors, a reranker, a decoder (RAG). Needs: pip install sentence-transformers."""

import re

import torch
from sentence_transformers import CrossEncoder, SentenceTransformer
from transformers import AutoModelForCausalLM, AutoTokenizer

EMBEDDER = "Alibaba-NLP/gte-modernbert-base"
RERANKER = "Alibaba-NLP/gte-reranker-modernbert-base"
DECODER = "Qwen/Qwen3-4B-Instruct-2507"
CONTEXT = 32768  # most tokens that the decoder reads at once
MAX_NEW_TOKENS = 256  # longest answer
FOUND, KEPT = 50, 3  # passages for the reranker, and for the decoder: more of them distract it

# Your own data here.
question = "How is the weather in London?"
documents = [
    "The guitar has six strings and is tuned in fourths.",
    "In May it is cold in London, and the rain that falls from the clouds makes all the books and the paper wet.",
    "Take the train to Paris; it is quick and it is cheap.",
]

device = "cuda" if torch.cuda.is_available() else "cpu"
embedder, reranker = SentenceTransformer(EMBEDDER), CrossEncoder(RERANKER)
tokenizer = AutoTokenizer.from_pretrained(DECODER)
decoder = AutoModelForCausalLM.from_pretrained(DECODER).to(device).eval()
size = min(embedder.max_seq_length, reranker.tokenizer.model_max_length) // 2  # the other half is the question's


def pieces(text):  # a long document is cut into passages that overlap
    at = embedder.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    starts = range(0, max(len(at) - size // 8, 1), size - size // 8)
    return [text[at[i][0] : at[min(i + size, len(at)) - 1][1]] for i in starts]


def prompt(passages):
    message = "Answer from the passages only, with their numbers such as [1]. Say so if they do not tell.\n"
    message += "\n".join(f"[{k}] {passage}" for k, passage in enumerate(passages, 1)) + f"\nQuestion: {question}"
    chat = [{"role": "user", "content": message}]
    how = {"tokenize": False, "add_generation_prompt": True, "enable_thinking": False}
    return tokenizer.apply_chat_template(chat, **how) if tokenizer.chat_template else f"{message}\nAnswer:"


parts = [piece for document in documents for piece in pieces(document)]  # ahead of time
index = embedder.encode_document(parts, normalize_embeddings=True)

near = (-index @ embedder.encode_query(question, normalize_embeddings=True)).argsort()[:FOUND].tolist()
best = [parts[near[one["corpus_id"]]] for one in reranker.rank(question, [parts[k] for k in near], top_k=KEPT)]
while len(best) > 1 and len(tokenizer(prompt(best))["input_ids"]) > CONTEXT - MAX_NEW_TOKENS:
    best.pop()  # the last goes where they do not fit beside the answer
batch = tokenizer([prompt(best)], add_special_tokens=not tokenizer.chat_template, return_tensors="pt").to(device)
with torch.inference_mode():
    out = decoder.generate(**batch, max_new_tokens=MAX_NEW_TOKENS, do_sample=False)  # temperature 0
answers = [tokenizer.decode(out[0, batch["input_ids"].shape[1] :], skip_special_tokens=True).strip()]
cited = [best[int(k) - 1] for k in re.findall(r"\[(\d+)\]", answers[0]) if 1 <= int(k) <= len(best)]
print(*answers, *cited, sep="\n  ")
