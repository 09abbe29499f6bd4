//! Both halves against each other on a virtual clock: every quirk, every refusal, and faults from seeds.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod common;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{bytes, config, unit, upload, world};
use debrick_http_upload::device::{Confirmation, HttpConfig, HttpDevice, HttpEvent, HttpQuirks};
use debrick_http_upload::{HttpUploadError, Reason, UploadOptions, Uploaded, Uploader, Verdict};
use debrick_link::fault::{FaultLog as Log, FaultPlan, FaultyLink, StreamFault, When};
use debrick_link::simulated::World;
use debrick_link::{Clock, Datagrams, Deadline, Link, LinkError, Network};
use debrick_model::Coded;
use debrick_target::{Opaque, Silent, Watch};

fn quirks(quirks: HttpQuirks) -> HttpConfig {
    HttpConfig { quirks, ..config() }
}

fn happened(world: &World<HttpDevice>, event: &HttpEvent) -> bool {
    world.with_device(|device| device.events().contains(event))
}

fn holds(world: &World<HttpDevice>) -> Option<Vec<u8>> {
    world.with_device(|device| device.written().map(<[u8]>::to_vec))
}

fn check_taken(config: HttpConfig, image: &[u8]) -> (World<HttpDevice>, Uploaded) {
    let world = world(config);
    let uploaded = upload(&world, image, UploadOptions::default()).unwrap();
    assert!(holds(&world).as_deref() == Some(image));
    assert_eq!(uploaded.bytes, image.len() as u64);
    (world, uploaded)
}

fn check_refused(config: HttpConfig, image: &[u8], code: &str) -> World<HttpDevice> {
    let world = world(config);
    let error = upload(&world, image, UploadOptions::default()).unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert_eq!(holds(&world), None);
    world
}

#[test]
fn images_of_all_sizes_arrive() {
    for length in [1, 8191, 8192, 8193, 3_000_001] {
        let (world, uploaded) = check_taken(config(), &bytes(length, 1));
        assert!(matches!(uploaded.verdict, Verdict::Accepted { .. }));
        assert_eq!(uploaded.title.as_deref(), Some("Firmware update"));
        assert!(uploaded.server.as_deref().unwrap().starts_with("uIP"));
        assert!(happened(&world, &HttpEvent::Took { field: "firmware".into(), bytes: length as u64 }));
        assert!(uploaded.rate() <= 1_100_000 || length < 100_000, "{}", uploaded.rate());
    }
}

#[test]
fn the_page_says_where_the_file_goes_not_the_record() {
    let config = HttpConfig {
        field: "files".into(),
        action: Some("f2.htm".into()),
        other_fields: vec!["uboot".into(), "art".into()],
        hidden: vec![("token".into(), "a b".into())],
        ..config()
    };
    let world = world(config);
    let options = UploadOptions { field: Some("firmware".into()), ..UploadOptions::default() };
    let uploaded = upload(&world, &bytes(20_000, 2), options).unwrap();
    assert_eq!((uploaded.path.as_str(), uploaded.field.as_str()), ("/f2.htm", "files"));
    assert_eq!(holds(&world), Some(bytes(20_000, 2)));
}

#[test]
fn a_page_for_bootloaders_gets_nothing() {
    let world = check_refused(
        HttpConfig { field: "uboot".into(), ..config() },
        &bytes(1000, 1),
        "http-boot-critical",
    );
    assert!(
        !world.with_device(|device| device.events().iter().any(|it| matches!(it, HttpEvent::Took { .. })))
    );
    let world = self::world(config());
    let options = UploadOptions { path: "/uboot.html".into(), ..UploadOptions::default() };
    assert_eq!(upload(&world, &bytes(1000, 1), options).unwrap_err().code(), "http-boot-critical");
    assert!(world.with_device(|device| device.events().is_empty()));
}

#[test]
fn refusals_are_told_by_their_reasons() {
    for (reason, code) in [
        (Reason::Region, "http-rejected-region"),
        (Reason::Header, "http-rejected-header"),
        (Reason::Checksum, "http-rejected-checksum"),
        (Reason::Signature, "http-rejected-signature"),
        (Reason::Unsaid, "http-rejected"),
        (Reason::NotTaken, "http-not-taken"),
    ] {
        let config = HttpConfig { wants: Some((b"MAGIC".to_vec(), reason)), ..config() };
        let world = check_refused(config.clone(), &bytes(50_000, 3), code);
        assert!(happened(&world, &HttpEvent::Refused(reason)));
        check_taken(config, &[b"MAGIC", bytes(50_000, 3).as_slice()].concat());
    }
    let small = HttpConfig { most_bytes: 100_000, ..config() };
    let world = check_refused(small.clone(), &bytes(100_001, 3), "http-rejected-size");
    assert!(happened(&world, &HttpEvent::Refused(Reason::Size)));
    check_refused(small.clone(), &bytes(1_000_000, 3), "http-rejected-size");
    check_taken(small, &bytes(100_000, 3));
}

