"""The board itself, in memory."""

import threading
from collections import deque

from pydantic import BaseModel, Field


class NewNote(BaseModel):
    """A note that somebody sends."""

    text: str = Field(min_length=1, max_length=500)


class Note(BaseModel):
    """A note on the board."""

    id: int
    author: str
    author_name: str
    text: str


class Figures(BaseModel):
    """How many notes there are, of how many authors."""

    notes: int
    authors: int


class Board:
    """Everybody's notes, oldest first; the oldest goes first."""

    def __init__(self, size: int = 200):
        self._notes: deque[Note] = deque(maxlen=size)
        self._last_id = 0
        self._lock = threading.Lock()

    def all(self) -> list[Note]:
        with self._lock:
            return list(self._notes)

    def add(self, author: str, author_name: str, text: str) -> Note:
        with self._lock:
            self._last_id += 1
            note = Note(id=self._last_id, author=author, author_name=author_name, text=text)
            self._notes.append(note)
            return note

    def remove(self, id: int) -> bool:
        """Whether the note was there."""
        with self._lock:
            found = next((note for note in self._notes if note.id == id), None)
            if found:
                self._notes.remove(found)
            return found is not None

    def figures(self) -> Figures:
        notes = self.all()
        return Figures(notes=len(notes), authors=len({note.author for note in notes}))
