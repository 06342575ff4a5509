//! Tests of [`super::LegalLog`]: what is in the files afterwards, and what is lost.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use fosix_config::{LegalLogFormat, LogPeriod};
use fosix_lease::{RelayHop, SoftwireSource, Timestamp};
use fosix_wire::softwire::PortParams;
use serde_json::{Value, json};

use super::*;
use crate::samples::{change, lease, lease6, prefix6};

const DAY: u64 = 86_400;
/// 2026-08-01T17:04:05Z.
const NOW: Timestamp = Timestamp(1_785_603_845);

fn settings(directory: &Path) -> LegalLogSettings {
    LegalLogSettings { directory: directory.to_owned(), queue_size: 1000, ..LegalLogSettings::default() }
}

fn note(log: &LegalLog, change: Arc<fosix_lease::Change4>) {
    log.leases4_changed(&LeaseEvent4 { sequence: 1, changes: vec![change] });
}

fn start(settings: &LegalLogSettings) -> LegalLog {
    LegalLog::start(settings, NOW).unwrap()
}

fn count(log: &LegalLog, name: &str) -> u64 {
    log.counters().iter().find(|(known, _)| *known == name).unwrap().1
}

/// The names of the files in a directory, in order, each with its number of lines.
fn files(directory: &Path) -> Vec<(String, usize)> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap().lines().count())
        })
        .collect();
    files.sort();
    files
}

