//! Tests of [`super::RunScript`]: what a program is told, and what is done about one that does not end.

use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::sync::MutexGuard;

use fosix_lease::{LeaseState, Timestamp};
use fosix_wire::v4::{self, Header, MessageType, OptionCode};
use fosix_wire::v6::{self, Packet};
use tempfile::TempDir;

use super::*;
use crate::Arrival;
use crate::samples::{change, lease};

const NOW: Timestamp = Timestamp(1_785_603_845);

/// One test at a time: a program that another thread's new process still has open for writing cannot be run.
static ALONE: Mutex<()> = Mutex::new(());

/// A program in a directory of its own.
struct Script {
    _alone: MutexGuard<'static, ()>,
    directory: TempDir,
    path: PathBuf,
}

impl Script {
    /// A shell script with that body, in which `$OUT` is the file that [`Script::output`] reads.
    fn new(body: &str) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("script");
        let out = directory.path().join("out");
        fs::write(&path, format!("#!/bin/sh\nOUT={}\n{body}\n", out.display())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self { _alone: alone, directory, path }
    }

    fn start(&self, adjust: impl FnOnce(&mut RunScriptSettings)) -> RunScript {
        let mut settings = RunScriptSettings::new(&self.path);
        adjust(&mut settings);
        RunScript::start(&settings).unwrap()
    }

    fn output(&self) -> String {
        fs::read_to_string(self.directory.path().join("out")).unwrap_or_default()
    }
}

fn count(hook: &RunScript, name: &str) -> u64 {
    hook.counters().iter().find(|(known, _)| *known == name).unwrap().1
}

