use super::*;
use crate::datagram::Network;

/// Says "tick" each second, and echoes.
struct Ticker {
    next: Moment,
}

impl Device for Ticker {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        match input {
            Input::Tick if now >= self.next => {
                self.next = now + Duration::from_secs(1);
                out.push(Output::Bytes(Channel::Console, b"tick".to_vec()));
            }
            Input::Bytes(channel, bytes) => out.push(Output::Bytes(channel, bytes.to_vec())),
            Input::Connected(channel, to) if to.port() != 80 => out.push(Output::Closed(channel)),
            Input::Datagram { from, to, payload } => {
                out.push(Output::Datagram { from: to, to: from, payload: payload.to_vec() });
            }
            Input::Frame(frame) => out.push(Output::Frame(frame.to_vec())),
            _ => {}
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        Some(self.next)
    }
}

fn world() -> World<Ticker> {
    World::new(Ticker { next: Moment::default() + Duration::from_secs(1) }, VirtualClock::new())
}

#[test]
fn waiting_lets_virtual_time_pass() {
    let world = world();
    let mut console = world.console();
    let mut buffer = [0; 16];
    let deadline = Deadline::after(world.clock(), Duration::from_millis(500));
    assert!(console.read(&mut buffer, deadline).unwrap_err().is_timeout());
    let deadline = Deadline::after(world.clock(), Duration::from_secs(60));
    assert_eq!(console.read(&mut buffer, deadline).unwrap(), 4);
    assert_eq!(world.clock().now().since_start(), Duration::from_secs(1));
}

#[test]
fn streams_and_datagrams_come_back() {
    let world = world();
    let mut network = world.network();
    let now = Deadline::at(world.clock().now());
    let mut buffer = [0; 16];
    let mut stream = network.connect_stream("10.0.0.1:80".parse().unwrap(), now).unwrap();
    stream.write_all(b"hello", now).unwrap();
    assert_eq!(stream.read(&mut buffer, now).unwrap(), 5);
    assert!(network.connect_stream("10.0.0.1:81".parse().unwrap(), now).is_err());

    let local = "10.0.0.2:69".parse().unwrap();
    let mut socket = network.bind_datagrams(local).unwrap();
    assert!(network.bind_datagrams(local).is_err());
    socket.send(b"ping", "10.0.0.1:7".parse().unwrap()).unwrap();
    assert_eq!(socket.receive(&mut buffer, now).unwrap(), (4, "10.0.0.1:7".parse().unwrap()));
    drop(socket);
    assert!(network.bind_datagrams(local).is_ok());

    let header = FrameHeader { to: MacAddress::BROADCAST, from: HOST_ADDRESS, ether_type: 0x0912 };
    let mut all = network.open_frames(None).unwrap();
    let mut others = network.open_frames(Some(0x0806)).unwrap();
    all.send(&header.with(b"hi")).unwrap();
    assert_eq!(all.receive(&mut buffer, now).unwrap(), 16);
    assert!(others.receive(&mut buffer, now).unwrap_err().is_timeout());
    assert_eq!(network.carrier(), Some(true));
}

#[test]
fn a_datagram_and_its_frame_are_one() {
    let world = world();
    let mut network = world.network();
    let now = Deadline::at(world.clock().now());
    let mut tftp = network.open_frames(Some(ETHER_TYPE_IPV4)).unwrap();
    tftp.hear_only_udp_to(69).unwrap();
    let local: SocketAddr = "10.0.0.2:69".parse().unwrap();
    let mut socket = network.bind_datagrams(local).unwrap();
    let mut other = network.bind_datagrams("10.0.0.2:70".parse().unwrap()).unwrap();
    let unit: SocketAddr = "10.0.0.1:7".parse().unwrap();
    other.send(b"other", unit).unwrap();
    socket.send(b"ping", unit).unwrap();
    let mut buffer = [0; 128];
    let count = tftp.receive(&mut buffer, now).unwrap();
    let (header, packet) = FrameHeader::split(&buffer[..count]).unwrap();
    let udp = UdpPacket::split(packet).unwrap();
    assert_eq!((header.from, udp.payload), (DEVICE_ADDRESS, &b"ping"[..]));
    assert!(tftp.receive(&mut buffer, now).unwrap_err().is_timeout());

    let stranger = MacAddress::new([2, 0, 0, 0, 0, 0x66]);
    let (from, to) = ("10.0.0.1:9".parse().unwrap(), "10.0.0.2:69".parse().unwrap());
    let frame = UdpPacket { from, to, payload: b"mine" }.to_frame(stranger, HOST_ADDRESS).unwrap();
    tftp.send(&frame).unwrap();
    assert_eq!(socket.receive(&mut buffer, now).unwrap(), (4, unit));
    assert_eq!(socket.receive(&mut buffer, now).unwrap(), (4, from.into()));
    let count = tftp.receive(&mut buffer, now).unwrap();
    assert_eq!(FrameHeader::split(&buffer[..count]).unwrap().0.from, stranger);
}
