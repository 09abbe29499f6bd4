//! Serial ports (and the device side of pseudo-terminals).

use std::fs::{self, File, TryLockError};
use std::io::{self, IsTerminal};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use debrick_link::{Clock, Deadline, Link, LinkError};
use nix::errno::Errno;
use nix::libc;
use serial2::SerialPort;

use crate::clock::OsClock;
use crate::failure::{errno, timed_out, while_open, while_opening};
use crate::holders::{PROC, guess_holder, in_words, is_pty, others_with_device, resolved, scan_deadline};
use crate::lock::{A_MOMENT, UUCP_FOLDERS, try_lock, uucp_holder};
use crate::spec::{LineSettings, Parity};
use crate::stream::OsStream;
use crate::sys::{claim_terminal, unsent_bytes};

/// How much longer than its bits take a line may need to send what was written.
const DRAIN_SLACK: Duration = Duration::from_secs(2);

/// An adapter may still hold this many bytes when the driver says that everything is sent.
const ADAPTER_BYTES: u32 = 64;

/// An open, locked serial port.
pub(crate) struct SerialLink {
    stream: OsStream<File>,
    /// The same open file, for its settings.
    port: SerialPort,
    rate: u32,
}

/// Opens, locks and configures the port at `path`.
pub(crate) fn open_serial(path: &Path, line: LineSettings) -> Result<SerialLink, LinkError> {
    let name = path.display().to_string();
    let node = fs::canonicalize(path).map_err(|error| while_opening(&name, error))?;
    let metadata = fs::metadata(&node).map_err(|error| while_opening(&name, error))?;
    let not_serial =
        || LinkError::BadSpec { spec: name.clone(), reason: "it is not a serial port".to_owned() };
    if !metadata.file_type().is_char_device() || is_other_than_terminal(metadata.rdev()) {
        return Err(not_serial());
    }
    refuse_if_others_hold(&name, path, &node)?;

    let options =
        File::options().read(true).write(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(&node);
    let file = options.map_err(|error| match errno(&error) {
        Some(Errno::EBUSY) => busy(&name, &node),
        _ => while_opening(&name, error),
    })?;
    if !file.is_terminal() {
        return Err(not_serial());
    }
    match try_lock(&file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(busy(&name, &node)),
        Err(TryLockError::Error(error)) => return Err(while_open(&name, error)),
    }
    // A pseudo-terminal would stay claimed after this process is killed, for as long as its other side is open.
    if !is_pty(metadata.rdev()) {
        claim_terminal(&file).map_err(|error| while_open(&name, error))?;
    }
    let twin = file.try_clone().map_err(|error| while_open(&name, error))?;
    let mut port = SerialPort::from(OwnedFd::from(twin));
    configure(&mut port, line).map_err(|error| refused(&name, error, &format!("run its line at {line}")))?;
    Ok(SerialLink { stream: OsStream::new(file, name, None), port, rate: line.rate })
}

/// Whether the kernel says that the device is something else than a terminal, which must not even be opened: that alone
/// starts a watchdog.
fn is_other_than_terminal(device: u64) -> bool {
    let (major, minor) = (libc::major(device), libc::minor(device));
    let subsystem = fs::read_link(format!("/sys/dev/char/{major}:{minor}/subsystem"));
    !is_pty(device) && subsystem.is_ok_and(|target| !target.ends_with("tty"))
}

fn refuse_if_others_hold(name: &str, path: &Path, node: &Path) -> Result<(), LinkError> {
    let holder = uucp_holder(&UUCP_FOLDERS, &[path, node]).map(|process| process.to_string());
    let others = || in_words(&others_with_device(Path::new(PROC), node, scan_deadline()));
    // Whoever holds it is still there a moment later; a program that this process just starts is not.
    let holder = holder.or_else(|| {
        others()?;
        OsClock.sleep(A_MOMENT);
        others()
    });
    match holder {
        None => Ok(()),
        holder => Err(LinkError::Busy { link: name.to_owned(), holder }),
    }
}

fn busy(name: &str, node: &Path) -> LinkError {
    LinkError::Busy { link: name.to_owned(), holder: guess_holder(Path::new(PROC), &resolved(node)) }
}

fn configure(port: &mut SerialPort, line: LineSettings) -> io::Result<()> {
    let mut settings = port.get_configuration()?;
    settings.set_raw();
    settings.set_baud_rate(line.rate)?;
    settings.set_char_size(match line.data_bits {
        5 => serial2::CharSize::Bits5,
        6 => serial2::CharSize::Bits6,
        7 => serial2::CharSize::Bits7,
        _ => serial2::CharSize::Bits8,
    });
    settings.set_parity(match line.parity {
        Parity::None => serial2::Parity::None,
        Parity::Even => serial2::Parity::Even,
        Parity::Odd => serial2::Parity::Odd,
    });
    settings.set_stop_bits(match line.stop_bits {
        2 => serial2::StopBits::Two,
        _ => serial2::StopBits::One,
    });
    port.set_configuration(&settings)
}

/// A failure to set up a line: without an error number it is the driver that took other settings than were asked for.
fn refused(name: &str, error: io::Error, what: &str) -> LinkError {
    match errno(&error) {
        None | Some(Errno::EINVAL) => LinkError::Unsupported { link: name.to_owned(), what: what.to_owned() },
        _ => while_open(name, error),
    }
}

impl SerialLink {
    /// Waits until everything written is on the line.
    fn drain(&self) -> Result<(), LinkError> {
        let fail = |error| while_open(self.stream.name(), error);
        let unsent = unsent_bytes(self.stream.file()).map_err(fail)?;
        let deadline = Deadline::after(&OsClock, self.line_time(unsent) + DRAIN_SLACK);
        loop {
            // There is no way to be woken when the last byte is out, so look as often as bytes can have moved.
            let unsent = unsent_bytes(self.stream.file()).map_err(fail)?;
            if unsent == 0 {
                break;
            }
            if deadline.has_passed(&OsClock) {
                return Err(timed_out(self.stream.name()));
            }
            OsClock.sleep(self.line_time(unsent).clamp(Duration::from_millis(1), Duration::from_millis(20)));
        }
        self.port.flush().map_err(fail)?;
        if !self.is_pty() {
            OsClock.sleep(self.line_time(ADAPTER_BYTES as usize).min(Duration::from_millis(50)));
        }
        Ok(())
    }

    fn line_time(&self, bytes: usize) -> Duration {
        Duration::from_secs_f64(bytes as f64 * 10.0 / f64::from(self.rate.max(1)))
    }

    fn is_pty(&self) -> bool {
        self.stream.file().metadata().is_ok_and(|metadata| is_pty(metadata.rdev()))
    }
}

impl Link for SerialLink {
    fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        self.stream.read(buffer, deadline)
    }

    fn write_all(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), LinkError> {
        self.stream.write_all(bytes, deadline)
    }

    fn set_line_rate(&mut self, bits_per_second: u32) -> Result<(), LinkError> {
        self.drain()?;
        let name = self.stream.name();
        let set = |port: &mut SerialPort| {
            let mut settings = port.get_configuration()?;
            settings.set_baud_rate(bits_per_second)?;
            port.set_configuration(&settings)
        };
        set(&mut self.port)
            .map_err(|error| refused(name, error, &format!("run its line at {bits_per_second}")))?;
        self.rate = bits_per_second;
        Ok(())
    }

    fn clock(&self) -> &dyn Clock {
        &OsClock
    }

    fn name(&self) -> &str {
        self.stream.name()
    }
}
