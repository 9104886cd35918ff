"""Translate with an encoder-decoder that knows language codes (NLLB). Needs: pip install torch transformers."""

import re

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

MODEL = "facebook/nllb-200-distilled-600M"  # its weights are not for commercial use
CONTEXT = 512  # most tokens that it reads at once
SOURCE, TARGET = "eng_Latn", "deu_Latn"  # codes of the checkpoint's own: the language and its script

# Your own data here.
texts = [
    "Take the train to Paris.",
    "In May it is cold in London. The rain makes all the books wet. The bridge is closed. Birds live in a tree.",
]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL, src_lang=SOURCE)  # writes the source's code into the input
model = AutoModelForSeq2SeqLM.from_pretrained(MODEL).to(device).eval()
target = tokenizer.convert_tokens_to_ids(TARGET)
if target in (None, tokenizer.unk_token_id):
    raise ValueError(f"{MODEL} knows no language {TARGET}")


def parts(text):
    """Sentences, as it was trained on them one by one; a sentence over CONTEXT is cut where it ends."""
    room = CONTEXT - tokenizer.num_special_tokens_to_add() - 1
    for sentence in re.findall(r"[^.!?。！？]+[.!?。！？]*\s*", text):
        at = tokenizer(sentence, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        yield from (sentence[at[i][0] : at[min(i + room, len(at)) - 1][1]] for i in range(0, len(at), room))


def translate(text):
    batch = tokenizer(list(parts(text)), padding=True, return_tensors="pt").to(device)
    longest = min(2 * batch["input_ids"].shape[1] + 10, CONTEXT)  # a translation is seldom twice as long
    with torch.inference_mode():
        # Without the target's code as first token it would write in any language.
        out = model.generate(**batch, forced_bos_token_id=target, num_beams=4, do_sample=False, max_new_tokens=longest)
    return " ".join(tokenizer.batch_decode(out, skip_special_tokens=True))


answers = [translate(text) for text in texts]
for text, answer in zip(texts, answers, strict=True):
    print(text, "->", answer)
