"""Checkpoints measured on labelled texts: features and heads, prompts, fine-tuning, what each costs, which is ahead."""
