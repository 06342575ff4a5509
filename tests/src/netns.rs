//! Network namespaces: small networks of their own for one test.

use std::fs;
use std::net::{IpAddr, Ipv6Addr};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fosix_net::{Interface, InterfaceWatch, Interfaces, Poller};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::PATIENCE;
use crate::process::run_to_end;

/// A network namespace with a name of its own, `fosix-LABEL-PID-NUMBER`, deleted when it is dropped.
///
/// Its loopback is up. Duplicate address detection is off, so that an address serves as soon as it is there.
#[derive(Debug)]
pub struct Netns {
    name: String,
}

impl Netns {
    /// Creates one; `label` makes its name readable.
    pub fn new(label: &str) -> Self {
        static SWEEP: Once = Once::new();
        static NUMBER: AtomicU32 = AtomicU32::new(0);

        assert!(
            rustix::process::geteuid().is_root(),
            "this test makes network namespaces, which needs root: run it with sudo"
        );
        SWEEP.call_once(delete_left_overs);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let netns = Self { name: format!("{PREFIX}{label}-{}-{number}", std::process::id()) };
        ip(&["netns", "add", &netns.name]);
        netns.run(|| {
            for (key, value) in [("accept_dad", "0"), ("dad_transmits", "0"), ("router_solicitations", "0")] {
                for scope in ["all", "default"] {
                    let path = format!("/proc/sys/net/ipv6/conf/{scope}/{key}");
                    fs::write(&path, value).unwrap_or_else(|error| panic!("cannot write {path}: {error}"));
                }
            }
        });
        netns.ip(&["link", "set", "lo", "up"]);
        netns
    }

    /// Its name, as `ip netns` shows it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Links `interface` here with `peer_interface` in `peer` (a veth pair) and waits until both carry packets and
    /// have their link-local addresses.
    pub fn link(&self, interface: &str, peer: &Self, peer_interface: &str) {
        ip(&[
            "link",
            "add",
            "name",
            interface,
            "netns",
            &self.name,
            "type",
            "veth",
            "peer",
            "name",
            peer_interface,
            "netns",
            &peer.name,
        ]);
        self.up(interface);
        peer.up(peer_interface);
        self.wait_for_link_local(interface);
        peer.wait_for_link_local(peer_interface);
    }

    /// Sets an interface up.
    pub fn up(&self, interface: &str) {
        self.ip(&["link", "set", "dev", interface, "up"]);
    }

    /// Sets an interface down.
    pub fn down(&self, interface: &str) {
        self.ip(&["link", "set", "dev", interface, "down"]);
    }

    /// Deletes an interface; the other end of a veth pair goes with it.
    pub fn delete(&self, interface: &str) {
        self.ip(&["link", "delete", "dev", interface]);
    }

    /// Adds an IPv6 address, such as `2001:db8::1/64`, and waits until it serves.
    pub fn add_address(&self, interface: &str, address: &str) {
        self.ip(&["-6", "address", "add", address, "dev", interface, "nodad"]);
        let (address, _) = address.split_once('/').expect("an address with the length of its prefix");
        let address: Ipv6Addr = address.parse().expect("an IPv6 address");
        self.wait_until(&format!("{interface} has {address}"), || serves(interface, address));
    }

    /// Takes an address away.
    pub fn remove_address(&self, interface: &str, address: &str) {
        self.ip(&["address", "delete", address, "dev", interface]);
    }

    /// Adds a route, such as `2001:db8::/32`, through `gateway`.
    pub fn add_route(&self, destination: &str, gateway: IpAddr) {
        self.ip(&["route", "add", destination, "via", &gateway.to_string()]);
    }

    /// The interface, as it is now.
    pub fn interface(&self, name: &str) -> Interface {
        self.find_interface(name).unwrap_or_else(|| panic!("{} has no interface {name}", self.name))
    }

    /// The interface's index.
    pub fn index(&self, interface: &str) -> u32 {
        self.interface(interface).index
    }

    /// The interface's link-local address.
    pub fn link_local(&self, interface: &str) -> Ipv6Addr {
        self.interface(interface)
            .link_local()
            .unwrap_or_else(|| panic!("{interface} in {} has no link-local address", self.name))
    }