fn with_query(look: impl FnOnce(&Query4<'_>)) {
    let mut message = Vec::new();
    let mut header = Header::request(0x1234_5678);
    header.hardware_type = 1;
    header.hardware_len = 6;
    header.chaddr[..6].copy_from_slice(&[2, 0, 0, 0, 0, 1]);
    let mut w = v4::Writer::new(&mut message, &header);
    w.option_u8(OptionCode::MESSAGE_TYPE, MessageType::REQUEST.0);
    w.option(OptionCode::RELAY_AGENT_INFORMATION, &[1, 2, 0xaa, 0xbb, 2, 1, 0xcc]);
    w.finish().unwrap();
    let mut bytes = Vec::new();
    let mut w = v6::Writer::new(&mut bytes);
    w.message(v6::MessageType::DHCPV4_QUERY, [0; 3]);
    w.option(v6::OptionCode::DHCPV4_MSG, &message);
    w.finish().unwrap();
    let packet = Packet::new_checked(&bytes, 9).unwrap();
    look(&Query4 {
        packet: &packet,
        message: v4::Message::new_checked(&message).unwrap(),
        message_type: MessageType::REQUEST,
        client: None,
        arrival: Arrival { source: Ipv6Addr::LOCALHOST, interface: "vs" },
    });
}

fn commit(hook: &RunScript, changes: &[Arc<Change4>]) {
    with_query(|query| {
        assert_eq!(hook.leases4_committed(&mut State::default(), query, changes), Status::Continue);
    });
}

/// The variables that the program wrote with `env`, those of the shell itself left out.
fn variables(output: &str) -> Vec<&str> {
    let of_shell = ["PWD=", "OLDPWD=", "SHLVL=", "_=", "PATH=", "OUT="];
    let mut lines: Vec<_> =
        output.lines().filter(|line| !of_shell.iter().any(|name| line.starts_with(name))).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn a_program_is_told_what_a_message_changed() {
    let script = Script::new("{ echo point=$1; env; } > $OUT");
    let hook = script.start(|_| ());
    let mut former = lease(2, NOW);
    former.hostname = "cpe".into();
    let changes =
        [change(ChangeKind4::Released, NOW, former), change(ChangeKind4::Assigned, NOW, lease(1, NOW))];
    commit(&hook, &changes);
    hook.stop();
    let expected = "\
        DELETED_LEASES4_AT0_ADDRESS=10.0.0.2\nDELETED_LEASES4_AT0_CLIENT_ID=\n\
        DELETED_LEASES4_AT0_CLTT=1785603845\nDELETED_LEASES4_AT0_EVENT=released\n\
        DELETED_LEASES4_AT0_HOSTNAME=cpe\nDELETED_LEASES4_AT0_HWADDR=02:00:00:00:00:02\n\
        DELETED_LEASES4_AT0_HWADDR_TYPE=1\nDELETED_LEASES4_AT0_IPV6_SOURCE=fe80::99\n\
        DELETED_LEASES4_AT0_PORTS=\nDELETED_LEASES4_AT0_RELAYS=\nDELETED_LEASES4_AT0_SOFTWIRE=\n\
        DELETED_LEASES4_AT0_STATE=default\nDELETED_LEASES4_AT0_SUBNET_ID=1\n\
        DELETED_LEASES4_AT0_VALID_LIFETIME=3600\nDELETED_LEASES4_SIZE=1\n\
        LEASES4_AT0_ADDRESS=10.0.0.1\nLEASES4_AT0_CLIENT_ID=\nLEASES4_AT0_CLTT=1785603845\n\
        LEASES4_AT0_EVENT=assigned\nLEASES4_AT0_HOSTNAME=\nLEASES4_AT0_HWADDR=02:00:00:00:00:01\n\
        LEASES4_AT0_HWADDR_TYPE=1\nLEASES4_AT0_IPV6_SOURCE=fe80::99\nLEASES4_AT0_PORTS=\n\
        LEASES4_AT0_RELAYS=\nLEASES4_AT0_SOFTWIRE=\nLEASES4_AT0_STATE=default\n\
        LEASES4_AT0_SUBNET_ID=1\nLEASES4_AT0_VALID_LIFETIME=3600\nLEASES4_SIZE=1\n\
        QUERY4_CIADDR=0.0.0.0\nQUERY4_FLAGS=0\nQUERY4_GIADDR=0.0.0.0\nQUERY4_HOPS=0\n\
        QUERY4_HWADDR=02:00:00:00:00:01\nQUERY4_HWADDR_TYPE=1\nQUERY4_IFACE_INDEX=\n\
        QUERY4_IFACE_NAME=vs\nQUERY4_LOCAL_ADDR=\nQUERY4_LOCAL_HWADDR=\nQUERY4_LOCAL_HWADDR_TYPE=\n\
        QUERY4_LOCAL_PORT=\nQUERY4_OPTION_82=01:02:aa:bb:02:01:cc\nQUERY4_OPTION_82_SUB_OPTION_1=aa:bb\n\
        QUERY4_OPTION_82_SUB_OPTION_2=cc\nQUERY4_RELAYED=false\nQUERY4_REMOTE_ADDR=::1\n\
        QUERY4_REMOTE_HWADDR=\nQUERY4_REMOTE_HWADDR_TYPE=\nQUERY4_REMOTE_PORT=\nQUERY4_SECS=0\n\
        QUERY4_SIADDR=0.0.0.0\nQUERY4_TXID=305419896\nQUERY4_TYPE=DHCPREQUEST\nQUERY4_YIADDR=0.0.0.0\n\
        point=leases4_committed";
    assert_eq!(variables(&script.output()).join("\n"), expected);
    assert_eq!(count(&hook, "run-script-succeeded"), 1);
}

#[test]
fn each_event_runs_the_program_under_its_own_point() {
    let script = Script::new("echo $1 $LEASE4_EVENT $LEASE4_STATE $LEASES4_SIZE $REMOVE_LEASE >> $OUT");
    let hook = script.start(|settings| settings.max_processes = 1);
    commit(&hook, &[change(ChangeKind4::Renewed, NOW, lease(1, NOW))]);
    commit(&hook, &[change(ChangeKind4::Released, NOW, lease(1, NOW))]);
    commit(&hook, &[change(ChangeKind4::Declined, NOW, lease(1, NOW))]);
    hook.lease4_expire(&change(ChangeKind4::Expired, NOW, lease(1, NOW)));
    let mut declined = lease(1, NOW);
    declined.state = LeaseState::Declined;
    hook.lease4_recover(&change(ChangeKind4::Recovered, NOW, declined));
    hook.stop();
    let expected = "leases4_committed 1\nlease4_release released default\n\
                    lease4_decline declined default\nlease4_expire expired default false\n\
                    lease4_recover recovered declined\n";
    assert_eq!(script.output(), expected);
}

#[test]
fn a_program_that_does_not_end_is_killed_with_what_it_started() {
    let script = Script::new("sleep 1000 & echo $! > $OUT; wait");
    let hook = script.start(|settings| settings.timeout_secs = 1);
    hook.lease4_expire(&change(ChangeKind4::Expired, NOW, lease(1, NOW)));
    hook.stop();
    assert_eq!(count(&hook, "run-script-killed"), 1);
    let started = script.output();
    let status = fs::read_to_string(format!("/proc/{}/stat", started.trim())).unwrap_or_default();
    // It is gone, or a zombie that waits for init to take it.
    assert!(status.is_empty() || status.contains(") Z "), "{status}");
}

#[test]
fn a_program_that_fails_is_counted() {
    let script = Script::new("exit 3");
    let hook = script.start(|_| ());
    hook.lease4_expire(&change(ChangeKind4::Expired, NOW, lease(1, NOW)));
    hook.stop();
    assert_eq!(count(&hook, "run-script-failed"), 1);
    assert_eq!(count(&hook, "run-script-succeeded"), 0);
}

#[test]
fn no_more_programs_run_at_a_time_than_allowed() {
    // Each run counts the others that have begun and not ended.
    let script =
        Script::new("mkdir $OUT.d 2>/dev/null; touch $OUT.d/$$; ls $OUT.d | wc -l >> $OUT; rm $OUT.d/$$");
    let hook = script.start(|settings| settings.max_processes = 2);
    for _ in 0..20 {
        hook.lease4_expire(&change(ChangeKind4::Expired, NOW, lease(1, NOW)));
    }
    hook.stop();
    let output = script.output();
    assert_eq!(output.lines().count(), 20);
    assert!(output.lines().all(|line| line.trim().parse::<u32>().unwrap() <= 2), "{output}");
}

#[test]
fn events_beyond_the_queue_are_lost_and_counted_and_nobody_waits() {
    // The program waits for a file, so that nothing leaves the queue.
    let script = Script::new("until [ -e $OUT.go ]; do sleep 0.01; done; echo run >> $OUT");
    let hook = script.start(|settings| {
        settings.max_processes = 1;
        settings.queue_size = 2;
    });
    for _ in 0..10 {
        hook.lease4_expire(&change(ChangeKind4::Expired, NOW, lease(1, NOW)));
    }
    // One runs at most, and two wait.
    let lost = count(&hook, "run-script-lost");
    assert!((7..=8).contains(&lost), "{lost}");
    fs::write(script.directory.path().join("out.go"), "").unwrap();
    hook.stop();
    assert_eq!(count(&hook, "run-script-succeeded") + lost, 10);
}

#[test]
fn a_program_that_is_none_is_an_error_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let plain = directory.path().join("plain");
    fs::write(&plain, "").unwrap();
    for program in [directory.path().join("missing"), directory.path().to_owned(), plain] {
        assert!(RunScript::start(&RunScriptSettings::new(&program)).is_err(), "{}", program.display());
    }
}
