"""What the core returns and the shell shows: frozen dataclasses of plain numbers, strings and tuples.

One module for each kind of answer, so that a command loads only its own: making a frozen dataclass costs
about 0.7 ms at import, and `recommend` has to start at once. No tensor, path or rich object is ever held here.
"""
