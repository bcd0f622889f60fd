//! Pages of a list. The place to go on from travels in the query as a sealed cursor, which opens for
//! the list and the filters that it was made for, and for nothing else.

use super::{call::Call, problem::Problem, shape::Page};

/// How many items a page has, unless asked otherwise.
const DEFAULT: u32 = 50;
/// The most items of a page.
pub(super) const MOST: u32 = 200;
/// The longest cursor that is read, in characters.
const LONGEST: usize = 2048;

/// Which page is asked for.
#[derive(Debug)]
pub(super) struct Asked {
    /// The key of the last item of the page before.
    pub(super) after: Option<String>,
    /// How many items to read: one more than are shown, which tells whether there is a next page.
    pub(super) limit: u32,
}

impl Call {
    /// The page that the query asks for.
    ///
    /// # Errors
    /// 400 for a limit outside of 1 to 200, and for a cursor of another list.
    pub(super) fn page(&self) -> Result<Asked, Problem> {
        let limit = match self.query.get("limit") {
            None => DEFAULT,
            Some(text) => {
                let is_plain = text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit());
                let number = text.parse::<u32>().ok().filter(|_| is_plain);
                let number = number.filter(|number| (1..=MOST).contains(number));
                number.ok_or_else(|| Problem::parameter("limit", "it is a number from 1 to 200"))?
            }
        };
        let after = match self.query.get("cursor") {
            None => None,
            Some(text) => {
                let refused = || Problem::parameter("cursor", "it is none of this list");
                Some(self.open(text).ok_or_else(refused)?)
            }
        };
        Ok(Asked { after, limit: limit + 1 })
    }

    /// The page of what was read for `asked`; `key` is what the list is ordered by.
    pub(super) fn page_of<T, U>(
        &self,
        asked: &Asked,
        found: &[T],
        key: impl Fn(&T) -> String,
        show: impl Fn(&T) -> U,
    ) -> Page<U> {
        let most = usize::try_from(asked.limit.saturating_sub(1)).unwrap_or(usize::MAX);
        let more = found.len() > most;
        let last = found.get(most.saturating_sub(1)).filter(|_| more);
        let next_cursor = last.map(|last| self.seal(&key(last)));
        Page { items: found.iter().take(most).map(show).collect(), next_cursor }
    }

    fn seal(&self, after: &str) -> String {
        let ctx = self.ctx();
        ctx.vault.cursors.seal_text(ctx.random(), &self.list(), after.as_bytes())
    }

    fn open(&self, text: &str) -> Option<String> {
        if text.len() > LONGEST {
            return None;
        }
        let plain = self.ctx().vault.cursors.open_text(&self.list(), text).ok()?;
        String::from_utf8(plain.to_vec()).ok()
    }

    /// What a cursor is bound to.
    fn list(&self) -> Vec<u8> {
        // Texts with their lengths: no two lists spell the same.
        serde_json::to_vec(&(self.route.path, &self.names, self.query.filters()))
            .unwrap_or_default()
    }
}
