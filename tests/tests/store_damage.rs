//! Files of the store that are not as they were written: what a crash does is mended silently, damage is not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use fosix_tests::{
    Customer, Fosix, Halves, Peer, Scene, acquire, dhcpv4_of, leases, leases_listed, leases_output, query,
    reply,
};
use fosix_wire::v4::MessageType;
use fosix_wire::v6::{CLIENT_PORT, QueryFlags};
use serde_json::{Value, json};

const CLIENTS: u32 = 40;
/// What a segment and a snapshot begin with.
const FILE_HEADER: usize = 64;

fn configuration(store: &Path) -> Value {
    let mut configuration = Scene::configuration();
    configuration["Fosix"]["store"] = json!({ "directory": store });
    configuration
}

/// Gives each client a lease, one after the other, and ends the server; the addresses in their order.
fn give_leases(halves: &Halves, store: &Path, end: impl FnOnce(Fosix)) -> Vec<Ipv4Addr> {
    let server = Fosix::start(&halves.server, configuration(store));
    let peer = Peer::bind(&halves.client, CLIENT_PORT);
    let acquire =
        |number| acquire(&peer, &Customer::new(number), &[], halves.unicast(), halves.unicast()).address;
    let addresses = (0..CLIENTS).map(acquire).collect();
    end(server);
    addresses
}

/// The file of the store whose name begins like that and which has most in it, and how much that is.
fn fullest(store: &Path, prefix: &str) -> (PathBuf, usize) {
    let entries = fs::read_dir(store.join("dhcp4")).unwrap().map(|entry| entry.unwrap().path());
    let named = entries.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix));
    let used = |path: PathBuf| {
        let used = fs::read(&path).unwrap().iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
        (path, used)
    };
    named.map(used).max_by_key(|(_, used)| *used).unwrap()
}

fn flip(file: &Path, at: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 0x10;
    fs::write(file, bytes).unwrap();
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

fn assigned(store: &Path) -> BTreeSet<Ipv4Addr> {
    let listed = leases_listed(store, &["--state", "assigned"]);
    listed.iter().map(|lease| lease["ip-address"].as_str().unwrap().parse().unwrap()).collect()
}

/// Copies what is in the store's directory of the DHCPv4 half.
fn copy(store: &Path, to: &Path) {
    fs::create_dir_all(to.join("dhcp4")).unwrap();
    for entry in fs::read_dir(store.join("dhcp4")).unwrap() {
        let path = entry.unwrap().path();
        if fs::metadata(&path).unwrap().is_file() {
            fs::copy(&path, to.join("dhcp4").join(name(&path))).unwrap();
        }
    }
}

/// The server, `check` and then `repair` name what is damaged; what `repair` says.
fn is_refused_and_repaired(halves: &Halves, store: &Path, file: &Path, at: usize) -> String {
    let said = Fosix::launch(&halves.server, configuration(store)).refuses();
    for expected in [name(file), "fosix leases", "repair", store.to_str().unwrap()] {
        assert!(said.contains(expected), "{expected:?} in {said}");
    }
    assert!(names_offset(&said, at), "an offset shortly before {at} in {said}");
    let before = fs::read(file).unwrap();
    let checked = leases_output(store, &["check"]);
    assert_eq!(checked.status.code(), Some(1), "{checked:?}");
    let said = String::from_utf8(checked.stdout).unwrap();
    assert!(said.contains("DAMAGE") && said.contains(name(file)), "{said}");
    assert!(names_offset(&said, at), "an offset shortly before {at} in {said}");
    assert_eq!(fs::read(file).unwrap(), before, "a check changes nothing");

    let said = leases(store, &["repair"]);
    let folder = said.lines().find_map(|line| line.strip_prefix("the files as they were are in ")).unwrap();
    assert_eq!(fs::read(Path::new(folder).join(name(file))).unwrap(), before, "the damaged file is kept");
    let checked = leases(store, &["check"]);
    assert!(checked.contains("the store is whole"), "{checked}");
    said
}

/// Whether one of the numbers in the text is the beginning of the record with byte `at`, as far as its length can tell.
fn names_offset(text: &str, at: usize) -> bool {
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse::<usize>().ok());
    numbers.into_iter().any(|number| (at.saturating_sub(160)..=at).contains(&number))
}

