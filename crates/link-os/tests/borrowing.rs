//! Borrowing a real interface, and giving it back exactly as it was: after success, after failure, and after a kill at any
//! moment. In a network namespace; needs root.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test against the real system")]

mod common;

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{FAR, NEAR, ip, with_cable, with_outside};
use debrick_link::{Datagrams, Deadline, LinkError, Network};
use debrick_link_os::{BorrowedInterface, InterfaceError, Loan, OsClock, give_back_left_over};
use debrick_model::{Coded, MacAddress};

const HOST: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 2);
const UNIT: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);
const STATION: MacAddress = MacAddress::new([0xA0, 0x63, 0x91, 1, 2, 3]);

/// How many children are killed.
const KILLS: u32 = 24;
const MOST_KILLS: u32 = 20 * KILLS;

/// Tells the child below to pin neighbours, too.
const PINS: &str = "DEBRICK_TEST_PINS";

/// Tells the child below which folder to keep its journal in.
const FOLDER: &str = "DEBRICK_TEST_FOLDER";

fn loan() -> Loan {
    Loan { addresses: vec![(HOST, 24)], ..Loan::to_listen(NEAR) }
}

/// Borrows the interface, and says which station the unit is.
fn borrow(folder: &Path) -> BorrowedInterface {
    let borrowed = BorrowedInterface::borrow(&loan(), folder).unwrap();
    borrowed.network().set_neighbour(UNIT, STATION).unwrap();
    borrowed
}

/// Everything that could differ. Whether the other end has noticed what its link does is known a moment later, and no
/// setting.
fn everything() -> [String; 4] {
    let all = ["-j addr", "-j route show table all", "-j -6 route show table all", "-j neigh"].map(ip);
    all.map(|text| {
        text.replace("LOWERLAYERDOWN", "UP").replace("\"NO-CARRIER\",", "").replace("\"linkdown\"", "")
    })
}

/// Everything is as it was. What the kernel does by itself when a link comes or goes takes a moment.
fn check_restored(before: &[String; 4]) {
    let deadline = Instant::now() + Duration::from_secs(3);
    while everything() != *before && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    for (now, before) in everything().iter().zip(before) {
        let same = now.bytes().zip(before.bytes()).take_while(|(now, before)| now == before).count();
        let around = |text: &str| text[same.saturating_sub(300)..text.len().min(same + 300)].to_owned();
        assert_eq!(now, before, "\n   now: {}\nbefore: {}", around(now), around(before));
    }
}

fn journals(folder: &Path) -> usize {
    std::fs::read_dir(folder).map(Iterator::count).unwrap_or(0)
}

/// An interface that is in use, with an address, a route and neighbours of its own.
fn furnish() {
    ip(&format!("addr add 10.9.8.7/24 dev {NEAR}"));
    ip(&format!("route add 10.20.0.0/16 via 10.9.8.1 dev {NEAR}"));
    ip(&format!("neigh add 10.9.8.1 lladdr 02:00:00:00:00:99 dev {NEAR} nud permanent"));
}

#[test]
fn an_interface_comes_back_as_it_was() {
    for is_furnished in [true, false] {
        with_cable(|| {
            let folder = tempfile::tempdir().unwrap();
            if is_furnished {
                furnish();
            } else {
                ip(&format!("link set {NEAR} down"));
            }
            let before = everything();
            let borrowed = borrow(folder.path());
            let during = everything();
            assert!(during[0].contains("192.168.1.2") && during[0].contains("ALLMULTI"), "{}", during[0]);
            assert!(during[3].contains("a0:63:91:01:02:03"), "{}", during[3]);
            assert_eq!(borrowed.notes(), [""; 0]);
            assert_eq!(journals(folder.path()), 1);
            borrowed.give_back().unwrap();
            check_restored(&before);
            assert_eq!(journals(folder.path()), 0);
            // Dropped, as when the repair fails.
            drop(borrow(folder.path()));
            check_restored(&before);
            assert_eq!(journals(folder.path()), 0);
        });
    }
}

#[test]
fn what_fails_half_way_is_taken_back() {
    with_cable(|| {
        let folder = tempfile::tempdir().unwrap();
        furnish();
        let before = everything();
        // The first address is added, the second is on the other interface.
        ip(&format!("addr add 172.16.0.1/24 dev {FAR}"));
        let before_far = everything();
        let mut loan = loan();
        loan.addresses.push((Ipv4Addr::new(172, 16, 0, 1), 24));
        let refused = BorrowedInterface::borrow(&loan, folder.path()).unwrap_err();
        assert_eq!(refused.code(), "interface-address-elsewhere");
        check_restored(&before_far);
        assert_ne!(before, before_far);
        assert_eq!(journals(folder.path()), 0);
    });
}

#[test]
fn what_is_there_already_stays() {
    with_cable(|| {
        let folder = tempfile::tempdir().unwrap();
        ip(&format!("addr add 192.168.1.2/24 dev {NEAR}"));
        let before = everything();
        borrow(folder.path()).give_back().unwrap();
        check_restored(&before);
    });
}

