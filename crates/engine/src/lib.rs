//! Sessions: plan, gates, journal, retry, resume, escalate.
