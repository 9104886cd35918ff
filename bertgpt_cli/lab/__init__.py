"""The only place that imports torch (and, later, transformers); it is itself imported inside function bodies only."""
