//! The notes themselves, in memory.

use moka::{policy::EvictionPolicy, sync::Cache};

/// How many people's notes are kept.
const PEOPLE: u64 = 1_000;
/// How many notes one person keeps; the oldest goes first.
const NOTES_EACH: usize = 50;
/// The longest note, in characters.
pub(crate) const LONGEST_NOTE: usize = 500;

/// Notes by the subject of their owner: the one name of a person that never changes.
pub(crate) struct NoteStore(Cache<String, Vec<String>>);

impl NoteStore {
    /// No notes yet.
    pub(crate) fn new() -> Self {
        let notes = Cache::builder().max_capacity(PEOPLE).eviction_policy(EvictionPolicy::lru());
        Self(notes.build())
    }

    /// Adds `text` as the newest note of `subject`, cut to [`LONGEST_NOTE`]. Blank text is no note.
    pub(crate) fn add(&self, subject: &str, text: &str) {
        let note: String = text.trim().chars().take(LONGEST_NOTE).collect();
        if note.is_empty() {
            return;
        }
        self.0.entry_by_ref(subject).and_upsert_with(|kept| {
            let mut notes = kept.map(moka::Entry::into_value).unwrap_or_default();
            notes.insert(0, note);
            notes.truncate(NOTES_EACH);
            notes
        });
    }

    /// The notes of `subject`, newest first.
    pub(crate) fn of(&self, subject: &str) -> Vec<String> {
        self.0.get(subject).unwrap_or_default()
    }
}
