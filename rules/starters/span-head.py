"""An encoder with a start and an end head, trained further on your questions. Needs: pip install torch transformers."""

import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

MODEL = "deepset/roberta-base-squad2"  # a head trained on SQuAD; a plain encoder needs thousands of questions
CONTEXT = 512  # most tokens that it reads at once
EPOCHS = 2  # 0 takes the head as it is

# Your own data here: question, passage, answer (None: it is not there) to learn from, and questions to answer.
train = [
    ("Where was Ada born?", "Ada was born in London.", "London"),
    ("Who came to Rome?", "In May, Grace came to Paris by train.", None),
]
pairs = [("Who opened it?", "In May the office in Cambridge was opened by Alan Turing, who had come by train.")]

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = AutoModelForQuestionAnswering.from_pretrained(MODEL, dtype=torch.float32).to(device)


def read(question, text):  # a passage over CONTEXT is read in windows that overlap, the question standing in each
    cut = {"truncation": "only_second", "max_length": CONTEXT, "stride": CONTEXT // 4, "padding": True}
    more = {"return_overflowing_tokens": True, "return_offsets_mapping": True, "return_tensors": "pt"}
    windows = tokenizer(question, text, **cut, **more).to(device)
    del windows["overflow_to_sample_mapping"]
    offsets, out = windows.pop("offset_mapping").tolist(), model(**windows)
    inside = torch.tensor([[part == 1 for part in windows.sequence_ids(w)] for w in range(len(offsets))])
    return offsets, inside, out.start_logits, out.end_logits


optimizer, losses = torch.optim.AdamW(model.parameters(), lr=2e-5), []
model.train()
for question, text, wanted in train * EPOCHS:
    offsets, inside, first, last = read(question, text)
    target = torch.zeros(2, len(offsets), dtype=torch.long)  # a window without the answer points at [CLS], place 0
    start, end = (text.index(wanted), text.index(wanted) + len(wanted)) if wanted else (0, 0)
    for w, places in enumerate(offsets):
        hits = [k for k in inside[w].nonzero().flatten().tolist() if places[k][0] < end and places[k][1] > start]
        if hits and places[hits[0]][0] <= start and places[hits[-1]][1] >= end:
            target[:, w] = torch.tensor([hits[0], hits[-1]])
    heads = torch.stack([first, last]).permute(1, 2, 0)  # windows, places, heads: each head picks one place
    loss = torch.nn.functional.cross_entropy(heads, target.T.to(device))
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())

model.eval()
spans = []
for question, text in pairs:
    with torch.inference_mode():
        offsets, inside, first, last = [part.cpu() if torch.is_tensor(part) else part for part in read(question, text)]
    # Both in the passage, the end not before the start nor 30 tokens after it.
    both = first[:, :, None] + last[:, None, :]
    fits = inside[:, :, None] & inside[:, None, :] & torch.ones_like(both).triu().tril(29).bool()
    w, i, j = (int(k) for k in torch.unravel_index(both.masked_fill(~fits, -torch.inf).argmax(), both.shape))
    answered = both[w, i, j] > (first + last)[:, 0].min()  # [CLS] stands for "no answer"
    spans.append([(offsets[w][i][0], offsets[w][j][1], "answer")] if answered else [])
    print(question, "->", [text[start:end] for start, end, _ in spans[-1]] or "no answer")