fn lines(directory: &Path, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(directory.join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn at(days: u64) -> Timestamp {
    Timestamp(NOW.0 + days * DAY)
}

#[test]
fn a_line_says_who_had_what_from_when_to_when() {
    let directory = tempfile::tempdir().unwrap();
    let log = start(&settings(directory.path()));
    let mut held = lease(1, NOW);
    held.port_set = Some(PortParams::new(4, 8, 0x34).unwrap());
    held.softwire = Some(SoftwireSource { address: "2001:db8:1::7".parse().unwrap(), changed: NOW });
    held.client = fosix_lease::ClientIdentity::new(
        Some(&[255, 0, 0, 0, 9, 0, 3, 0, 1, 2, 0, 0, 0, 0, 1]),
        held.hardware,
    )
    .unwrap();
    held.relay_path = Box::new([
        RelayHop {
            link_address: "2001:db8:2::1".parse().unwrap(),
            interface_id: b"vlan7".as_slice().into(),
            remote_id: [0, 0, 0, 9, b'x'].into(),
        },
        RelayHop {
            link_address: "::".parse().unwrap(),
            interface_id: Box::default(),
            remote_id: Box::default(),
        },
    ]);
    held.hostname = "cpe".into();
    note(&log, change(ChangeKind::Renewed, Timestamp(NOW.0 + 60), held));
    log.stop();
    // Of each 4096 ports but the first the 16 with that PSID.
    let ranges: Vec<_> = (1..16).map(|a| [a * 4096 + 0x340, a * 4096 + 0x34f]).collect();
    let expected = json!({
        "time": "2026-08-01T17:05:05Z", "event": "renewed", "address": "10.0.0.1",
        "ports": { "offset": 4, "psid_len": 8, "psid": 52, "ranges": ranges },
        "from": "2026-08-01T17:04:05Z", "until": "2026-08-01T18:04:05Z",
        "client_id": "ff:00:00:00:09:00:03:00:01:02:00:00:00:00:01",
        "duid": "00:03:00:01:02:00:00:00:00:01", "iaid": 9,
        "hardware_type": 1, "hardware_address": "02:00:00:00:00:01",
        "softwire": "2001:db8:1::7", "source": "fe80::99",
        "relays": [
            { "link_address": "2001:db8:2::1", "interface_id": "76:6c:61:6e:37", "remote_id": "00:00:00:09:78" },
            { "link_address": "::", "interface_id": null, "remote_id": null },
        ],
        "subnet": 1, "hostname": "cpe",
    });
    assert_eq!(lines(directory.path(), "fosix-legal.20260801.jsonl"), [expected]);
    assert_eq!(count(&log, "legal-log-written"), 1);
}

#[test]
fn each_event_says_how_long_the_address_was_held() {
    let directory = tempfile::tempdir().unwrap();
    let log = start(&settings(directory.path()));
    let later = Timestamp(NOW.0 + 600);
    let mut endless = lease(1, NOW);
    endless.valid_lifetime = u32::MAX;
    note(&log, change(ChangeKind::Assigned, NOW, lease(1, NOW)));
    note(&log, change(ChangeKind::Assigned, NOW, endless));
    for kind in [ChangeKind::Released, ChangeKind::Declined, ChangeKind::Expired, ChangeKind::Recovered] {
        note(&log, change(kind, later, lease(1, NOW)));
    }
    log.stop();
    let told: Vec<_> = lines(directory.path(), "fosix-legal.20260801.jsonl")
        .into_iter()
        .map(|line| (line["event"].clone(), line["from"].clone(), line["until"].clone()))
        .collect();
    let from = json!("2026-08-01T17:04:05Z");
    let end = json!("2026-08-01T17:14:05Z");
    let expected = [
        (json!("assigned"), from.clone(), json!("2026-08-01T18:04:05Z")),
        (json!("assigned"), from.clone(), Value::Null),
        (json!("released"), from.clone(), end.clone()),
        (json!("declined"), from.clone(), end.clone()),
        (json!("expired"), from, end),
    ];
    assert_eq!(told, expected, "nobody had it in the probation");
}

#[test]
fn text_reads_like_kea_s() {
    let directory = tempfile::tempdir().unwrap();
    let log = start(&LegalLogSettings { format: LegalLogFormat::Text, ..settings(directory.path()) });
    let mut held = lease(1, NOW);
    held.relay_path = Box::new([RelayHop {
        link_address: "2001:db8:2::1".parse().unwrap(),
        interface_id: b"vlan7".as_slice().into(),
        remote_id: Box::default(),
    }]);
    note(&log, change(ChangeKind::Assigned, NOW, held.clone()));
    note(&log, change(ChangeKind::Released, at(0), held));
    log.stop();
    let text = fs::read_to_string(directory.path().join("fosix-legal.20260801.txt")).unwrap();
    let common = "a device with hardware address: hwtype=1 02:00:00:00:00:01 connected via relay at address: \
                  2001:db8:2::1, interface-id: 76:6c:61:6e:37 (vlan7), source address: fe80::99, \
                  held since 2026-08-01 17:04:05 UTC";
    let expected = format!(
        "2026-08-01 17:04:05 UTC Address: 10.0.0.1 has been assigned for 1 hrs 0 mins 0 secs to {common}\n\
         2026-08-01 17:04:05 UTC Address: 10.0.0.1 has been released from {common}\n"
    );
    assert_eq!(text, expected);
}

#[test]
fn leases_of_the_dhcpv6_half_have_lines_of_their_own() {
    for (format, name) in [(LegalLogFormat::Json, "jsonl"), (LegalLogFormat::Text, "txt")] {
        let directory = tempfile::tempdir().unwrap();
        let log = start(&LegalLogSettings { format, ..settings(directory.path()) });
        let mut registered = lease6(7, NOW);
        registered.state = fosix_lease::LeaseState::Registered;
        let changes = vec![
            change(ChangeKind::Assigned, NOW, lease6(1, NOW)),
            change(ChangeKind::Released, NOW, prefix6(8, NOW)),
            change(ChangeKind::Recovered, NOW, lease6(2, NOW)),
            change(ChangeKind::Assigned, NOW, registered),
        ];
        log.leases6_changed(&LeaseEvent6 { sequence: 1, changes });
        log.stop();
        let file = format!("fosix-legal.20260801.{name}");
        if format == LegalLogFormat::Json {
            let told = lines(directory.path(), &file);
            let expected = json!({
                "time": "2026-08-01T17:04:05Z", "event": "assigned", "address": "2001:db8::1", "prefix": null,
                "from": "2026-08-01T17:04:05Z", "until": "2026-08-01T18:04:05Z",
                "duid": "00:03:00:01:02:00:00:00:00:01", "iaid": 9,
                "hardware_type": 1, "hardware_address": "02:00:00:00:00:01",
                "source": "fe80::99", "relays": [], "subnet": 1, "hostname": "",
            });
            assert_eq!(told[0], expected);
            assert_eq!(told[1]["prefix"], json!("2001:db8:8::/48"));
            assert_eq!((&told[1]["address"], &told[1]["hardware_type"]), (&Value::Null, &Value::Null));
            assert_eq!((told.len(), &told[2]["event"]), (3, &json!("registered")));
            continue;
        }
        let duid = "a device with DUID: 00:03:00:01:02:00:00:00:00:01";
        let hardware = " and hardware address: hwtype=1 02:00:00:00:00:01";
        let tail = ", source address: fe80::99, held since 2026-08-01 17:04:05 UTC";
        let time = "2026-08-01 17:04:05 UTC";
        let expected = format!(
            "{time} Address: 2001:db8::1 has been assigned for 1 hrs 0 mins 0 secs to {duid}{hardware}{tail}\n\
             {time} Prefix: 2001:db8:8::/48 has been released from {duid}{tail}\n\
             {time} Address: 2001:db8::7 has been registered for 1 hrs 0 mins 0 secs to {duid}{hardware}{tail}\n"
        );
        assert_eq!(fs::read_to_string(directory.path().join(file)).unwrap(), expected);
    }
}

#[test]
fn a_new_day_begins_a_new_file_and_old_ones_go() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("notes.txt"), "not ours\n").unwrap();
    let log = start(&LegalLogSettings { keep: 2, ..settings(directory.path()) });
    for day in 0..4 {
        note(&log, change(ChangeKind::Assigned, at(day), lease(1, at(day))));
    }
    note(&log, change(ChangeKind::Expired, at(1), lease(1, at(1))));
    log.stop();
    let expected = [("fosix-legal.20260803.jsonl", 1), ("fosix-legal.20260804.jsonl", 2), ("notes.txt", 1)];
    assert_eq!(files(directory.path()), expected.map(|(name, lines)| (name.to_owned(), lines)));
    assert_eq!(count(&log, "legal-log-written"), 5);
}

