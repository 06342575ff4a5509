//! Tests of [`super::RunScript`]: what a program is told, and what is done about one that does not end.

use std::path::PathBuf;
use std::sync::MutexGuard;

use fosix_lease::{Change4, LeaseState, Timestamp};
use tempfile::TempDir;

use super::*;
use crate::samples::{change, lease, lease6, prefix6};

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

fn tell(hook: &RunScript, changes: &[Arc<Change4>]) {
    hook.leases4_changed(&LeaseEvent4 { sequence: 1, changes: changes.to_vec() });
}

fn expire(hook: &RunScript) {
    tell(hook, &[change(ChangeKind::Expired, NOW, lease(1, NOW))]);
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
        [change(ChangeKind::Released, NOW, former), change(ChangeKind::Assigned, NOW, lease(1, NOW))];
    tell(&hook, &changes);
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
        QUERY4_CIADDR=\nQUERY4_FLAGS=\nQUERY4_GIADDR=\nQUERY4_HOPS=\n\
        QUERY4_HWADDR=02:00:00:00:00:01\nQUERY4_HWADDR_TYPE=1\nQUERY4_IFACE_INDEX=\n\
        QUERY4_IFACE_NAME=\nQUERY4_LOCAL_ADDR=\nQUERY4_LOCAL_HWADDR=\nQUERY4_LOCAL_HWADDR_TYPE=\n\
        QUERY4_LOCAL_PORT=\nQUERY4_OPTION_82=\nQUERY4_OPTION_82_SUB_OPTION_1=\n\
        QUERY4_OPTION_82_SUB_OPTION_2=\nQUERY4_RELAYED=false\nQUERY4_REMOTE_ADDR=fe80::99\n\
        QUERY4_REMOTE_HWADDR=\nQUERY4_REMOTE_HWADDR_TYPE=\nQUERY4_REMOTE_PORT=\nQUERY4_SECS=\n\
        QUERY4_SIADDR=\nQUERY4_TXID=\nQUERY4_TYPE=DHCPREQUEST\nQUERY4_YIADDR=\n\
        point=leases4_committed";
    assert_eq!(variables(&script.output()).join("\n"), expected);
    assert_eq!(count(&hook, "run-script-succeeded"), 1);
}

#[test]
fn each_event_runs_the_program_under_its_own_point() {
    let script = Script::new("echo $1 $LEASE4_EVENT $LEASE4_STATE $LEASES4_SIZE $REMOVE_LEASE >> $OUT");
    let hook = script.start(|settings| settings.max_processes = 1);
    tell(&hook, &[change(ChangeKind::Renewed, NOW, lease(1, NOW))]);
    tell(&hook, &[change(ChangeKind::Released, NOW, lease(1, NOW))]);
    tell(&hook, &[change(ChangeKind::Declined, NOW, lease(1, NOW))]);
    expire(&hook);
    let mut declined = lease(1, NOW);
    declined.state = LeaseState::Declined;
    tell(&hook, &[change(ChangeKind::Recovered, NOW, declined)]);
    hook.stop();
    let expected = "leases4_committed 1\nlease4_release released default\n\
                    lease4_decline declined default\nlease4_expire expired default false\n\
                    lease4_recover recovered declined\n";
    assert_eq!(script.output(), expected);
}

