"""Tiny, randomly initialised models of the right classes, with real tokenizers, for the starter programs to run on.

Each is saved to a folder whose path stands where a checkpoint's name would. The tokenizers are trained on the programs
themselves. Encoders and GPT-2 have no place past `CONTEXT` tokens: a program that reads more fails on them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

READS = 32  # tokens that an encoder reads at once
CONTEXT = 224  # tokens that a decoder reads at once
WORDS = "great good terrible bad yes no praise complaint person place rain milk books 1 2 3 4 5 A B C"
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
NAMES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
NLI = ["contradiction", "entailment", "neutral"]


class TinyModels:
    """Builds each model once, on first use, below one folder."""

    def __init__(self, folder: Path, corpus: list[str]) -> None:
        self.folder = folder
        self.corpus = [*corpus, *[f"{WORDS} {WORDS}"] * 40]
        for name in [name for name in dir(self) if name.endswith("_model")]:
            setattr(self, name, cache(getattr(self, name)))

    def _save(self, name: str, *parts: Any) -> str:
        path = self.folder / name
        for part in parts:
            part.save_pretrained(str(path))
        return str(path)

    # --- tokenizers ------------------------------------------------------------------------------------------------

    def wordpiece(self) -> Any:
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
        from transformers import PreTrainedTokenizerFast

        raw = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        raw.normalizer = normalizers.BertNormalizer(lowercase=True)
        raw.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        raw.train_from_iterator(self.corpus, trainers.WordPieceTrainer(vocab_size=900, special_tokens=special))
        raw.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
        return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
            tokenizer_object=raw,
            pad_token="[PAD]",
            unk_token="[UNK]",
            cls_token="[CLS]",
            sep_token="[SEP]",
            mask_token="[MASK]",
            model_max_length=READS,
        )

    def bytes_of(self, kind: str) -> Any:
        """Byte-level BPE: of RoBERTa, of a decoder (an eos and no padding token), of BART and T5."""
        from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
        from transformers import PreTrainedTokenizerFast

        special = {
            "roberta": ["<s>", "<pad>", "</s>", "<unk>"],
            "decoder": ["<|endoftext|>"],
            "seq2seq": ["<pad>", "</s>", "<unk>", "<s>"],
            "nllb": ["<pad>", "</s>", "<unk>", "<s>", "eng_Latn", "deu_Latn"],
        }[kind]
        raw = Tokenizer(models.BPE())
        raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        raw.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        raw.train_from_iterator(
            self.corpus, trainers.BpeTrainer(vocab_size=1200, special_tokens=special, initial_alphabet=alphabet)
        )
        more: dict[str, Any] = {"model_input_names": ["input_ids", "attention_mask"]}
        if kind == "roberta":
            raw.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
            mask = AddedToken("<mask>", lstrip=True, special=True)
            more |= {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"}
            more |= {"pad_token": "<pad>", "unk_token": "<unk>", "mask_token": mask, "model_max_length": READS}
        elif kind == "decoder":
            raw.post_processor = processors.ByteLevel(trim_offsets=False)
            more |= {"eos_token": "<|endoftext|>", "bos_token": "<|endoftext|>", "model_max_length": CONTEXT}
        else:
            lead = "eng_Latn " if kind == "nllb" else ""
            raw.post_processor = processors.TemplateProcessing(
                single=f"{lead}$A </s>",
                pair=f"{lead}$A $B </s>",
                special_tokens=[("</s>", 1), *([("eng_Latn", 4)] if lead else [])],
            )
            more |= {"eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>", "model_max_length": READS}
        return PreTrainedTokenizerFast(tokenizer_object=raw, **more)  # type: ignore[no-untyped-call]

    # --- encoders --------------------------------------------------------------------------------------------------

    def _encoder(self, kind: str, name: str, auto: Callable[[Any], Any], **config: Any) -> str:
        import torch
        from transformers import BertConfig, ModernBertConfig, RobertaConfig

        torch.manual_seed(0)
        tokenizer = self.bytes_of("roberta") if kind == "roberta" else self.wordpiece()
        if kind == "modernbert":
            tokenizer.model_input_names = ["input_ids", "attention_mask"]
        shape: dict[str, Any] = {
            "vocab_size": len(tokenizer),
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 64,
            "initializer_range": 0.3,
        }
        made: Any
        if kind == "roberta":
            ids: dict[str, Any] = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
            made = RobertaConfig(**shape, **ids, max_position_embeddings=READS + 2, type_vocab_size=1, **config)
        elif kind == "bert":
            made = BertConfig(**shape, pad_token_id=0, max_position_embeddings=READS, **config)
        else:
            ids = {"pad_token_id": 0, "cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3}
            made = ModernBertConfig(**shape, **ids, max_position_embeddings=READS, **config)
        return self._save(f"{kind}-{name}", auto(made), tokenizer)

    def base_model(self, kind: str) -> str:
        from transformers import AutoModelForMaskedLM

        return self._encoder(kind, "base", AutoModelForMaskedLM.from_config)

    def classifier_model(self, kind: str, labels: tuple[str, ...]) -> str:
        from transformers import AutoModelForSequenceClassification as Auto

        names = dict(enumerate(labels))
        ids = {label: k for k, label in names.items()}
        return self._encoder(kind, f"labels-{'-'.join(labels)}", Auto.from_config, id2label=names, label2id=ids)

    def tagger_model(self, kind: str) -> str:
        from transformers import AutoModelForTokenClassification as Auto

        names = dict(enumerate(NAMES))
        return self._encoder(
            kind, "tags", Auto.from_config, id2label=names, label2id={name: k for k, name in names.items()}
        )

    def reader_model(self, kind: str) -> str:
        from transformers import AutoModelForQuestionAnswering

        return self._encoder(kind, "reader", AutoModelForQuestionAnswering.from_config)

    def embedder_model(self, kind: str) -> str:
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

        decoder = kind in ("qwen3", "gpt2")
        base = Transformer(self.decoder_model(kind) if decoder else self.base_model(kind))
        if decoder:
            base.tokenizer.pad_token = base.tokenizer.eos_token
        pooling = Pooling(base.get_embedding_dimension(), pooling_mode="lasttoken" if decoder else "mean")
        model = SentenceTransformer(modules=[base, pooling], prompts={"query": "query: ", "document": ""}, device="cpu")
        path = self.folder / f"{kind}-embedder"
        model.save(str(path))
        return str(path)

    def gliner_model(self) -> str:
        import importlib

        gliner: Any = importlib.import_module("gliner")  # untyped, and not everywhere

        base = self.base_model("bert")
        config = gliner.GLiNERConfig(
            model_name=base, hidden_size=32, max_len=READS, max_width=4, num_rnn_layers=1, dropout=0.0
        )
        model = gliner.GLiNER.from_config(config)
        path = self.folder / "gliner"
        model.save_pretrained(str(path))
        return str(path)

    # --- decoders --------------------------------------------------------------------------------------------------

    def decoder_model(self, kind: str, says: str = "") -> str:
        """`gpt2`: no chat template, no padding token, no place past CONTEXT. `qwen3`: a chat template.

        With `says`, it answers whatever it is asked with that text.
        """
        import torch
        from transformers import GPT2Config, GPT2LMHeadModel, Qwen3Config, Qwen3ForCausalLM

        torch.manual_seed(0)
        tokenizer = self.bytes_of("decoder")
        if kind == "qwen3":
            tokenizer.chat_template = TEMPLATE
            tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
        if says:
            tokenizer.add_tokens([says])
        eos = tokenizer.eos_token_id
        model: Any
        if kind == "gpt2":
            gpt2: Any = GPT2LMHeadModel  # typed in some releases and not in others
            model = gpt2(
                GPT2Config(
                    vocab_size=len(tokenizer),
                    n_positions=CONTEXT,
                    n_embd=32,
                    n_layer=2,
                    n_head=2,
                    initializer_range=0.3,
                    bos_token_id=eos,
                    eos_token_id=eos,
                )
            )
        else:
            qwen3: Any = Qwen3ForCausalLM
            model = qwen3(
                Qwen3Config(
                    vocab_size=len(tokenizer),
                    hidden_size=32,
                    intermediate_size=64,
                    num_hidden_layers=2,
                    num_attention_heads=2,
                    num_key_value_heads=1,
                    head_dim=16,
                    max_position_embeddings=CONTEXT,
                    initializer_range=0.3,
                    bos_token_id=eos,
                    eos_token_id=eos,
                    pad_token_id=None,
                    tie_word_embeddings=False,
                )
            )
        if says:  # the layers add nothing, so that the next token hangs on the last one alone
            assert kind == "qwen3"
            answer = tokenizer.convert_tokens_to_ids(says)
            with torch.no_grad():
                for layer in model.model.layers:
                    layer.self_attn.o_proj.weight.zero_()
                    layer.mlp.down_proj.weight.zero_()
                model.model.embed_tokens.weight[:, 0], model.model.embed_tokens.weight[:, 1] = 1.0, 0.0
                model.model.embed_tokens.weight[answer, 0], model.model.embed_tokens.weight[answer, 1] = 0.0, 1.0
                model.lm_head.weight.zero_()
                model.lm_head.weight[answer, 0] = 9.0
                model.lm_head.weight[eos, 1] = 9.0
        return self._save(f"{kind}-{abs(hash(says))}", model, tokenizer)

    # --- encoder-decoders ------------------------------------------------------------------------------------------

    def seq2seq_model(self, kind: str) -> str:
        import torch
        from transformers import (
            BartConfig,
            BartForConditionalGeneration,
            M2M100Config,
            M2M100ForConditionalGeneration,
            T5Config,
            T5ForConditionalGeneration,
        )

        torch.manual_seed(0)
        tokenizer = self.bytes_of("nllb" if kind == "nllb" else "seq2seq")
        ids: dict[str, Any] = {"vocab_size": len(tokenizer), "pad_token_id": 0, "eos_token_id": 1}
        if kind == "t5":
            more: dict[str, Any] = {"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 2}
            more["decoder_start_token_id"] = 0
            model: Any = T5ForConditionalGeneration(T5Config(**ids, **more))
            return self._save(kind, model, tokenizer)
        shape: dict[str, Any] = {
            "d_model": 32,
            "encoder_layers": 1,
            "decoder_layers": 1,
            "encoder_ffn_dim": 64,
            "decoder_ffn_dim": 64,
        }
        shape |= {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "max_position_embeddings": 64}
        shape |= {"decoder_start_token_id": 1, "bos_token_id": 3}
        if kind == "bart":
            model = BartForConditionalGeneration(BartConfig(**ids, **shape, forced_eos_token_id=1))
        else:
            model = M2M100ForConditionalGeneration(M2M100Config(**ids, **shape))
        return self._save(kind, model, tokenizer)


def quiet() -> None:
    """No network and no threads of a tokenizer, before any of the libraries is imported."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_DISABLE_TELEMETRY": "1"}
