//! Real SSH servers on the loopback interface: Debian's `dropbear` and `sshd`, each in mount and process namespaces of its
//! own, where `/etc/passwd` says what the test wants. Behind them stands BusyBox, or the device half.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests tell what they skip, and wait for programs"
)]

pub(crate) mod relay;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use debrick_link::{Deadline, Network};
use debrick_link_os::OsNetwork;
use debrick_ssh::{Door, Fingerprint, Login, Secret, Session, SshError};

/// The password of root, where it has one, and its hash as `openssl passwd -6` makes it.
pub(crate) const PASSWORD: &str = "correct horse";
const HASH: &str =
    "$6$debricktest$5phplU3Czwwy.dBw.SLGUktNNeEB5VGa5wp5ak/YF0zDdGLCDpnCOUni.37yxXq8MD7vwtjQtsunqJ5yi111P.";

const TOOLS: &[&str] =
    &["dropbear", "dropbearkey", "dbclient", "sshd", "ssh", "ssh-keygen", "busybox", "socat", "unshare"];

/// How long a server may take to listen.
const START: Duration = Duration::from_secs(20);

/// Whether everything is here that the servers need; tells what is not, and fails with `CI=true`.
pub(crate) fn ready() -> bool {
    let missing: Vec<&str> = TOOLS.iter().copied().filter(|name| tool(name).is_none()).collect();
    let uid = Command::new("id").arg("-u").output().unwrap();
    let why = if !missing.is_empty() {
        format!("not installed: {}", missing.join(", "))
    } else if uid.stdout != b"0\n" {
        "SSH servers need root".to_owned()
    } else {
        return true;
    };
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}");
    eprintln!("skipped: {why}");
    false
}

pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let folders = path.split(':').chain(["/usr/sbin", "/usr/bin", "/bin"]);
    folders.map(|folder| Path::new(folder).join(name)).find(|path| path.is_file())
}

pub(crate) fn run(program: &str, arguments: &[&str]) -> Output {
    let path = tool(program).unwrap();
    let output = Command::new(path).args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
    output
}

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Dropbear,
    OpenSsh,
}

pub(crate) const BOTH: [Kind; 2] = [Kind::Dropbear, Kind::OpenSsh];

/// What a server is told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Setup {
    /// Root has [`PASSWORD`]; otherwise none, and everybody is let in.
    pub password: bool,
    /// Only keys are taken.
    pub keys_only: bool,
    /// The command that is run, whatever is asked for.
    pub forced: Option<PathBuf>,
    /// Lines of `sshd_config`.
    pub lines: Vec<&'static str>,
    /// The kind of host key, by `ssh-keygen`; ed25519 where nothing is said.
    pub host_key: Option<&'static str>,
}

pub(crate) struct Server {
    kind: Kind,
    setup: Setup,
    port: u16,
    pub folder: tempfile::TempDir,
    pub fingerprint: Fingerprint,
    child: Child,
}

impl Server {
    pub(crate) fn start(kind: Kind, setup: Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let hash = if setup.password { HASH } else { "" };
        let home = at("home");
        std::fs::create_dir_all(home.join(".ssh")).unwrap();
        let shell = at("shell");
        let mark = if hash.is_empty() { "" } else { "x" };
        let users = format!(
            "root:{mark}:0:0:root:{}:{}\nsshd:x:104:65534::/run/sshd:/usr/sbin/nologin\n",
            home.display(),
            shell.display()
        );
        std::fs::write(at("passwd"), users).unwrap();
        std::fs::write(at("shadow"), format!("root:{hash}:19000:0:99999:7:::\nsshd:!:19000::::::\n"))
            .unwrap();
        std::fs::write(at("shells"), format!("{}\n", shell.display())).unwrap();
        let busybox = tool("busybox").unwrap();
        script(&shell, &format!("#!/bin/sh\nexec {} sh \"$@\"\n", busybox.display()));
        let fingerprint = make_host_key(kind, setup.host_key.unwrap_or("ed25519"), folder.path());
        let port = free_port();
        let child = spawn(kind, &setup, port, folder.path());
        let mut server = Self { kind, setup, port, folder, fingerprint, child };
        server.wait();
        server
    }

