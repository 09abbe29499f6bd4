//! The journal's SQLite file: its making, its settings and its rows. What the rows mean is the chain's business.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use debrick_model::Digest;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::error::JournalError;
use crate::files;

/// The format of the file, kept as SQLite's `user_version`.
pub(crate) const FORMAT: u32 = 1;

/// The file inside a session's directory.
pub(crate) const FILE: &str = "journal.db";

/// An event's JSON is at most this long, in bytes; larger things are artifacts.
pub(crate) const MAX_JSON_BYTES: usize = 4 * 1024 * 1024;

/// "dbrk", kept as SQLite's `application_id`.
const APPLICATION_ID: i32 = 0x6462_726b;

/// The header of an SQLite file, all numbers big-endian (SQLite file format, section 1.3).
mod header {
    use std::ops::Range;

    pub(super) const LEN: usize = 100;
    pub(super) const MAGIC: Range<usize> = 0..16;
    /// Largest and smallest share of a page that one key may fill, and that of a leaf: no file has others.
    pub(super) const SHARES: Range<usize> = 21..24;
    pub(super) const USER_VERSION: Range<usize> = 60..64;
    pub(super) const APPLICATION_ID: Range<usize> = 68..72;
    /// Zero in every file.
    pub(super) const RESERVED: Range<usize> = 72..92;

    pub(super) const MAGIC_VALUE: &[u8] = b"SQLite format 3\0";
    pub(super) const SHARES_VALUE: &[u8] = &[64, 32, 32];
}

/// Formats are counted up one by one: a number above this was not written by any version of this program.
const MAX_FORMAT: u32 = 9_999;

/// How long another connection's lock is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The whole schema. It is compared word for word, so that no trigger or view can slip in.
const TABLES: [&str; 2] = [
    "CREATE TABLE events (seq INTEGER PRIMARY KEY, body TEXT NOT NULL, hash BLOB NOT NULL) STRICT",
    "CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL, hash BLOB NOT NULL) STRICT",
];

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Append,
}

/// A row as it is found. `None` stands for what is not of the right type or size.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) seq: i64,
    pub(crate) body: Option<String>,
    pub(crate) hash: Option<Digest>,
}

/// The number of entries and the last hash, as stored beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) count: u64,
    pub(crate) hash: Digest,
}

/// Makes an empty journal. The version is in the file before the file becomes a write-ahead-log one, so that even a
/// look at the header tells it.
pub(crate) fn create(dir: &Path, id: &str, first: &Digest) -> Result<(), JournalError> {
    let path = dir.join(FILE);
    // SQLite gives its own files the mode of this one.
    files::create_new(&path).map_err(|error| JournalError::io("making", id, error))?;
    let make = || {
        let mut connection = Connection::open_with_flags(&path, flags(Access::Append))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let transaction = connection.transaction()?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
        for table in TABLES {
            transaction.execute_batch(table)?;
        }
        transaction.execute("INSERT INTO head VALUES (1, 0, ?1)", [first.as_bytes().as_slice()])?;
        transaction.commit()?;
        connection.pragma_update(None, "journal_mode", "WAL")
    };
    make().map_err(|error| JournalError::database("making", id, error))
}

/// Opens a journal. One of a newer version, or with a header that is damaged, is not even opened by SQLite, which might
/// touch it.
pub(crate) fn open(dir: &Path, id: &str, access: Access) -> Result<Connection, JournalError> {
    let path = dir.join(FILE);
    check_header(&read_header(&path, id)?, id)?;
    let connect = || {
        let connection = Connection::open_with_flags(&path, flags(access))?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        if access == Access::Append {
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "fullfsync", true)?;
        }
        let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok((connection, version))
    };
    let (connection, version) = connect().map_err(|error| JournalError::database("opening", id, error))?;
    check_format(version, id)?;
    Ok(connection)
}

/// Whether the tables are the ones that [`create`] made, and no others.
pub(crate) fn tables_are_ours(connection: &Connection) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare("SELECT sql FROM sqlite_schema ORDER BY name LIMIT 3")?;
    let found: Vec<Option<String>> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    Ok(mode == "wal" && found.iter().map(Option::as_deref).eq(TABLES.map(Some)))
}

