//! Content-addressed artifacts and the hash-chained journal.
