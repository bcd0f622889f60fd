//! The board itself, in memory.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;

/// How many notes are kept; the oldest goes first.
const NOTES: usize = 200;
/// The longest note, in characters.
const LONGEST_NOTE: usize = 500;

/// A note on the board.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Note {
    id: u64,
    /// The subject of who wrote it.
    author: String,
    /// What people call the author.
    author_name: String,
    text: String,
}

/// Everybody's notes, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Board(Arc<Mutex<Notes>>);

#[derive(Debug, Default)]
struct Notes {
    last_id: u64,
    kept: VecDeque<Note>,
}

impl Board {
    /// Adds a note of `author`, whom people call `author_name`, cut to [`LONGEST_NOTE`]; `None` when
    /// the text is blank.
    pub(crate) fn add(&self, author: &str, author_name: &str, text: &str) -> Option<Note> {
        let text: String = text.trim().chars().take(LONGEST_NOTE).collect();
        if text.is_empty() {
            return None;
        }
        let mut notes = self.notes();
        notes.last_id += 1;
        let (author, author_name) = (author.to_owned(), author_name.to_owned());
        let note = Note { id: notes.last_id, author, author_name, text };
        notes.kept.push_back(note.clone());
        if notes.kept.len() > NOTES {
            notes.kept.pop_front();
        }
        Some(note)
    }

    /// Takes the note `id` off the board; whether it was there.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut notes = self.notes();
        let before = notes.kept.len();
        notes.kept.retain(|note| note.id != id);
        notes.kept.len() < before
    }

    /// Every note.
    pub(crate) fn all(&self) -> Vec<Note> {
        self.notes().kept.iter().cloned().collect()
    }

    /// How many notes there are, and of how many authors.
    pub(crate) fn count(&self) -> (usize, usize) {
        let notes = self.notes();
        let authors: BTreeSet<&str> = notes.kept.iter().map(|note| note.author.as_str()).collect();
        (notes.kept.len(), authors.len())
    }

    /// A handler that panicked leaves whole notes behind.
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
