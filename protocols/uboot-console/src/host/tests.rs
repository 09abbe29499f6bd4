//! A scripted peer that behaves badly.
