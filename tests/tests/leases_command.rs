//! `fosix leases` on a server that runs and on the files of a stopped one: the same leases, and the same way in and out.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use fosix_tests::{
    Customer, Fosix, Halves, Kea, Lease, Peer, Relay, Scene, acquire, dhcpv4_of, leases, leases_listed,
    leases_output, query, reply,
};
use fosix_wire::v4::MessageType;
use fosix_wire::v6::{CLIENT_PORT, QueryFlags, SERVER_PORT};
use serde_json::{Value, json};
use tempfile::TempDir;

const HEADER: &str =
    "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context";
/// Far enough in the future that nothing ends under a test.
const EXPIRE: u64 = 4_100_000_000;

/// A network, and a directory for leases.
struct Office {
    halves: Halves,
    directory: TempDir,
}

impl Office {
    fn new(label: &str) -> Self {
        Self { halves: Halves::new(label), directory: tempfile::tempdir().unwrap() }
    }

    fn store(&self) -> PathBuf {
        self.directory.path().join("leases")
    }

    fn serve(&self) -> Fosix {
        let mut configuration = Scene::configuration();
        configuration["Fosix"]["store"] = json!({ "directory": self.store() });
        configuration["Fosix"]["workers"] = json!(1);
        Fosix::start(&self.halves.server, configuration)
    }

    /// Gives leases: two to direct clients of subnet 1, one to a client of subnet 2 behind a relay; the second is released.
    fn leases(&self) -> [Lease; 3] {
        let peer = Peer::bind(&self.halves.client, CLIENT_PORT);
        let to = self.halves.unicast();
        let relay = Relay {
            interface_id: Some(b"port 7".to_vec()),
            ..Relay::new(0, "2001:db8:2::1".parse().unwrap(), "fe80::7".parse().unwrap())
        };
        let relayed =
            acquire(&Peer::bind(&self.halves.client, SERVER_PORT), &Customer::new(3), &[relay], to, to);
        let [first, second] = [1, 2].map(|number| acquire(&peer, &Customer::new(number), &[], to, to));
        let release = Customer::new(2).release(second.address, second.server);
        peer.send(&query(QueryFlags::UNICAST, &release), to);
        // One worker: when this is answered, the release has been served.
        renew(&peer, &self.halves, 1, first.address);
        [first, second, relayed]
    }

    fn file(&self, name: &str, rows: &[String]) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
        path
    }
}

/// A row of a client's lease that lasts for so long.
fn row(address: &str, customer: u32, lifetime: u32, hostname: &str) -> String {
    let customer = Customer::new(customer);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":");
    let (hardware, client) = (hex(&customer.hardware_address), hex(&customer.client_id));
    format!("{address},{hardware},{client},{lifetime},{EXPIRE},1,0,0,{hostname},0,")
}

/// The client of this number renews the address.
fn renew(peer: &Peer, halves: &Halves, customer: u32, address: Ipv4Addr) {
    let renewal = query(QueryFlags::UNICAST, &Customer::new(customer).renew(address));
    let answer = dhcpv4_of(&peer.exchange(&renewal, halves.unicast()).bytes);
    assert_eq!(reply(&answer, MessageType::ACK).yiaddr(), address);
}

fn addresses(store: &Path, which: &[&str]) -> Vec<String> {
    let mut found: Vec<_> = leases_listed(store, which)
        .iter()
        .map(|lease| lease["ip-address"].as_str().unwrap().to_owned())
        .collect();
    found.sort();
    found
}

