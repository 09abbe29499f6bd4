//! The router on a real stream, on a real clock.

mod common;

use debrick_virtual_bench::{Brick, VirtualRouter, serve};

#[test]
fn a_client_on_the_other_end_sees_the_console() {
    use std::io::Write as _;
    use std::os::unix::net::UnixStream;

    use debrick_link::{Clock, Deadline, Link, LinkError, Moment};

    /// The system's clock, for this test.
    struct Real(std::time::Instant);

    impl Clock for Real {
        fn now(&self) -> Moment {
            Moment::from_start(self.0.elapsed())
        }

        #[expect(clippy::disallowed_methods, reason = "a test that runs on the system's clock")]
        fn sleep(&self, span: std::time::Duration) {
            std::thread::sleep(span);
        }

        fn wall_ms(&self) -> u64 {
            0
        }
    }

    struct Stream(UnixStream, Real);

    impl Link for Stream {
        fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
            use std::io::Read as _;
            let left = deadline.left(&self.1).max(std::time::Duration::from_millis(1));
            self.0.set_read_timeout(Some(left)).unwrap();
            match self.0.read(buffer) {
                Ok(0) => Err(LinkError::Disconnected { link: "socket".into(), source: None }),
                Ok(count) => Ok(count),
                Err(_) => Err(LinkError::TimedOut { link: "socket".into() }),
            }
        }

        fn write_all(&mut self, bytes: &[u8], _deadline: Deadline) -> Result<(), LinkError> {
            self.0
                .write_all(bytes)
                .map_err(|source| LinkError::Disconnected { link: "socket".into(), source: Some(source) })
        }

        fn set_line_rate(&mut self, _rate: u32) -> Result<(), LinkError> {
            Ok(())
        }

        fn clock(&self) -> &dyn Clock {
            &self.1
        }

        fn name(&self) -> &str {
            "socket"
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a test that runs on the system's clock")]
    let begin = std::time::Instant::now();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let unit = std::thread::spawn(move || {
        let mut router = VirtualRouter::bricked(Brick::BootCommandLost, &common::image("1.0.4"));
        serve(&mut router, &mut Stream(theirs, Real(begin)), || false).unwrap();
        router.has_power()
    });
    let mut link = Stream(ours, Real(begin));
    let text = common::listen(&mut link, 1);
    assert!(text.ends_with("=> "), "{text}");
    link.write_all(b"echo here\r", Deadline::at(Moment::default())).unwrap();
    assert!(common::listen(&mut link, 1).contains("here\r\n=> "));
    drop(link);
    assert!(unit.join().unwrap());
}