#[test]
fn pages_in_any_shape_are_read() {
    for shape in [
        // Only a request that comes without its body is answered too early, and ours never does.
        HttpQuirks { answers_early: true, ..HttpQuirks::default() },
        HttpQuirks { bare_pages: true, ..HttpQuirks::default() },
        HttpQuirks { wrong_heads: true, ..HttpQuirks::default() },
        HttpQuirks { short_pages: true, ..HttpQuirks::default() },
        HttpQuirks { first_packets: true, ..HttpQuirks::default() },
    ] {
        let (_, uploaded) = check_taken(quirks(shape), &bytes(60_000, 4));
        assert!(matches!(uploaded.verdict, Verdict::Accepted { .. }), "{shape:?}");
    }
    // What u-boot_mod does not take at all: it hangs up after the head.
    check_refused(
        quirks(HttpQuirks { first_packets: true, ..HttpQuirks::default() }),
        &bytes(5000, 4),
        "http-cut-off",
    );
}

#[test]
fn a_connection_that_is_reset_is_no_rejection() {
    let (world, uploaded) =
        check_taken(quirks(HttpQuirks { resets: true, ..HttpQuirks::default() }), &bytes(60_000, 5));
    assert_eq!(uploaded.verdict, Verdict::Silent);
    assert!(happened(&world, &HttpEvent::Reset));
}

#[test]
fn a_unit_that_hangs_up_when_it_is_told_to_go_on_has_taken_nothing() {
    // The confirmation is far shorter than what this one takes for an upload.
    let strict = HttpConfig {
        confirms: Confirmation::Form,
        ..quirks(HttpQuirks { first_packets: true, ..HttpQuirks::default() })
    };
    let world = check_refused(strict, &bytes(60_000, 5), "http-not-taken");
    assert!(!happened(&world, &HttpEvent::Confirmed));
}

#[test]
fn a_unit_that_takes_all_and_says_nothing_is_waited_for() {
    let world = world(quirks(HttpQuirks { mute: true, ..HttpQuirks::default() }));
    let error = upload(&world, &bytes(60_000, 5), UploadOptions::default()).unwrap_err();
    assert_eq!(error.code(), "http-no-verdict");
    assert!(happened(&world, &HttpEvent::Mute));
    assert_eq!(holds(&world), Some(bytes(60_000, 5)));
}

#[test]
fn a_stack_of_one_connection_is_given_time_to_forget_it() {
    let rest = Some(Duration::from_secs(2));
    let (world, _) = check_taken(
        quirks(HttpQuirks { one_connection_after: rest, ..HttpQuirks::default() }),
        &bytes(60_000, 5),
    );
    assert!(happened(&world, &HttpEvent::TurnedAway));
}

#[test]
fn a_stack_of_one_segment_is_given_one_at_a_time() {
    let one = |takes| {
        quirks(HttpQuirks { one_segment: Some(Duration::from_millis(takes)), ..HttpQuirks::default() })
    };
    let (world, _) = check_taken(one(1), &bytes(300_000, 5));
    assert!(!happened(&world, &HttpEvent::Overrun));
    // A slower one is found out, and takes smaller pieces at a lower rate.
    let world = self::world(one(9));
    let error = upload(&world, &bytes(60_000, 5), UploadOptions::default()).unwrap_err();
    assert_eq!(error.code(), "http-cut-off");
    assert!(happened(&world, &HttpEvent::Overrun));
    let slow = UploadOptions { piece: 512, rate: Some(48 * 1024), ..UploadOptions::default() };
    let (world, image) = (self::world(one(5)), bytes(60_000, 5));
    upload(&world, &image, slow).unwrap();
    assert_eq!(holds(&world), Some(image));
}

#[test]
fn what_is_dropped_in_the_middle_can_be_sent_again() {
    let world = world(quirks(HttpQuirks { drops_once_after: Some(30_000), ..HttpQuirks::default() }));
    let error = upload(&world, &bytes(60_000, 5), UploadOptions::default()).unwrap_err();
    assert_eq!(error.code(), "http-cut-off");
    assert!(happened(&world, &HttpEvent::Dropped) && holds(&world).is_none());
    upload(&world, &bytes(60_000, 5), UploadOptions::default()).unwrap();
    assert_eq!(holds(&world), Some(bytes(60_000, 5)));
}

