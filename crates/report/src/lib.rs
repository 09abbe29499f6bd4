//! A session told as HTML, Markdown and JSON, and checked against its journal.
