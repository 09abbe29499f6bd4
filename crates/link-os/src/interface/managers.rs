//! Programs that manage network interfaces: they would take addresses away again, or ask for ones of their own. Each is
//! asked, in its own way, to leave one interface alone, and to take it back afterwards.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use debrick_link::Deadline;
use serde::{Deserialize, Serialize};

use crate::clock::OsClock;
use crate::holders::named;
use crate::program::run;

/// How long a manager may take for an answer.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// Where programs may be.
const PLACES: [&str; 4] = ["usr/bin", "bin", "usr/sbin", "sbin"];

/// A program that manages network interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(clippy::enum_variant_names, reason = "one of them is called so")]
pub(crate) enum Manager {
    /// NetworkManager, by nmcli(1).
    NetworkManager,
    /// systemd-networkd, by a file that says so (systemd.network(5)).
    Networkd,
    /// dhcpcd, by dhcpcd(8).
    Dhcpcd,
}

/// The managers of a computer, whose files are below a root.
#[derive(Debug, Clone)]
pub(crate) struct Managers {
    root: PathBuf,
}

impl Manager {
    const ALL: [Self; 3] = [Self::NetworkManager, Self::Networkd, Self::Dhcpcd];

    /// What people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NetworkManager => "NetworkManager",
            Self::Networkd => "systemd-networkd",
            Self::Dhcpcd => "dhcpcd",
        }
    }

    /// What the kernel calls its process: the first 15 letters.
    fn process(self) -> &'static str {
        match self {
            Self::Networkd => "systemd-network",
            other => other.name(),
        }
    }
}

impl Managers {
    pub(crate) fn of_this_computer() -> Self {
        Self::below(Path::new("/"))
    }

    pub(crate) fn below(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The running managers that manage this interface.
    pub(crate) fn managing(&self, interface: &str, index: u32) -> Vec<Manager> {
        Manager::ALL.into_iter().filter(|manager| self.manages(*manager, interface, index)).collect()
    }

    fn manages(&self, manager: Manager, interface: &str, index: u32) -> bool {
        if named(&self.root.join("proc"), manager.process()).is_empty() {
            return false;
        }
        match manager {
            Manager::NetworkManager => {
                let asked = self.ask("nmcli", &["-g", "GENERAL.NM-MANAGED", "device", "show", interface]);
                asked.is_ok_and(|answer| answer.trim() == "yes")
            }
            Manager::Networkd => {
                let state = fs::read_to_string(self.root.join(format!("run/systemd/netif/links/{index}")));
                state.is_ok_and(|state| !state.lines().any(|line| line == "ADMIN_STATE=unmanaged"))
            }
            Manager::Dhcpcd => {
                let folder = self.root.join("run/dhcpcd");
                ["pid".to_owned(), format!("{interface}.pid"), format!("{interface}-4.pid")]
                    .iter()
                    .any(|file| folder.join(file).exists())
            }
        }
    }

    /// Asks a manager to leave the interface alone.
    pub(super) fn suspend(&self, manager: Manager, interface: &str) -> Result<(), String> {
        match manager {
            Manager::NetworkManager => self.tell("nmcli", &["device", "set", interface, "managed", "no"]),
            Manager::Networkd => {
                let file = self.networkd_file(interface);
                let text = format!("[Match]\nName={interface}\n\n[Link]\nUnmanaged=yes\n");
                let folder = file.parent().unwrap_or(&self.root);
                fs::create_dir_all(folder)
                    .and_then(|()| fs::write(&file, text))
                    .map_err(|error| error.to_string())?;
                self.tell("networkctl", &["reload"])
            }
            Manager::Dhcpcd => self.tell("dhcpcd", &["-x", interface]),
        }
    }

    /// Asks a manager to take the interface back; nothing where it has it already.
    pub(super) fn resume(&self, manager: Manager, interface: &str, index: u32) -> Result<(), String> {
        match manager {
            // A manager that has ended reads its own settings when it starts.
            _ if named(&self.root.join("proc"), manager.process()).is_empty()
                && manager != Manager::Networkd =>
            {
                Ok(())
            }
            Manager::NetworkManager if self.manages(manager, interface, index) => Ok(()),
            Manager::NetworkManager => self.tell("nmcli", &["device", "set", interface, "managed", "yes"]),
            Manager::Networkd => {
                match fs::remove_file(self.networkd_file(interface)) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                    Err(error) => return Err(error.to_string()),
                }
                if named(&self.root.join("proc"), manager.process()).is_empty() {
                    return Ok(());
                }
                self.tell("networkctl", &["reload"])?;
                self.tell("networkctl", &["reconfigure", interface])
            }
            Manager::Dhcpcd => self.tell("dhcpcd", &["-n", interface]),
        }
    }

    /// It comes before all others, and goes with the start of the computer.
    fn networkd_file(&self, interface: &str) -> PathBuf {
        self.root.join(format!("run/systemd/network/00-debrick-{interface}.network"))
    }

    fn tell(&self, program: &str, arguments: &[&str]) -> Result<(), String> {
        self.ask(program, arguments).map(drop)
    }

