"""The advice: (rule book, situation) -> a recommendation. Pure; no terminal, no clock, no network."""