/// The command's complaint about what it does not do.
fn refusal(store: &Path, arguments: &[&str]) -> String {
    let output = leases_output(store, arguments);
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

/// What differs between two moments is taken out: what is left, and how long ago something was.
fn timeless(text: &str) -> String {
    let is_time = |word: &str| word.len() == 8 && word.split(':').count() == 3;
    let words = |line: &str| {
        line.split_whitespace()
            .map(|word| if is_time(word) { "TIME" } else { word })
            .collect::<Vec<_>>()
            .join(" ")
    };
    text.lines().map(words).collect::<Vec<_>>().join("\n")
}

#[test]
fn leases_are_found_by_what_they_are_whether_the_server_runs_or_not() {
    let office = Office::new("list");
    let store = office.store();
    let server = office.serve();
    let [first, second, relayed] = office.leases().map(|lease| lease.address.to_string());
    let client: Vec<_> = Customer::new(1).client_id.iter().map(|byte| format!("{byte:02x}")).collect();
    let client = client.join(":");
    let questions: [(&[&str], Vec<&String>); 9] = [
        (&[], vec![&first, &second, &relayed]),
        (&["--address", &first], vec![&first]),
        (&["--client", &client], vec![&first]),
        (&["--client", "02:00:00:00:00:03"], vec![&relayed]),
        (&["--subnet", "1"], vec![&first, &second]),
        (&["--subnet", "2"], vec![&relayed]),
        (&["--state", "assigned"], vec![&first, &relayed]),
        (&["--state", "released"], vec![&second]),
        (&["--softwire", "2001:db8::1"], vec![]),
    ];
    let ask = || {
        for (which, expected) in &questions {
            assert_eq!(addresses(&store, which).iter().collect::<Vec<_>>(), *expected, "{which:?}");
        }
        let list = |format| leases(&store, &["list", "--format", format]);
        let table = timeless(&list("table"));
        assert_eq!(table.lines().count(), 4, "{table}");
        assert!(table.contains(&format!("{second} released - 1")), "{table}");
        let csv = list("csv");
        assert!(csv.starts_with(HEADER), "{csv}");
        let mut lines: [Vec<String>; 2] =
            [csv, list("json")].map(|text| text.lines().map(str::to_owned).collect());
        for lines in &mut lines {
            lines.sort();
        }
        let shown = [&relayed, "02:00:00:00:00:01"].map(|which| timeless(&leases(&store, &["show", which])));
        assert!(shown[0].contains("interface-id \"port 7\""), "{}", shown[0]);
        assert!(refusal(&store, &["show", "10.1.255.1"]).contains("no lease of 10.1.255.1"));
        assert!(refusal(&store, &["show", "nobody"]).contains("nobody"));
        (table, lines, shown)
    };
    let running = ask();
    let stats = leases(&store, &["stats"]);
    for words in [["assigned", "2"], ["released", "1"], ["health", "Good"]] {
        let found = stats.lines().any(|line| line.split_whitespace().eq(words));
        // A disk that is 80 % full is told of here.
        assert!(found || (words[0] == "health" && stats.contains("LowSpace")), "{words:?} in {stats}");
    }
    server.stop();
    assert_eq!(ask(), running, "the same of a stopped server");
    let stopped = leases(&store, &["stats"]);
    assert!(stats.starts_with(&stopped), "{stopped} and {stats}");
}

#[test]
fn a_directory_without_a_store_is_named() {
    let directory = tempfile::tempdir().unwrap();
    for arguments in [&["list"][..], &["stats"], &["check"], &["repair"], &["show", "10.1.0.1"]] {
        let said = refusal(directory.path(), arguments);
        assert!(said.contains(directory.path().to_str().unwrap()) && said.contains("--directory"), "{said}");
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "nothing was made");
}

/// Rows of which the second replaces the first, and the fourth deletes the third.
fn good_rows() -> Vec<String> {
    vec![
        row("10.1.0.77", 77, 5000, "old"),
        row("10.1.0.77", 77, 6000, "new"),
        row("10.1.0.78", 78, 5000, ""),
        row("10.1.0.78", 78, 0, ""),
        row("10.1.0.79", 79, 5000, ""),
    ]
}

fn is_imported(store: &Path) {
    assert_eq!(addresses(store, &[]), ["10.1.0.77", "10.1.0.79"]);
    let lease: Value = leases_listed(store, &["--address", "10.1.0.77"]).remove(0);
    assert_eq!((&lease["hostname"], &lease["valid-lft"]), (&json!("new"), &json!(6000)));
}

#[test]
fn a_lease_file_of_keas_goes_into_a_stopped_store_and_its_clients_renew() {
    let office = Office::new("import");
    let store = office.store();
    let file = office.file("kea-leases4.csv", &good_rows());
    let output = leases_output(&store, &["import", file.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    is_imported(&store);
    let server = office.serve();
    is_imported(&store);
    renew(&Peer::bind(&office.halves.client, CLIENT_PORT), &office.halves, 77, Ipv4Addr::new(10, 1, 0, 77));
    server.stop();
}

#[test]
fn a_lease_file_of_keas_goes_into_a_running_server_and_its_clients_renew() {
    let office = Office::new("live");
    let store = office.store();
    let server = office.serve();
    let file = office.file("kea-leases4.csv", &good_rows());
    let output = leases_output(&store, &["import", file.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    is_imported(&store);
    let peer = Peer::bind(&office.halves.client, CLIENT_PORT);
    renew(&peer, &office.halves, 77, Ipv4Addr::new(10, 1, 0, 77));
    // What the server has given meanwhile is newer than what an old file says.
    let old = row("10.1.0.77", 78, 5000, "").replace(&EXPIRE.to_string(), "1000005000");
    let old = office.file("old.csv", &[old]);
    assert!(refusal(&store, &["import", old.to_str().unwrap()]).contains("newer lease"));
    server.kill();
    assert_eq!(addresses(&store, &[]), ["10.1.0.77", "10.1.0.79"]);
    let server = office.serve();
    renew(&peer, &office.halves, 79, Ipv4Addr::new(10, 1, 0, 79));
    server.stop();
}

#[test]
fn bad_rows_are_named_and_nothing_is_taken_unless_asked_for() {
    for running in [false, true] {
        let office = Office::new("bad");
        let store = office.store();
        let server = running.then(|| office.serve());
        let mut rows = good_rows();
        rows.insert(1, row("10.1.0.777", 1, 5000, ""));
        rows.push("10.1.0.80,zz,,5000,4100000000,1,0,0,,0,".to_owned());
        let file = office.file("bad.csv", &rows);
        let file = file.to_str().unwrap();
        let said = refusal(&store, &["import", file]);
        for expected in ["10.1.0.777", "line 3", "line 8", "2 of 7 rows", "--keep-going"] {
            assert!(said.contains(expected), "{expected} in {said}");
        }
        if running || store.join("dhcp4").exists() {
            assert_eq!(addresses(&store, &[]), [] as [&str; 0], "nothing was taken");
        }
        let output = leases_output(&store, &["import", "--keep-going", file]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "something was left out: {said}");
        assert!(said.contains("line 3") && said.contains("line 8") && said.contains("5 taken"), "{said}");
        is_imported(&store);
        if let Some(server) = server {
            server.stop();
        }
    }
}

#[test]
fn what_fosix_gave_is_exported_and_kea_takes_it_over() {
    let office = Office::new("export");
    let store = office.store();
    let server = office.serve();
    let [first, _, relayed] = office.leases();
    let export = |name: &str| {
        let file = office.directory.path().join(name);
        let output = leases_output(&store, &["export", "--kea", "2.2", file.to_str().unwrap()]);
        assert!(output.status.success(), "{output:?}");
        let mut lines: Vec<_> = fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let running = export("running.csv");
    let file = office.directory.path().join("running.csv");
    assert!(
        refusal(&store, &["export", file.to_str().unwrap()]).contains("running.csv"),
        "it is there already"
    );
    server.stop();
    assert_eq!(export("stopped.csv"), running);
    // The released one is there unless it was held for less than a second, which a file cannot say.
    let held = |lease: Lease| running.iter().any(|line| line.starts_with(&format!("{},", lease.address)));
    assert!(held(first) && held(relayed), "{running:?}");
    let kea = Kea::dhcp4_with_leases(&office.halves, &file);
    for lease in [first, relayed] {
        kea.process().wait_for(0, "that it has the lease", |line| {
            (line.contains("loading lease") && line.contains(&lease.address.to_string())).then_some(())
        });
    }
    let wrong =
        |line: &String| line.contains(" ERROR ") || line.contains("MEMFILE") && line.contains(" WARN ");
    assert!(!kea.process().lines().iter().any(wrong));
}
