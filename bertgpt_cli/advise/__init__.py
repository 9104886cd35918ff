"""The advice: words -> a task, and (rule book, situation) -> a recommendation. Pure; no terminal, no clock, no network."""
