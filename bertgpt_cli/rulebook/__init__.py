"""Rules as data: YAML files -> one frozen Rulebook, and what can be said about the rules without running them."""