    fn ask(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        let mut places = PLACES.iter().map(|place| self.root.join(place).join(program));
        let path =
            places.find(|path| path.is_file()).ok_or_else(|| format!("there is no program {program}"))?;
        let (worked, out, said) = run(path, arguments, Deadline::after(&OsClock, ANSWER_TIME))?;
        if worked {
            return Ok(out);
        }
        let reason = said.lines().chain(out.lines()).find(|line| !line.trim().is_empty());
        Err(reason.unwrap_or("it does not say why").to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A computer in a folder, whose managers write down what they are told.
    struct Computer(tempfile::TempDir);

    impl Computer {
        fn with(manager: Manager) -> Self {
            let computer = Self(tempfile::tempdir().unwrap());
            computer.write("proc/4242/comm", &format!("{}\n", manager.process()));
            computer
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn program(&self, name: &str, script: &str) {
            let path = format!("usr/bin/{name}");
            let log = self.0.path().join("log");
            self.write(&path, &format!("#!/bin/sh\necho \"{name} $*\" >>{}\n{script}\n", log.display()));
            let path = self.0.path().join(path);
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }

        fn managers(&self) -> Managers {
            Managers::below(self.0.path())
        }

        fn told(&self) -> Vec<String> {
            let log = fs::read_to_string(self.0.path().join("log")).unwrap_or_default();
            log.lines().map(str::to_owned).collect()
        }
    }

    #[test]
    fn network_manager_is_asked_for_one_interface() {
        let computer = Computer::with(Manager::NetworkManager);
        let state = computer.0.path().join("managed");
        fs::write(&state, "yes").unwrap();
        let script = format!(
            "case \"$*\" in *show*eth7) cat {0};; *'set eth7 managed '*) printf %s \"$5\" >{0};; *) exit 10;; esac",
            state.display()
        );
        computer.program("nmcli", &script);
        let managers = computer.managers();
        assert_eq!(managers.managing("eth7", 7), [Manager::NetworkManager]);
        assert!(managers.managing("eth8", 8).is_empty());
        managers.suspend(Manager::NetworkManager, "eth7").unwrap();
        assert!(managers.managing("eth7", 7).is_empty());
        managers.resume(Manager::NetworkManager, "eth7", 7).unwrap();
        assert_eq!(managers.managing("eth7", 7), [Manager::NetworkManager]);
        let told = computer.told();
        assert!(told.contains(&"nmcli device set eth7 managed no".into()), "{told:?}");
        // Once more changes nothing.
        managers.resume(Manager::NetworkManager, "eth7", 7).unwrap();
        assert_eq!(computer.told().iter().filter(|line| line.ends_with("managed yes")).count(), 1);
    }

    #[test]
    fn networkd_is_told_by_a_file_of_this_start_only() {
        let computer = Computer::with(Manager::Networkd);
        computer.program("networkctl", "");
        computer.write("run/systemd/netif/links/7", "ADMIN_STATE=configured\nOPER_STATE=routable\n");
        computer.write("run/systemd/netif/links/8", "ADMIN_STATE=unmanaged\n");
        let managers = computer.managers();
        assert_eq!(managers.managing("eth7", 7), [Manager::Networkd]);
        assert!(managers.managing("eth8", 8).is_empty() && managers.managing("eth9", 9).is_empty());
        managers.suspend(Manager::Networkd, "eth7").unwrap();
        let file = computer.0.path().join("run/systemd/network/00-debrick-eth7.network");
        assert!(fs::read_to_string(&file).unwrap().contains("Unmanaged=yes"));
        managers.resume(Manager::Networkd, "eth7", 7).unwrap();
        assert!(!file.exists());
        assert_eq!(
            computer.told(),
            ["networkctl reload", "networkctl reload", "networkctl reconfigure eth7"]
        );
        managers.resume(Manager::Networkd, "eth7", 7).unwrap();
        assert_eq!(computer.told().len(), 3);
    }

    #[test]
    fn dhcpcd_leaves_and_comes_back() {
        let computer = Computer::with(Manager::Dhcpcd);
        computer.program("dhcpcd", "");
        let managers = computer.managers();
        assert!(managers.managing("eth7", 7).is_empty());
        computer.write("run/dhcpcd/eth7.pid", "4242");
        assert_eq!(managers.managing("eth7", 7), [Manager::Dhcpcd]);
        managers.suspend(Manager::Dhcpcd, "eth7").unwrap();
        managers.resume(Manager::Dhcpcd, "eth7", 7).unwrap();
        assert_eq!(computer.told(), ["dhcpcd -x eth7", "dhcpcd -n eth7"]);
    }

    #[test]
    fn who_does_not_run_or_refuses_is_told() {
        let computer = Computer::with(Manager::NetworkManager);
        let managers = computer.managers();
        assert!(managers.managing("eth7", 7).is_empty());
        let missing = managers.suspend(Manager::NetworkManager, "eth7").unwrap_err();
        assert!(missing.contains("nmcli"), "{missing}");
        computer.program("nmcli", "echo 'Error: not authorized.' >&2; exit 1");
        assert_eq!(managers.suspend(Manager::NetworkManager, "eth7").unwrap_err(), "Error: not authorized.");
        fs::remove_file(computer.0.path().join("proc/4242/comm")).unwrap();
        managers.resume(Manager::NetworkManager, "eth7", 7).unwrap();
    }
}