/// A server on the repaired store serves: whoever has a lease renews it, the others get one again.
fn serves(halves: &Halves, store: &Path, kept: &BTreeSet<Ipv4Addr>, addresses: &[Ipv4Addr]) {
    let server = Fosix::start(&halves.server, configuration(store));
    let peer = Peer::bind(&halves.client, CLIENT_PORT);
    for (number, address) in (0..).zip(addresses) {
        let customer = Customer::new(number);
        if kept.contains(address) {
            let renewal = query(QueryFlags::UNICAST, &customer.renew(*address));
            let answer = dhcpv4_of(&peer.exchange(&renewal, halves.unicast()).bytes);
            assert_eq!(reply(&answer, MessageType::ACK).yiaddr(), *address);
        } else {
            acquire(&peer, &customer, &[], halves.unicast(), halves.unicast());
        }
    }
    server.stop().assert_balanced();
    assert_eq!(assigned(store).len(), addresses.len());
}

#[test]
fn a_flipped_bit_in_the_log_is_refused_and_repaired_but_for_what_it_hit() {
    for clean in [true, false] {
        let halves = Halves::new("bit");
        let store = tempfile::tempdir().unwrap();
        let end = |server: Fosix| if clean { drop(server.stop()) } else { server.kill() };
        let addresses = give_leases(&halves, store.path(), end);
        let (log, used) = fullest(store.path(), "log-");
        let at = FILE_HEADER + (used - FILE_HEADER) / 2;
        flip(&log, at);
        let said = is_refused_and_repaired(&halves, store.path(), &log, at);
        let kept = assigned(store.path());
        let all: BTreeSet<_> = addresses.iter().copied().collect();
        assert!(kept.is_subset(&all));
        // Where the bit hit a mark nothing is lost.
        let lost = all.len() - kept.len();
        assert!(lost <= 1, "{lost} leases are lost");
        assert_eq!(said.contains("LOST"), lost == 1, "{said}");
        serves(&halves, store.path(), &kept, &addresses);
    }
}

#[test]
fn a_flipped_bit_in_a_snapshot_is_refused_and_repaired_but_for_what_it_hit() {
    let halves = Halves::new("snapshot");
    let store = tempfile::tempdir().unwrap();
    let addresses = give_leases(&halves, store.path(), |server| drop(server.stop()));
    // An import ends with a snapshot.
    let empty = store.path().join("empty.csv");
    let header =
        "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state\n";
    fs::write(&empty, header).unwrap();
    leases(store.path(), &["import", empty.to_str().unwrap()]);
    let (snapshot, used) = fullest(store.path(), "snapshot-");
    let at = FILE_HEADER + (used - FILE_HEADER) / 2;
    flip(&snapshot, at);
    let said = is_refused_and_repaired(&halves, store.path(), &snapshot, at);
    let kept = assigned(store.path());
    assert!(said.contains(&format!("{} of {CLIENTS} leases of the snapshot are kept", kept.len())), "{said}");
    assert_eq!(kept.len(), addresses.len() - 1, "{said}");
    serves(&halves, store.path(), &kept, &addresses);
}

#[test]
fn what_a_crash_cut_off_is_mended_silently() {
    let halves = Halves::new("torn");
    let store = tempfile::tempdir().unwrap();
    let mut addresses = give_leases(&halves, store.path(), Fosix::kill);
    let (log, used) = fullest(store.path(), "log-");
    let whole = fs::metadata(&log).unwrap().len();
    // The last record is some 90 bytes long.
    addresses.pop();
    for (cut, zeros) in [(8, true), (8, false), (60, true), (60, false)] {
        let torn = tempfile::tempdir().unwrap();
        copy(store.path(), torn.path());
        let file =
            fs::OpenOptions::new().write(true).open(torn.path().join("dhcp4").join(name(&log))).unwrap();
        file.set_len(u64::try_from(used - cut).unwrap()).unwrap();
        if zeros {
            file.set_len(whole).unwrap();
        }
        let checked = leases(torn.path(), &["check"]);
        assert!(
            checked.contains("a write was interrupted") && checked.contains("the store is whole"),
            "{checked}"
        );
        let server = Fosix::start(&halves.server, configuration(torn.path()));
        let lines = server.process().lines();
        assert!(lines.iter().any(|line| line.contains("a crash had interrupted a write")), "{lines:?}");
        assert!(
            !lines.iter().any(|line| line.contains("\"WARN\"") || line.contains("\"ERROR\"")),
            "{lines:?}"
        );
        assert_eq!(assigned(torn.path()), addresses.iter().copied().collect());
        server.stop();
    }
}
