"""Reports -> text: the only place that imports rich, and where every word of bertgpt's own is said in two languages.

Each kind of report is told as a document (`recommendation`, `tasks`, `rules`, `demo`, `complaints`, `help`), and each
format draws documents (`text`, `markdown`); JSON comes from the reports themselves (`as_json`).
"""
