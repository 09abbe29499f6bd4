//! Reading what a unit answers, to its end or its silence.

use std::time::Duration;

use debrick_link::{Deadline, Link, LinkError};

use crate::wire::{LONGEST_BODY, LONGEST_HEAD, Response, read_response};

/// How long what has been sent already may take to arrive, after a connection broke.
const LEFT_OVER: Duration = Duration::from_millis(500);

/// What came.
#[derive(Debug)]
pub(super) enum Came {
    /// An answer, whole or not.
    Response(Response),
    /// Nothing, and then the end of the connection.
    End,
    /// Nothing until the deadline.
    Nothing,
}

/// Reads an answer that may have begun already. A connection that breaks is the end of it: units restart.
pub(super) fn read_reply(
    link: &mut dyn Link,
    already: Vec<u8>,
    deadline: Deadline,
) -> Result<Came, LinkError> {
    let mut came = already;
    let mut buffer = vec![0; 4096];
    loop {
        if let Some(response) = read_response(&came, false) {
            return Ok(Came::Response(response));
        }
        match link.read(&mut buffer, deadline) {
            Ok(count) => came.extend_from_slice(&buffer[..count]),
            Err(error) if error.is_timeout() => {
                let partly = read_response(&came, true).filter(|_| !came.is_empty());
                return Ok(partly.filter(is_more_than_continue).map_or(Came::Nothing, Came::Response));
            }
            Err(LinkError::Disconnected { .. } | LinkError::Io { .. }) => {
                let whole = read_response(&came, true).filter(|_| !came.is_empty());
                return Ok(whole.filter(is_more_than_continue).map_or(Came::End, Came::Response));
            }
            Err(error) => return Err(error),
        }
        // An answer is complete, or cut, long before.
        if came.len() > 2 * (LONGEST_HEAD + LONGEST_BODY) {
            return Ok(read_response(&came, true).map_or(Came::End, Came::Response));
        }
    }
}

/// What a unit had to say when it hung up.
pub(super) fn read_what_is_there(link: &mut dyn Link, already: Vec<u8>) -> Option<Response> {
    let deadline = Deadline::after(link.clock(), LEFT_OVER);
    match read_reply(link, already, deadline) {
        Ok(Came::Response(response)) => Some(response),
        _ => None,
    }
}

fn is_more_than_continue(response: &Response) -> bool {
    !response.status.is_some_and(|status| (100..200).contains(&status))
}
