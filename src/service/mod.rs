//! Floor 4: the verbs. Load, decide by a pure rule, persist in one transaction.

pub mod password_pool;