#[test]
fn who_plays_the_unit_may_judge_the_image_for_it() {
    let world = world(HttpConfig { judges: false, silent_for: Duration::from_secs(60), ..config() });
    let mut network = world.network();
    let mut channel_of = |image: &[u8]| {
        let request = debrick_http_upload::wire::FormUpload {
            path: "/",
            host: "192.168.1.1",
            field: "firmware",
            file_name: "a.bin",
            hidden: &[],
            length: image.len() as u64,
        };
        let envelope = debrick_http_upload::wire::Envelope::new(&request, "boundary");
        let soon = Deadline::after(world.clock(), Duration::from_secs(1));
        let mut link = network.connect_stream(unit(), soon).unwrap();
        for part in [envelope.opening.as_slice(), image, envelope.closing.as_slice()] {
            link.write_all(part, soon).unwrap();
        }
        link
    };
    let conclude = |refusal| {
        let (now, mut out) = (world.clock().now(), Vec::new());
        world.with_device(|device| device.conclude(refusal, now, &mut out));
        out.len()
    };
    assert_eq!(conclude(None), 0, "there is nothing to judge");
    let link = channel_of(b"bad");
    assert_eq!(world.with_device(|device| device.judged().map(<[u8]>::to_vec)), Some(b"bad".to_vec()));
    assert!(conclude(Some((Reason::Region, "It is for another region."))) > 0);
    assert!(happened(&world, &HttpEvent::Refused(Reason::Region)));
    drop(link);
    // Whoever hangs up while it is judged is not answered, and it is written all the same.
    drop(channel_of(b"good"));
    assert_eq!(conclude(None), 0);
    assert_eq!(holds(&world), Some(b"good".to_vec()));
}

#[test]
fn a_page_that_lies_is_only_called_accepted() {
    let world = world(quirks(HttpQuirks { lies: true, ..HttpQuirks::default() }));
    let uploaded = upload(&world, &bytes(60_000, 6), UploadOptions::default()).unwrap();
    assert!(matches!(uploaded.verdict, Verdict::Accepted { .. }) && !uploaded.digest_agrees);
    assert!(happened(&world, &HttpEvent::Lied) && holds(&world).is_none());
}

#[test]
fn five_silent_minutes_are_waited_for() {
    let silent = HttpConfig { silent_for: Duration::from_secs(300), ..config() };
    let (world, _) = check_taken(silent.clone(), &bytes(60_000, 7));
    assert!(world.clock().now().since_start() >= Duration::from_secs(300));
    let world = self::world(HttpConfig { silent_for: Duration::from_secs(3600), ..silent });
    let error = upload(&world, &bytes(60_000, 7), UploadOptions::default()).unwrap_err();
    assert_eq!(error.code(), "http-no-verdict");
    assert!(error.next_step().contains("Do not switch it off"));
    // Nobody waits any more, and it is written all the same.
    assert_eq!(holds(&world), Some(bytes(60_000, 7)));
}

#[test]
fn slow_stacks_are_given_time() {
    let slow = HttpQuirks { overrun_above: Some(128 * 1024), ..HttpQuirks::default() };
    let world = check_refused(quirks(slow), &bytes(2_000_000, 8), "http-cut-off");
    assert!(happened(&world, &HttpEvent::Overrun));
    let world = self::world(quirks(slow));
    let options = UploadOptions { rate: Some(100 * 1024), ..UploadOptions::default() };
    let uploaded = upload(&world, &bytes(2_000_000, 8), options).unwrap();
    assert!(uploaded.rate() <= 103_000 && holds(&world) == Some(bytes(2_000_000, 8)), "{}", uploaded.rate());
    let works_off = HttpQuirks { works_off: Some(20_000), ..HttpQuirks::default() };
    let (world, _) = check_taken(quirks(works_off), &bytes(1_000_000, 8));
    assert!(world.clock().now().since_start() >= Duration::from_secs(50));
}

#[test]
fn the_digest_of_what_came_is_compared_before_the_unit_goes_on() {
    let mediatek = HttpConfig::mediatek(unit());
    let form = HttpConfig { confirms: Confirmation::Form, ..config() };
    for config in [mediatek, form] {
        let config = HttpConfig { silent_for: Duration::from_secs(120), ..config };
        let (world, uploaded) = check_taken(config.clone(), &bytes(70_000, 9));
        assert!(uploaded.digest_agrees && matches!(uploaded.verdict, Verdict::Accepted { .. }));
        assert!(happened(&world, &HttpEvent::Confirmed));
        let damages = HttpQuirks { damages_byte: Some(50_000), ..HttpQuirks::default() };
        let config = HttpConfig { quirks: damages, ..config };
        let world = check_refused(config, &bytes(70_000, 9), "http-received-damaged");
        assert!(happened(&world, &HttpEvent::Damaged) && !happened(&world, &HttpEvent::Confirmed));
    }
    let config =
        HttpConfig { wants: Some((b"MAGIC".to_vec(), Reason::Header)), ..HttpConfig::mediatek(unit()) };
    check_refused(config, &bytes(70_000, 9), "http-rejected");
}