#[test]
fn a_full_file_is_followed_by_another_one_also_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let small = LegalLogSettings { max_size: 500, period: LogPeriod::Month, ..settings(directory.path()) };
    for _ in 0..2 {
        let log = start(&small);
        for _ in 0..3 {
            note(&log, change(ChangeKind::Assigned, NOW, lease(1, NOW)));
        }
        log.stop();
    }
    let found = files(directory.path());
    assert_eq!(found.iter().map(|(_, lines)| lines).sum::<usize>(), 6);
    assert_eq!(
        found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["fosix-legal.20260801.2.jsonl", "fosix-legal.20260801.3.jsonl", "fosix-legal.20260801.jsonl"]
    );
    assert!(found.iter().all(|(_, lines)| *lines == 2), "{found:?}");
}

#[test]
fn a_line_that_was_cut_off_does_not_swallow_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fosix-legal.20260801.jsonl");
    fs::write(&path, "{\"time\":\"2026").unwrap();
    let log = start(&settings(directory.path()));
    note(&log, change(ChangeKind::Assigned, NOW, lease(1, NOW)));
    log.stop();
    let text = fs::read_to_string(path).unwrap();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((text.lines().count(), &last["event"]), (2, &json!("assigned")));
}

#[test]
fn it_is_done_with_events_once_their_lines_are_in_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let log = start(&LegalLogSettings { queue_size: 2, ..settings(directory.path()) });
    let changes: Vec<_> = (0..10).map(|_| change(ChangeKind::Assigned, NOW, lease(1, NOW))).collect();
    log.leases4_changed(&LeaseEvent4 { sequence: 1, changes });
    assert!(log.finish_events());
    assert_eq!(lines(directory.path(), "fosix-legal.20260801.jsonl").len(), 10);
}

#[test]
fn what_was_not_written_is_not_done() {
    let directory = tempfile::tempdir().unwrap();
    symlink("/dev/full", directory.path().join("fosix-legal.20260801.jsonl")).unwrap();
    let log = start(&settings(directory.path()));
    note(&log, change(ChangeKind::Assigned, NOW, lease(1, NOW)));
    thread::scope(|scope| {
        let done = scope.spawn(|| log.finish_events());
        log.stop();
        assert!(!done.join().unwrap(), "it is to be told again after a restart");
    });
}

#[test]
fn what_a_full_disk_refuses_is_counted_as_lost_when_the_server_stops() {
    let directory = tempfile::tempdir().unwrap();
    symlink("/dev/full", directory.path().join("fosix-legal.20260801.jsonl")).unwrap();
    let log = start(&settings(directory.path()));
    for _ in 0..5 {
        note(&log, change(ChangeKind::Assigned, NOW, lease(1, NOW)));
    }
    log.stop();
    assert_eq!((count(&log, "legal-log-written"), count(&log, "legal-log-lost")), (0, 5));
    assert!(count(&log, "legal-log-file-errors") > 0);
}

#[test]
fn lines_wait_while_a_file_cannot_be_opened() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("log");
    fs::create_dir(&directory).unwrap();
    let log = start(&settings(&directory));
    fs::remove_dir_all(&directory).unwrap();
    note(&log, change(ChangeKind::Assigned, at(1), lease(1, at(1))));
    let deadline = Instant::now() + Duration::from_secs(20);
    while count(&log, "legal-log-file-errors") == 0 {
        assert!(Instant::now() < deadline, "the missing directory was not noticed");
        thread::yield_now();
    }
    fs::create_dir(&directory).unwrap();
    log.stop();
    assert_eq!((count(&log, "legal-log-written"), count(&log, "legal-log-lost")), (1, 0));
    assert_eq!(files(&directory), [("fosix-legal.20260802.jsonl".to_owned(), 1)]);
}

#[test]
fn a_directory_that_is_missing_is_an_error_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let missing = settings(&directory.path().join("missing"));
    assert!(LegalLog::start(&missing, NOW).is_err());
}
