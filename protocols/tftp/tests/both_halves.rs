//! Our client against our server on the loopback interface, with a network between them that loses, doubles and
//! swaps datagrams.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod common;

use std::cell::RefCell;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::bytes;
use debrick_link::{Clock, Datagrams, Deadline, Link, LinkError, Network, Rng};
use debrick_link_os::OsNetwork;
use debrick_target::Silent;
use debrick_tftp::{Client, ClientOptions, Intake, Server, ServerEvent, Service};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A network whose sockets send badly.
struct BadNetwork {
    inner: OsNetwork,
    rng: Rng,
    fired: Arc<[AtomicU64; 3]>,
}

struct BadSocket {
    inner: Box<dyn Datagrams>,
    rng: Rng,
    held_back: Option<(Vec<u8>, SocketAddr)>,
    fired: Arc<[AtomicU64; 3]>,
}

impl Network for BadNetwork {
    fn bind_datagrams(&mut self, local: SocketAddr) -> Result<Box<dyn Datagrams>, LinkError> {
        let inner = self.inner.bind_datagrams(local)?;
        let rng = Rng::new(self.rng.next_u64());
        Ok(Box::new(BadSocket { inner, rng, held_back: None, fired: self.fired.clone() }))
    }

    fn connect_stream(&mut self, to: SocketAddr, deadline: Deadline) -> Result<Box<dyn Link>, LinkError> {
        self.inner.connect_stream(to, deadline)
    }

    fn clock(&self) -> &dyn Clock {
        self.inner.clock()
    }
}

impl Datagrams for BadSocket {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<(usize, SocketAddr), LinkError> {
        self.inner.receive(buffer, deadline)
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> Result<(), LinkError> {
        const RATE: f64 = 0.03;
        if self.rng.chance(RATE) {
            self.fired[0].fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        if self.held_back.is_none() && self.rng.chance(RATE) {
            self.fired[2].fetch_add(1, Ordering::Relaxed);
            self.held_back = Some((datagram.to_vec(), to));
            return Ok(());
        }
        self.inner.send(datagram, to)?;
        if self.rng.chance(RATE) {
            self.fired[1].fetch_add(1, Ordering::Relaxed);
            self.inner.send(datagram, to)?;
        }
        match self.held_back.take() {
            Some((datagram, to)) => self.inner.send(&datagram, to),
            None => Ok(()),
        }
    }

    fn local_address(&self) -> SocketAddr {
        self.inner.local_address()
    }

    fn clock(&self) -> &dyn Clock {
        self.inner.clock()
    }

    fn name(&self) -> &str {
        self.inner.name()
    }
}

/// A place that shows what it holds once it is complete.
struct Place {
    bytes: Vec<u8>,
    complete: Rc<RefCell<Vec<u8>>>,
}

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.complete.replace(self.bytes.clone());
        Ok(())
    }
}

fn check(options: ClientOptions, seed: u64) {
    let quick = Duration::from_millis(10);
    let options = ClientOptions {
        request_every: quick,
        answer_within: Duration::from_secs(10),
        resend_first: quick,
        // Longer than the server repeats its last block.
        linger: Duration::from_millis(60),
        ..options
    };
    let fired = Arc::new([const { AtomicU64::new(0) }; 3]);
    let network = |seed| BadNetwork { inner: OsNetwork::new(), rng: Rng::new(seed), fired: fired.clone() };
    let image = bytes(100_000, seed);
    let stored = Rc::new(RefCell::new(Vec::new()));
    let complete = stored.clone();
    let open = Box::new(move |_, _: &str| {
        Some(Box::new(Place { bytes: Vec::new(), complete: complete.clone() }) as _)
    });
    let service = Service {
        intake: Some(Intake { limit: 1 << 20, open }),
        resend_first: quick,
        ..Service::of("image.bin", &image)
    };
    let (mut server_network, mut client_network) = (network(seed), network(seed + 1));
    let mut server = Server::bind(&mut server_network, SocketAddr::new(LOOPBACK, 0), service).unwrap();
    let to = server.local_address();
    std::thread::scope(|scope| {
        let client = scope.spawn(|| {
            let mut client = Client::new(&mut client_network, LOOPBACK, to, options);
            let mut back = Vec::new();
            client.pull("image.bin", &mut back, &mut Silent).unwrap();
            assert!(back == image);
            client.push("backup.bin", &image, &mut Silent).unwrap();
        });
        while !client.is_finished() {
            let deadline = Deadline::after(server.clock(), quick);
            if let ServerEvent::Aborted { error, .. } = server.poll(deadline).unwrap() {
                panic!("seed {seed}: {error:?}");
            }
        }
    });
    assert!(*stored.borrow() == image, "seed {seed}");
    assert!(fired.iter().all(|count| count.load(Ordering::Relaxed) > 0), "{fired:?}");
}

#[test]
fn a_bad_network_only_makes_it_slower() {
    for seed in 0..4 {
        check(ClientOptions::default(), seed);
        check(ClientOptions { block_size: Some(1024), window_size: Some(8), ..ClientOptions::fast() }, seed);
    }
}
