"""bertgpt: which kind of language model should do this with text, and why.

Importing the package loads nothing; every command imports what it needs.
"""

__version__ = "0.1.0"
