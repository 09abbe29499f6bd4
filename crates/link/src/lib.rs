//! Byte streams, datagrams and time with deadlines, and decorators that trace, record, replay, pace and fault them.