    /// Runs `action` on a thread inside, and returns what it returns; sockets that it opens stay inside.
    pub fn run<T: Send>(&self, action: impl FnOnce() -> T + Send) -> T {
        let path = self.path();
        thread::scope(|scope| {
            scope
                .spawn(|| {
                    enter(&path);
                    action()
                })
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// A command that will run inside.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).arg(program.as_ref());
        command
    }

    /// A command that will run inside and sees an empty `/run`, after the shell has run `prepare`: what it and what `prepare` mount is
    /// seen by nobody else.
    pub fn command_in_private(&self, program: impl AsRef<Path>, prepare: &str) -> Command {
        let mut command = self.command("sh");
        let script = format!("mount -t tmpfs run /run && {prepare} && exec \"$@\"");
        command.args(["-c", &script, "sh"]).arg(program.as_ref());
        command
    }

    /// Runs `ip ARGUMENTS` inside.
    pub fn ip(&self, arguments: &[&str]) {
        ip(&[&["-netns", &self.name], arguments].concat());
    }

    /// Waits until the interface is running and has a link-local address that serves.
    pub fn wait_for_link_local(&self, interface: &str) {
        self.wait_until(&format!("{interface} has a link-local address"), || {
            let interfaces = Interfaces::snapshot().expect("cannot list interfaces");
            let found = interfaces.by_name(interface).filter(|interface| interface.running);
            found.and_then(Interface::link_local).is_some_and(|address| serves(interface, address))
        });
    }

    /// Waits until `check`, run inside, is true: looks again whenever something changes, and now and then.
    fn wait_until(&self, expected: &str, check: impl Fn() -> bool + Send + Sync) {
        /// For the changes that the kernel does not tell of, such as a group that was joined.
        const NOW_AND_THEN: Duration = Duration::from_millis(5);
        self.run(|| {
            let watch = InterfaceWatch::new().expect("cannot watch interfaces");
            let mut poller = Poller::new().expect("cannot poll");
            poller.add(&watch, 0).expect("cannot poll");
            let end = Instant::now() + PATIENCE;
            while !check() {
                assert!(Instant::now() < end, "not so in {}: {expected}", self.name);
                poller.wait(Some(NOW_AND_THEN)).expect("cannot poll");
                watch.changed().expect("cannot watch interfaces");
            }
        });
    }

    fn find_interface(&self, name: &str) -> Option<Interface> {
        self.run(|| Interfaces::snapshot().expect("cannot list interfaces")).by_name(name).cloned()
    }

    fn path(&self) -> PathBuf {
        Path::new(DIRECTORY).join(&self.name)
    }
}

impl Drop for Netns {
    fn drop(&mut self) {
        // A test that fails must show its own failure, not this one.
        let _ = Command::new("ip").args(["netns", "delete", &self.name]).status();
    }
}

const PREFIX: &str = "fosix-";
const DIRECTORY: &str = "/run/netns";

/// Whether an address of the calling thread's namespace can be used and found by its neighbours: it is not tentative,
/// and the group in which they ask for it (RFC 4291 §2.7.1) is joined, which the kernel does some time later.
fn serves(interface: &str, address: Ipv6Addr) -> bool {
    const TENTATIVE: u8 = 0x40;
    let hexadecimal = |address: Ipv6Addr| address.octets().map(|octet| format!("{octet:02x}")).concat();
    let low = address.octets();
    let group = Ipv6Addr::from_bits(0xff02_0000_0000_0000_0000_0001_ff00_0000)
        | Ipv6Addr::from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, low[13], low[14], low[15]]);
    // The fields are: address, index, prefix length, scope, flags, interface.
    let is_usable = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        fields[0] == hexadecimal(address)
            && fields[5] == interface
            && u8::from_str_radix(fields[4], 16).is_ok_and(|flags| flags & TENTATIVE == 0)
    };
    // The fields begin with: index, interface, group.
    let is_joined = |line: &str| line.split_whitespace().skip(1).take(2).eq([interface, &hexadecimal(group)]);
    net_file("if_inet6").lines().any(is_usable) && net_file("igmp6").lines().any(is_joined)
}

/// A file about the network of the calling thread (`/proc/net` is about that of the process).
fn net_file(name: &str) -> String {
    let path = format!("/proc/thread-self/net/{name}");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {path}: {error}"))
}

/// Moves the calling thread into a namespace.
fn enter(path: &Path) {
    let file = fs::File::open(path).unwrap_or_else(|error| panic!("cannot open {}: {error}", path.display()));
    move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
        .unwrap_or_else(|error| panic!("cannot enter {}: {error}", path.display()));
}

/// Deletes the namespaces of test runs that were killed: those that carry the number of no living process.
fn delete_left_overs() {
    let Ok(entries) = fs::read_dir(DIRECTORY) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
        let process = name.rsplit('-').nth(1).and_then(|number| number.parse::<u32>().ok());
        if process.is_some_and(|number| !Path::new(&format!("/proc/{number}")).exists()) {
            // Another test process may be sweeping too.
            let _ = Command::new("ip").args(["netns", "delete", name]).output();
        }
    }
}

fn ip(arguments: &[&str]) {
    run_to_end(Command::new("ip").args(arguments));
}