#[test]
fn neighbours_that_were_learned_meanwhile_go_and_others_stay() {
    with_cable(|| {
        let folder = tempfile::tempdir().unwrap();
        furnish();
        let before = everything();
        let borrowed = BorrowedInterface::borrow(&loan(), folder.path()).unwrap();
        ip(&format!("neigh add 192.168.1.77 lladdr 02:00:00:00:00:77 dev {NEAR} nud stale"));
        borrowed.give_back().unwrap();
        check_restored(&before);
    });
}

/// Entries that were there before the loan, of every kind, for addresses that the loan pins.
fn known_before() {
    ip(&format!("neigh add 192.168.1.1 lladdr 02:00:00:00:00:31 dev {NEAR} nud stale"));
    ip(&format!("neigh add 192.168.1.3 lladdr 02:00:00:00:00:33 dev {NEAR} nud permanent"));
    ip(&format!("neigh add 192.168.1.4 lladdr 02:00:00:00:00:34 dev {NEAR} nud stale"));
}

const STRANGER: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 0x66]);

/// Pins addresses through the network that the loan hands out, as a server does, and forgets one of them again.
fn pin(borrowed: &BorrowedInterface) {
    let mut network = borrowed.network();
    for last in [1, 3, 4, 5] {
        network.set_neighbour(Ipv4Addr::new(192, 168, 1, last), STRANGER).unwrap();
    }
    network.forget_neighbour(Ipv4Addr::new(192, 168, 1, 4)).unwrap();
    let now = everything();
    assert_eq!(now[3].matches("02:00:00:00:00:66").count(), 3, "{}", now[3]);
    assert!(now[3].contains("PERMANENT") && !now[3].contains("02:00:00:00:00:33"), "{}", now[3]);
}

#[test]
fn pinned_neighbours_give_way_to_those_that_were_there() {
    with_cable(|| {
        let folder = tempfile::tempdir().unwrap();
        furnish();
        known_before();
        let before = everything();
        let borrowed = BorrowedInterface::borrow(&loan(), folder.path()).unwrap();
        pin(&borrowed);
        borrowed.give_back().unwrap();
        check_restored(&before);
        assert_eq!(journals(folder.path()), 0);
    });
}

#[test]
fn the_way_to_the_world_is_refused_unless_it_is_allowed() {
    with_cable(|| {
        let folder = tempfile::tempdir().unwrap();
        furnish();
        ip(&format!("route add default via 10.9.8.1 dev {NEAR}"));
        let before = everything();
        let refused = BorrowedInterface::borrow(&loan(), folder.path()).unwrap_err();
        assert_eq!(refused.code(), "interface-default-route");
        assert!(refused.next_step().contains("--allow-default-route"));
        check_restored(&before);
        let allowed = Loan { may_carry_default_route: true, ..loan() };
        BorrowedInterface::borrow(&allowed, folder.path()).unwrap().give_back().unwrap();
        check_restored(&before);
        // The other end carries none.
        drop(BorrowedInterface::borrow(&Loan::to_listen(FAR), folder.path()).unwrap());
    });
}

#[test]
fn an_interface_is_borrowed_once() {
    with_cable(|| {
        let folder = tempfile::tempdir().unwrap();
        let borrowed = BorrowedInterface::borrow(&loan(), folder.path()).unwrap();
        let second = BorrowedInterface::borrow(&loan(), folder.path()).unwrap_err();
        assert_eq!(second.code(), "interface-busy");
        // Nor is it given back under its borrower's hands.
        assert!(give_back_left_over(folder.path()).unwrap().is_empty());
        assert!(everything()[0].contains("192.168.1.2"));
        borrowed.give_back().unwrap();
        let absent = BorrowedInterface::borrow(&Loan::to_listen("nowhere0"), folder.path()).unwrap_err();
        assert!(matches!(absent, InterfaceError::NotFound { .. }), "{absent:?}");
    });
}

#[test]
fn routes_of_other_interfaces_are_preferred() {
    with_cable(|| {
        let folder = tempfile::tempdir().unwrap();
        ip(&format!("addr add 192.168.1.50/24 dev {FAR}"));
        let borrowed = BorrowedInterface::borrow(&loan(), folder.path()).unwrap();
        assert!(borrowed.notes()[0].contains(FAR), "{:?}", borrowed.notes());
        let way = ip(&format!("route get {UNIT}"));
        assert!(way.contains(FAR), "{way}");
        let way = ip(&format!("route get {UNIT} oif {NEAR}"));
        assert!(way.contains("192.168.1.2"), "{way}");
    });
}