    /// Kills the server and every connection, without a word to anybody.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts again at the same port, with the same key.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.child = spawn(self.kind, &self.setup, self.port, self.folder.path());
        self.wait();
    }

    /// The process whose end takes all others with it.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    fn wait(&mut self) {
        let end = Instant::now() + START;
        while TcpStream::connect(self.address()).is_err() {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < end, "{:?} does not listen: {ended:?}", self.kind);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The door, with the key that the server really has.
    pub(crate) fn door(&self) -> Door {
        Door { address: self.address(), pin: Some(self.fingerprint.clone()), login: Login::bare("root") }
    }

    pub(crate) fn door_with_password(&self, password: &str) -> Door {
        let login = Login { password: Some(Secret::new(password)), ..Login::bare("root") };
        Door { login, ..self.door() }
    }

    pub(crate) fn connect(&self) -> Session {
        connect(&self.door()).unwrap()
    }

    /// Lets this public key in.
    pub(crate) fn authorize(&self, public: &Path) {
        let folder = self.folder.path().join("home/.ssh");
        for path in [folder.parent().unwrap(), &folder] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).unwrap();
        }
        let path = folder.join("authorized_keys");
        std::fs::copy(public, &path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn connect(door: &Door) -> Result<Session, SshError> {
    Session::connect(&mut OsNetwork::new(), door, after(20))
}

pub(crate) fn after(seconds: u64) -> Deadline {
    Deadline::after(OsNetwork::new().clock(), Duration::from_secs(seconds))
}

pub(crate) fn script(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Makes the server's key, and tells its fingerprint as `ssh-keygen` does.
fn make_host_key(kind: Kind, algorithm: &str, folder: &Path) -> Fingerprint {
    let key = folder.join("host_key");
    let path = key.display().to_string();
    let public = match kind {
        Kind::OpenSsh => {
            run("ssh-keygen", &["-q", "-t", algorithm, "-N", "", "-f", &path]);
            std::fs::read_to_string(folder.join("host_key.pub")).unwrap()
        }
        Kind::Dropbear => {
            let text = run("dropbearkey", &["-t", algorithm, "-f", &path]).stdout;
            let text = String::from_utf8(text).unwrap();
            text.lines().find(|line| line.starts_with("ssh-")).unwrap().to_owned()
        }
    };
    let file = folder.join("public");
    std::fs::write(&file, public).unwrap();
    let told = run("ssh-keygen", &["-l", "-E", "sha256", "-f", &file.display().to_string()]).stdout;
    let told = String::from_utf8(told).unwrap();
    Fingerprint::parse(told.split_ascii_whitespace().nth(1).unwrap()).unwrap()
}

/// Makes a key pair and returns the path of its private half.
pub(crate) fn make_key(folder: &Path, arguments: &[&str]) -> PathBuf {
    let path = folder.join(format!("key-{}", arguments.concat().replace('/', "")));
    let mut all = vec!["-q", "-f", path.to_str().unwrap()];
    all.extend(arguments);
    run("ssh-keygen", &all);
    path
}

fn spawn(kind: Kind, setup: &Setup, port: u16, folder: &Path) -> Child {
    let at = |name: &str| folder.join(name).display().to_string();
    let server = match kind {
        Kind::Dropbear => {
            let mut line = format!("{} -F -E -m -p 127.0.0.1:{port}", tool("dropbear").unwrap().display());
            line += &format!(" -P {} -r {} -T 4", at("pid"), at("host_key"));
            line += if setup.keys_only {
                " -s"
            } else if setup.password {
                ""
            } else {
                " -B"
            };
            if let Some(forced) = &setup.forced {
                line += &format!(" -c {}", forced.display());
            }
            line
        }
        Kind::OpenSsh => {
            std::fs::write(folder.join("config"), sshd_config(setup, port, folder)).unwrap();
            format!("{} -D -e -f {}", tool("sshd").unwrap().display(), at("config"))
        }
    };
    let mounts = ["passwd", "shadow", "shells"].map(|name| format!("mount --bind {} /etc/{name}", at(name)));
    let line = format!("{} && mkdir -p /run/sshd && exec {server}", mounts.join(" && "));
    let log = std::fs::File::create(folder.join("log")).unwrap();
    Command::new("unshare")
        .args(["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", &line])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn sshd_config(setup: &Setup, port: u16, folder: &Path) -> String {
    let yes_no = |yes| if yes { "yes" } else { "no" };
    let mut text = format!(
        "ListenAddress 127.0.0.1:{port}\nHostKey {}\nPidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin yes\n\
         PasswordAuthentication {}\nPermitEmptyPasswords {}\nAuthorizedKeysFile {}\nPrintMotd no\n\
         KbdInteractiveAuthentication no\n",
        folder.join("host_key").display(),
        yes_no(!setup.keys_only),
        yes_no(!setup.password),
        folder.join("home/.ssh/authorized_keys").display(),
    );
    if let Some(forced) = &setup.forced {
        text += &format!("ForceCommand {}\n", forced.display());
    }
    for line in &setup.lines {
        text += &format!("{line}\n");
    }
    text
}