#[test]
fn a_program_is_told_of_dhcpv6_leases() {
    let script = Script::new("{ echo point=$1; env; } >> $OUT");
    let hook = script.start(|_| ());
    let changes = vec![
        change(ChangeKind::Assigned, NOW, lease6(1, NOW)),
        change(ChangeKind::Renewed, NOW, prefix6(8, NOW)),
    ];
    hook.leases6_changed(&LeaseEvent6 { sequence: 1, changes });
    hook.stop();
    let lease = |at: u8, ours: [&str; 8]| {
        let [address, event, hardware, hardware_type, len, kind, duid, preferred] = ours;
        [
            ("ADDRESS", address),
            ("CLTT", "1785603845"),
            ("DUID", duid),
            ("EVENT", event),
            ("HOSTNAME", ""),
            ("HWADDR", hardware),
            ("HWADDR_TYPE", hardware_type),
            ("IAID", "9"),
            ("IPV6_SOURCE", "fe80::99"),
            ("PREFERRED_LIFETIME", preferred),
            ("PREFIX_LEN", len),
            ("RELAYS", ""),
            ("STATE", "default"),
            ("SUBNET_ID", "1"),
            ("TYPE", kind),
            ("VALID_LIFETIME", "3600"),
        ]
        .map(|(name, value)| format!("LEASES6_AT{at}_{name}={value}"))
    };
    let duid = "00:03:00:01:02:00:00:00:00:01";
    let mut expected = vec!["DELETED_LEASES6_SIZE=0".to_owned()];
    let address = ["2001:db8::1", "assigned", "02:00:00:00:00:01", "1", "128", "IA_NA", duid, "1800"];
    expected.extend(lease(0, address));
    expected.extend(lease(1, ["2001:db8:8::", "renewed", "", "", "48", "IA_PD", duid, "1800"]));
    expected.push("LEASES6_SIZE=2".to_owned());
    let query = [
        ("CLIENT_ID", duid),
        ("IFACE_INDEX", ""),
        ("IFACE_NAME", ""),
        ("LOCAL_ADDR", ""),
        ("LOCAL_PORT", ""),
        ("PROTO", "UDP"),
        ("REMOTE_ADDR", "fe80::99"),
        ("REMOTE_HWADDR", ""),
        ("REMOTE_HWADDR_TYPE", ""),
        ("REMOTE_PORT", ""),
        ("TXID", ""),
        ("TYPE", "RENEW"),
    ];
    expected.extend(query.map(|(name, value)| format!("QUERY6_{name}={value}")));
    expected.push("point=leases6_committed".to_owned());
    assert_eq!(variables(&script.output()), expected);
}

#[test]
fn each_end_of_a_dhcpv6_lease_runs_the_program_under_its_own_point() {
    let script = Script::new("echo $1 $LEASE6_ADDRESS $LEASE6_STATE $QUERY6_TYPE $REMOVE_LEASE >> $OUT");
    let hook = script.start(|settings| settings.max_processes = 1);
    let mut registered = lease6(3, NOW);
    registered.state = LeaseState::Registered;
    let changes = vec![
        change(ChangeKind::Released, NOW, lease6(1, NOW)),
        change(ChangeKind::Declined, NOW, lease6(2, NOW)),
        change(ChangeKind::Expired, NOW, registered),
        change(ChangeKind::Recovered, NOW, lease6(2, NOW)),
    ];
    hook.leases6_changed(&LeaseEvent6 { sequence: 1, changes });
    hook.stop();
    let expected = "lease6_release 2001:db8::1 default RELEASE\nlease6_decline 2001:db8::2 default DECLINE\n\
                    lease6_expire 2001:db8::3 registered false\nlease6_recover 2001:db8::2 declined\n";
    assert_eq!(script.output(), expected);
}

#[test]
fn a_program_that_does_not_end_is_killed_with_what_it_started() {
    let script = Script::new("sleep 1000 & echo $! > $OUT; wait");
    let hook = script.start(|settings| settings.timeout_secs = 1);
    expire(&hook);
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
    expire(&hook);
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
        expire(&hook);
    }
    hook.stop();
    let output = script.output();
    assert_eq!(output.lines().count(), 20);
    assert!(output.lines().all(|line| line.trim().parse::<u32>().unwrap() <= 2), "{output}");
}

#[test]
fn events_wait_for_room_in_the_queue_and_none_is_lost() {
    // The program waits for a file, so that nothing leaves the queue.
    let script = Script::new("until [ -e $OUT.go ]; do sleep 0.01; done; echo run >> $OUT");
    let hook = script.start(|settings| {
        settings.max_processes = 1;
        settings.queue_size = 2;
    });
    thread::scope(|scope| {
        let told = scope.spawn(|| {
            for _ in 0..10 {
                expire(&hook);
            }
            hook.finish_events()
        });
        assert!(!told.is_finished());
        fs::write(script.directory.path().join("out.go"), "").unwrap();
        assert!(told.join().unwrap(), "all is done, and need not be told again");
    });
    assert_eq!(count(&hook, "run-script-succeeded"), 10);
    assert_eq!(script.output().lines().count(), 10);
    hook.stop();
    assert_eq!(count(&hook, "run-script-lost"), 0);
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
