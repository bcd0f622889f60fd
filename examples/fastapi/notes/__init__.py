"""Notes API: a board of notes over HTTP, whose callers Doorward knows."""