/// Gives every row to `visit`, in order; stops when it returns false.
pub(crate) fn for_each_row(
    connection: &Connection,
    order: Order,
    mut visit: impl FnMut(Row) -> bool,
) -> rusqlite::Result<()> {
    let direction = match order {
        Order::Forward => "ASC",
        Order::Backward => "DESC",
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT seq, CASE WHEN octet_length(body) <= {MAX_JSON_BYTES} THEN body END, \
         CASE WHEN octet_length(hash) = 32 THEN hash END FROM events ORDER BY seq {direction}"
    ))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let body = match row.get_ref(1)? {
            ValueRef::Text(text) => std::str::from_utf8(text).ok().map(str::to_owned),
            _ => None,
        };
        let row = Row { seq: row.get(0)?, body, hash: digest(row.get_ref(2)?) };
        if !visit(row) {
            break;
        }
    }
    Ok(())
}

/// The order in which rows are visited.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    Forward,
    Backward,
}

/// The stored head; `None` when it is not as it should be.
pub(crate) fn head(connection: &Connection) -> rusqlite::Result<Option<Head>> {
    let mut statement = connection.prepare_cached("SELECT count, hash FROM head")?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let count = match row.get_ref(0)? {
        ValueRef::Integer(count) => u64::try_from(count).ok(),
        _ => None,
    };
    Ok(count.zip(digest(row.get_ref(1)?)).map(|(count, hash)| Head { count, hash }))
}

/// Adds an entry and moves the head, both or neither, durably. False when the head is not where the caller believes.
pub(crate) fn append(
    connection: &mut Connection,
    before: Head,
    after: Head,
    json: &str,
) -> rusqlite::Result<bool> {
    let seq = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let moved = transaction
        .prepare_cached("UPDATE head SET count = ?1, hash = ?2 WHERE id = 1 AND count = ?3 AND hash = ?4")?
        .execute((seq(after.count), after.hash.as_bytes(), seq(before.count), before.hash.as_bytes()))?;
    if moved != 1 {
        return Ok(false);
    }
    transaction.prepare_cached("INSERT INTO events VALUES (?1, ?2, ?3)")?.execute((
        seq(after.count),
        json,
        after.hash.as_bytes(),
    ))?;
    transaction.commit()?;
    Ok(true)
}

fn flags(access: Access) -> OpenFlags {
    let write = match access {
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Access::Append => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    write | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn check_format(found: u32, id: &str) -> Result<(), JournalError> {
    if found > FORMAT {
        return Err(JournalError::Newer { id: id.to_owned(), found, known: FORMAT });
    }
    if found < FORMAT {
        return Err(JournalError::Damaged {
            id: id.to_owned(),
            seq: None,
            what: format!("it says that its format is {found}, which never was"),
        });
    }
    Ok(())
}

/// Tells a journal of a newer version from a file that is none, or is none any more. A version is only believed in a
/// header that is whole otherwise.
fn check_header(bytes: &[u8; header::LEN], id: &str) -> Result<(), JournalError> {
    let number = |at: Range<usize>| bytes[at].iter().fold(0, |number, &byte| number << 8 | u32::from(byte));
    let what = if bytes.iter().all(|&byte| byte == 0) {
        "it begins with zeros"
    } else if bytes[header::MAGIC] != *header::MAGIC_VALUE {
        "it does not begin as a database does"
    } else if number(header::APPLICATION_ID) != APPLICATION_ID.cast_unsigned() {
        "it does not carry this program's mark"
    } else if bytes[header::SHARES] != *header::SHARES_VALUE
        || bytes[header::RESERVED].iter().any(|&byte| byte != 0)
        || number(header::USER_VERSION) > MAX_FORMAT
    {
        "its header holds what no version of this program writes"
    } else {
        return check_format(number(header::USER_VERSION), id);
    };
    Err(JournalError::HeaderDamaged { id: id.to_owned(), what })
}

fn read_header(path: &Path, id: &str) -> Result<[u8; header::LEN], JournalError> {
    let mut bytes = [0; header::LEN];
    match File::open(path).and_then(|file| file.read_exact_at(&mut bytes, 0)) {
        Ok(()) => Ok(bytes),
        Err(error)
            if matches!(error.kind(), std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::NotFound) =>
        {
            Err(JournalError::Damaged {
                id: id.to_owned(),
                seq: None,
                what: format!("the file {FILE} is missing or cut short"),
            })
        }
        Err(error) => Err(JournalError::io("opening", id, error)),
    }
}

fn digest(value: ValueRef<'_>) -> Option<Digest> {
    match value {
        ValueRef::Blob(bytes) => bytes.try_into().ok().map(Digest::new),
        _ => None,
    }
}