#[test]
fn only_the_borrowed_interface_is_answered() {
    with_cable(|| {
        let folder = tempfile::tempdir().unwrap();
        ip("link add other0 type veth peer name outside0");
        ip("addr add 10.1.1.1/24 dev other0");
        ip("link set other0 up");
        let borrowed = BorrowedInterface::borrow(&loan(), folder.path()).unwrap();
        let mut server: Box<dyn Datagrams> =
            borrowed.network().bind_datagrams("0.0.0.0:69".parse().unwrap()).unwrap();
        let anybody = UdpSocket::bind("10.1.1.1:70").unwrap();
        with_outside("outside0", || {
            ip("addr add 10.1.1.2/24 dev outside0");
            ip("link set outside0 up");
            ip("route add default via 10.1.1.1");
            let stranger = UdpSocket::bind("10.1.1.2:0").unwrap();
            for to in ["10.1.1.1:69", "192.168.1.2:69", "10.1.1.1:70"] {
                let _ = stranger.send_to(b"request", to.parse::<SocketAddr>().unwrap());
            }
        });
        // They came: a socket that is not bound to the interface has one.
        anybody.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let mut buffer = [0; 64];
        assert_eq!(anybody.recv(&mut buffer).unwrap(), 7);
        let deadline = Deadline::after(&OsClock, Duration::from_millis(100));
        let heard = server.receive(&mut buffer, deadline);
        assert!(heard.as_ref().is_err_and(LinkError::is_timeout), "{heard:?}");
    });
}

/// The child that is killed: borrows again and again, or keeps what it borrowed.
#[test]
#[ignore = "run by the tests of kills"]
fn borrows_until_it_is_killed() {
    let folder = std::env::var(FOLDER).unwrap();
    loop {
        let borrowed = borrow(Path::new(&folder));
        borrowed.give_back().unwrap();
    }
}

#[test]
#[ignore = "run by the tests of kills"]
fn borrows_and_waits_to_be_killed() {
    let folder = std::env::var(FOLDER).unwrap();
    let borrowed = borrow(Path::new(&folder));
    if std::env::var(PINS).is_ok() {
        pin(&borrowed);
    }
    std::io::Write::write_all(&mut std::io::stderr(), b"borrowed\n").unwrap();
    std::thread::sleep(Duration::from_secs(60));
}

fn child(test: &str, folder: &Path) -> Child {
    command(test, folder).spawn().unwrap()
}

fn command(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "--nocapture", test]).env(FOLDER, folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

#[test]
fn after_a_kill_the_next_start_gives_it_back() {
    for by_next_borrower in [false, true] {
        with_cable(|| {
            let folder = tempfile::tempdir().unwrap();
            ip(&format!("link set {NEAR} down"));
            let before = everything();
            let mut child = child("borrows_and_waits_to_be_killed", folder.path());
            let said = BufReader::new(child.stderr.take().unwrap());
            assert!(said.lines().any(|line| line.unwrap().contains("borrowed")));
            child.kill().unwrap();
            child.wait().unwrap();
            assert_ne!(everything(), before, "the kill left nothing behind");
            if by_next_borrower {
                borrow(folder.path()).give_back().unwrap();
            } else {
                let left = give_back_left_over(folder.path()).unwrap();
                assert_eq!(left.len(), 1);
                assert_eq!(left[0].interface, NEAR);
                left[0].outcome.as_ref().unwrap();
            }
            check_restored(&before);
            assert_eq!(journals(folder.path()), 0);
        });
    }
}

#[test]
fn after_a_kill_pinned_neighbours_give_way_to_those_that_were_there() {
    with_cable(|| {
        let folder = tempfile::tempdir().unwrap();
        furnish();
        known_before();
        let before = everything();
        let mut command = command("borrows_and_waits_to_be_killed", folder.path());
        let mut child = command.env(PINS, "1").spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        assert!(said.lines().any(|line| line.unwrap().contains("borrowed")));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(everything()[3].contains("02:00:00:00:00:66"), "the kill left nothing behind");
        for left in give_back_left_over(folder.path()).unwrap() {
            left.outcome.unwrap();
        }
        check_restored(&before);
        assert_eq!(journals(folder.path()), 0);
    });
}

#[test]
fn a_kill_at_any_moment_leaves_nothing_for_good() {
    with_cable(|| {
        let folder = tempfile::tempdir().unwrap();
        furnish();
        let before = everything();
        let began = Instant::now();
        borrow(folder.path()).give_back().unwrap();
        let once = began.elapsed();
        let (mut changed, mut journalled) = (0, 0);
        // How long it takes depends on the machine: kills go on until enough of them came in the middle.
        for round in 0..MOST_KILLS {
            if round >= KILLS && changed >= 3 && journalled >= 3 {
                break;
            }
            let mut child = child("borrows_until_it_is_killed", folder.path());
            let deadline = Instant::now() + Duration::from_secs(10);
            while journals(folder.path()) == 0 && Instant::now() < deadline {
                std::thread::sleep(Duration::from_micros(100));
            }
            // Each time at another point of its work.
            std::thread::sleep(once * 2 * (round % KILLS) / KILLS);
            child.kill().unwrap();
            child.wait().unwrap();
            changed += usize::from(everything() != before);
            journalled += journals(folder.path());
            for left in give_back_left_over(folder.path()).unwrap() {
                left.outcome.unwrap();
            }
            check_restored(&before);
        }
        assert!(
            changed >= 3 && journalled >= 3,
            "{changed} of {MOST_KILLS} kills came in the middle, {journalled} left a journal"
        );
    });
}
