use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use debrick_link::Clock;

use super::*;

/// A computer in a folder.
struct FakeHost(tempfile::TempDir);

impl FakeHost {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(self, path: &str, content: &str) -> Self {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    fn link(self, path: &str, target: &str) -> Self {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
        self
    }

    fn facts(&self) -> HostFacts {
        HostFacts::collect(self.0.path(), &HostQuery::new(self.0.path().join("not/yet")))
    }
}

fn known<T: Clone>(fact: &Fact<T>) -> T {
    fact.known().cloned().unwrap()
}

#[test]
fn an_empty_computer_has_no_facts_and_no_failure() {
    let facts = FakeHost::new().facts();
    assert_eq!(known(&facts.serial), SerialFacts { ports: Vec::new(), unseen_processes: 0 });
    assert_eq!(known(&facts.modem_managers), []);
    assert_eq!(known(&facts.power), PowerFacts { mains_online: None, batteries: Vec::new() });
    assert_eq!(known(&facts.tftp_port).bind, None);
    assert!(matches!(&facts.user, Fact::Unknown(reason) if reason.contains("status")));
    assert!(matches!(facts.interfaces, Fact::Unknown(_)));
    assert!(known(&facts.disk).free_bytes > 0);
}

#[test]
fn usb_devices_are_listed_without_hubs_and_interfaces() {
    let host = FakeHost::new()
        .file("sys/bus/usb/devices/usb1/idVendor", "1d6b\n")
        .file("sys/bus/usb/devices/usb1/idProduct", "0002\n")
        .file("sys/bus/usb/devices/usb1/bDeviceClass", "09\n")
        .file("sys/bus/usb/devices/1-4/idVendor", "05c6\n")
        .file("sys/bus/usb/devices/1-4/idProduct", "9008\n")
        .file("sys/bus/usb/devices/1-4/bDeviceClass", "00\n")
        .file("sys/bus/usb/devices/1-4/product", "QUSB__BULK\n")
        .file("sys/bus/usb/devices/1-4:1.0/bInterfaceNumber", "00\n")
        .file("sys/bus/usb/devices/1-5/bDeviceClass", "00\n");
    let devices = usb_devices(host.0.path());
    assert_eq!(devices.len(), 1, "{devices:?}");
    assert_eq!((devices[0].vendor_id, devices[0].product_id), (0x05c6, 0x9008));
    assert_eq!(
        (devices[0].product.as_deref(), devices[0].bus_path.as_deref()),
        (Some("QUSB__BULK"), Some("1-4"))
    );
    assert!(usb_devices(FakeHost::new().0.path()).is_empty());
}

#[test]
fn a_usb_adapter_is_described_with_its_holder() {
    let usb = "sys/devices/pci0/usb1/1-4";
    let host = FakeHost::new()
        .file(&format!("{usb}/idVendor"), "0403\n")
        .file(&format!("{usb}/idProduct"), "6001\n")
        .file(&format!("{usb}/manufacturer"), "FTDI\n")
        .file(&format!("{usb}/product"), "FT232R\u{7} USB UART\n")
        .file(&format!("{usb}/serial"), "A50285BI\n")
        .file(&format!("{usb}/1-4:1.0/bInterfaceNumber"), "00\n")
        .link(&format!("{usb}/1-4:1.0/ttyUSB0/driver"), "../../../../../../bus/usb-serial/drivers/ftdi_sio")
        .link(&format!("{usb}/1-4:1.0/ttyUSB0/tty/ttyUSB0/device"), "../../../ttyUSB0")
        .link("sys/class/tty/ttyUSB0", "../../devices/pci0/usb1/1-4/1-4:1.0/ttyUSB0/tty/ttyUSB0")
        .file("sys/class/tty/ttyS0/type", "0\n")
        .link("sys/class/tty/ttyS0/device", "../../../devices/pci0")
        .file("sys/class/tty/tty0/active", "tty1\n")
        .link("dev/serial/by-id/usb-FTDI_A50285BI-if00-port0", "../../ttyUSB0")
        .file("dev/ttyUSB0", "")
        .file("proc/77/comm", "minicom\n")
        .link("proc/77/fd/3", "/dev/ttyUSB0")
        .link("proc/77/fd/4", "/dev/ttyUSB0")
        .file("proc/78/comm", "ModemManager\n")
        .file("proc/78/status", "")
        .file("run/lock/LCK..ttyUSB0", &format!("{:10}\n", std::process::id()));
    fs::set_permissions(host.0.path().join("dev/ttyUSB0"), fs::Permissions::from_mode(0o660)).unwrap();

    let facts = host.facts();
    let serial = known(&facts.serial);
    // The process without readable descriptors.
    assert_eq!(serial.unseen_processes, 1);
    assert_eq!(serial.ports.len(), 1);
    let port = &serial.ports[0];
    assert_eq!(port.node, "/dev/ttyUSB0");
    assert_eq!(port.stable_names, ["/dev/serial/by-id/usb-FTDI_A50285BI-if00-port0"]);
    assert_eq!(port.driver.as_deref(), Some("ftdi_sio"));
    let expected = UsbFacts {
        vendor_id: 0x0403,
        product_id: 0x6001,
        manufacturer: Some("FTDI".into()),
        product: Some("FT232R USB UART".into()),
        serial_number: Some("A50285BI".into()),
        interface: Some(0),
        bus_path: Some("1-4".into()),
    };
    assert_eq!(port.usb.as_ref(), Some(&expected));
    assert_eq!(port.held_by, [Process { pid: 77, name: "minicom".into() }]);
    assert_eq!(port.locked_by, None);
    let access = port.access.as_ref().unwrap();
    assert_eq!((access.mode.as_str(), access.user_may_open), ("0660", true));
    assert_eq!(known(&facts.modem_managers), [Process { pid: 78, name: "ModemManager".into() }]);
}

#[test]
fn the_user_and_the_groups_of_the_next_login() {
    let host = FakeHost::new()
        .file("proc/self/status", "Name:\tx\nUid:\t1000\t1001\t1000\t1000\nGid:\t50\t50\t50\t50\nGroups:\t24 50 \nCapEff:\t0000000000000400\n")
        .file("etc/passwd", "root:x:0:0::/root:/bin/sh\nsam:x:1001:50::/home/sam:/bin/sh\n")
        .file("etc/group", "staff:x:50:\ndialout:x:20:ann,sam\ncdrom:x:24:sam\n")
        .file("etc/os-release", "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\n")
        .file("proc/sys/kernel/osrelease", "6.12.9-amd64\n")
        .file("proc/sys/net/ipv4/ip_unprivileged_port_start", "1024\n");
    let facts = host.facts();
    let user = known(&facts.user);
    let group = |gid, name: &str| Group { gid, name: Some(name.to_owned()) };
    assert_eq!((user.uid, user.name.as_deref()), (1001, Some("sam")));
    assert_eq!(user.groups, [group(24, "cdrom"), group(50, "staff")]);
    assert_eq!(user.groups_after_login, [group(20, "dialout")]);
    assert!(user.has_net_bind_capability);
    assert!(!user.has_net_raw_capability && !user.has_net_admin_capability);
    let system = known(&facts.system);
    assert_eq!(system.os_name.as_deref(), Some("Debian GNU/Linux 13 (trixie)"));
    assert_eq!(system.kernel.as_deref(), Some("6.12.9-amd64"));
    let port = known(&facts.tftp_port);
    assert_eq!((port.unprivileged_from, port.user_may_bind), (Some(1024), Some(true)));
}

#[test]
fn who_may_bind_the_port_and_who_has_it() {
    let status =
        |capabilities: &str| format!("Uid:\t1\t1\t1\t1\nGid:\t1\t1\t1\t1\nCapEff:\t{capabilities}\n");
    let may_bind = |from: &str, capabilities: &str| {
        let host = FakeHost::new()
            .file("proc/self/status", &status(capabilities))
            .file("proc/sys/net/ipv4/ip_unprivileged_port_start", from);
        known(&host.facts().tftp_port).user_may_bind
    };
    assert_eq!(may_bind("1024", "0"), Some(false));
    assert_eq!(may_bind("69", "0"), Some(true));
    assert_eq!(may_bind("1024", "400"), Some(true));

    let row = "0: 00000000:0045 00000000:0000 07 00000000:00000000 00:00000000 00000000 111 0 4242 2 0 0";
    let host = FakeHost::new()
        .file("proc/net/udp", &format!("heading\n{row}\n"))
        .file("proc/9/comm", "in.tftpd\n")
        .link("proc/9/fd/0", "socket:[4242]");
    let expected = UdpSocketFacts {
        local: "0.0.0.0:69".parse().unwrap(),
        uid: 111,
        held_by: vec![Process { pid: 9, name: "in.tftpd".into() }],
    };
    assert_eq!(known(&host.facts().tftp_port).sockets, [expected]);
}

#[test]
fn interfaces_firewall_and_power() {
    let host = FakeHost::new()
        .file("sys/class/net/bonding_masters", "")
        .file("sys/class/net/eth0/address", "00:11:22:33:44:55\n")
        .file("sys/class/net/eth0/operstate", "up\n")
        .file("sys/class/net/eth0/carrier", "1\n")
        .file("sys/class/net/eth0/speed", "100\n")
        .link("sys/class/net/eth0/device/driver", "../../../../bus/pci/drivers/e1000e")
        .file("sys/class/net/wlan0/wireless/status", "")
        .file("sys/class/net/wlan0/speed", "-1\n")
        .file("proc/5/comm", "firewalld\n")
        .file("etc/ufw/ufw.conf", "ENABLED=yes\n")
        .file("proc/net/ip_tables_names", "filter\nnat\n")
        .file("proc/modules", "nf_tables 372736 1 - Live 0x0\n")
        .file("usr/sbin/nft", "must not be run")
        .file("sys/class/power_supply/AC/type", "Mains\n")
        .file("sys/class/power_supply/AC/online", "0\n")
        .file("sys/class/power_supply/BAT0/type", "Battery\n")
        .file("sys/class/power_supply/BAT0/capacity", "41\n")
        .file("sys/class/power_supply/BAT0/status", "Discharging\n")
        .file("sys/class/power_supply/mouse/type", "Battery\n")
        .file("sys/class/power_supply/mouse/scope", "Device\n");
    let facts = host.facts();
    let interfaces = known(&facts.interfaces);
    let names: Vec<_> = interfaces.iter().map(|interface| interface.name.as_str()).collect();
    assert_eq!(names, ["eth0", "wlan0"]);
    let eth0 = &interfaces[0];
    assert_eq!((eth0.has_carrier, eth0.speed_mbit, eth0.is_hardware), (Some(true), Some(100), true));
    assert_eq!(eth0.driver.as_deref(), Some("e1000e"));
    assert_eq!((interfaces[1].is_wireless, interfaces[1].speed_mbit), (true, None));

    let expected = FirewallFacts {
        daemons: vec![Process { pid: 5, name: "firewalld".into() }],
        ufw_enabled: Some(true),
        iptables_tables: Some(vec!["filter".into(), "nat".into()]),
        nftables_loaded: true,
        nft: NftRules::NotAsked,
    };
    assert_eq!(known(&facts.firewall), expected);

    let battery = Battery { name: "BAT0".into(), percent: Some(41), status: Some("Discharging".into()) };
    assert_eq!(known(&facts.power), PowerFacts { mains_online: Some(false), batteries: vec![battery] });
    let json = serde_json::to_value(&facts).unwrap();
    assert_eq!(json["power"]["known"]["batteries"][0]["percent"], 41);
    assert!(json["user"]["unknown"].is_string());
}

#[test]
fn this_computer_is_described_in_time() {
    let began = OsClock.now();
    let facts = HostFacts::collect(Path::new("/"), &HostQuery::new("/tmp/debrick"));
    assert!(OsClock.now().since(began) < Duration::from_millis(2500));
    assert_eq!(known(&facts.user).uid, nix::unistd::geteuid().as_raw());
    let loopback = known(&facts.interfaces).into_iter().find(|interface| interface.name == "lo").unwrap();
    assert!(loopback.addresses.contains(&"127.0.0.1/8".to_owned()), "{loopback:?}");
    assert!(known(&facts.tftp_port).bind.is_some());
    assert!(known(&facts.system).kernel.is_some());
}

#[test]
fn a_probe_that_hangs_or_panics_is_unknown() {
    let deadline = Deadline::after(&OsClock, Duration::from_millis(50));
    let place = Place { root: PathBuf::from("/"), is_live: true, deadline };
    let hangs = Probe::start(&place, |_| {
        OsClock.sleep(Duration::from_secs(2));
        Ok(())
    });
    let fails = Probe::<()>::start(&place, |_| panic!("on purpose"));
    assert_eq!(hangs.result(deadline), Fact::Unknown("it took too long".into()));
    assert_eq!(
        fails.result(Deadline::after(&OsClock, Duration::from_secs(5))),
        Fact::Unknown("the probe failed".into())
    );
}