#[test]
fn settings_are_cleared_by_the_link_of_the_page() {
    let world = world(config());
    let mut network = world.network();
    let mut uploader = Uploader::new(&mut network, unit(), UploadOptions::default());
    assert!(matches!(uploader.clear_settings(&Silent).unwrap(), Verdict::Accepted { .. }));
    assert!(happened(&world, &HttpEvent::Cleared));
}

/// Asks to stop after so many bytes.
struct Stop(u64);

impl Watch for Stop {
    fn advance(&mut self, bytes: u64) {
        self.0 = self.0.saturating_sub(bytes);
    }

    fn cancelled(&self) -> bool {
        self.0 == 0
    }
}

#[test]
fn an_upload_can_be_stopped_until_its_last_piece() {
    let world = world(config());
    let mut network = world.network();
    let mut uploader = Uploader::new(&mut network, unit(), UploadOptions::default());
    let image = bytes(100_000, 10);
    assert_eq!(uploader.offer("fw", &image, &mut Stop(50_000)).unwrap_err().code(), "cancelled");
    assert_eq!(holds(&world), None);
    uploader.offer("fw", &image, &mut Stop(100_000)).unwrap();
    assert_eq!(holds(&world), Some(image));
}

#[test]
fn nobody_there_is_told() {
    let world = world(config());
    let mut network = world.network();
    let elsewhere: SocketAddr = "192.168.0.1:81".parse().unwrap();
    let error = Uploader::new(&mut network, elsewhere, UploadOptions::default()).look(&Silent).unwrap_err();
    assert_eq!(error.code(), "http-no-answer");
    assert!(world.clock().now().since_start() <= Duration::from_secs(31));
}

/// A network whose connections break.
struct Breaking<N> {
    inner: N,
    seed: u64,
    logs: Arc<Mutex<Vec<Log<StreamFault>>>>,
}

impl<N: Network> Network for Breaking<N> {
    fn bind_datagrams(&mut self, local: SocketAddr) -> Result<Box<dyn Datagrams>, LinkError> {
        self.inner.bind_datagrams(local)
    }

    fn connect_stream(&mut self, to: SocketAddr, deadline: Deadline) -> Result<Box<dyn Link>, LinkError> {
        let link = self.inner.connect_stream(to, deadline)?;
        self.seed += 1;
        let plan = FaultPlan::seeded(self.seed)
            .with(debrick_link::Direction::Sent, StreamFault::Cut, When::Chance(2e-6))
            .with(debrick_link::Direction::Received, StreamFault::Cut, When::Chance(2e-4))
            .with(
                debrick_link::Direction::Received,
                StreamFault::Delay(Duration::from_secs(3)),
                When::Chance(1e-3),
            );
        let (link, log): (_, Log<StreamFault>) = FaultyLink::new(link, &plan);
        self.logs.lock().unwrap().push(log);
        Ok(Box::new(link))
    }

    fn clock(&self) -> &dyn Clock {
        self.inner.clock()
    }
}

#[test]
fn whatever_breaks_the_unit_holds_all_or_nothing() {
    let image = bytes(120_000, 11);
    let (mut cuts_sent, mut cuts_received, mut delays) = (0, 0, 0);
    let (mut taken, mut failed) = (0, 0);
    for seed in 0..300 {
        let config = if seed % 2 == 0 { config() } else { HttpConfig::mediatek(unit()) };
        let world = world(config);
        let logs = Arc::new(Mutex::new(Vec::new()));
        let mut network = Breaking { inner: world.network(), seed: seed * 1000, logs: logs.clone() };
        let result =
            Uploader::new(&mut network, unit(), UploadOptions::default()).upload("fw", &image, &mut Silent);
        for log in logs.lock().unwrap().iter() {
            cuts_sent += log.count(0);
            cuts_received += log.count(1);
            delays += log.count(2);
        }
        let held = holds(&world);
        assert!(held.as_ref().is_none_or(|held| *held == image), "seed {seed}");
        match result {
            // Silence, or half an answer, may be either.
            Ok(uploaded) if matches!(uploaded.verdict, Verdict::Accepted { .. }) => {
                assert!(held.is_some(), "seed {seed}: {uploaded:?}");
                taken += 1;
            }
            Ok(_) => taken += 1,
            Err(HttpUploadError::Rejected { .. } | HttpUploadError::CutOff { .. }) => {
                assert!(held.is_none(), "seed {seed}");
                failed += 1;
            }
            Err(_) => failed += 1,
        }
    }
    assert!(cuts_sent > 10 && cuts_received > 10 && delays > 50, "{cuts_sent} {cuts_received} {delays}");
    assert!(taken > 100 && failed > 20, "{taken} {failed}");
}
