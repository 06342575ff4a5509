//! Where leases are kept, as the files say it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::Path;

use fosix_config::{Config, Durability, ExpiredLeases, JournalSettings, StoreSettings, load_text};

fn config(text: &str) -> Config {
    let loaded = load_text("fosix.json", text);
    loaded.config.unwrap_or_else(|| panic!("{}", loaded.diagnostics.render(false)))
}

#[test]
fn leases_are_on_disk_and_durable_unless_asked_otherwise() {
    for text in ["{ \"Dhcp4\": {} }", "{ \"Dhcp4\": { \"lease-database\": { \"type\": \"memfile\" } } }"] {
        let StoreSettings::Journal(journal) = config(text).store4() else { panic!("{text}") };
        assert_eq!(journal.directory, Path::new("/var/lib/fosix"));
        assert_eq!(journal.durability, Durability::Sync);
        assert_eq!(journal.disk_budget, None);
    }
}

#[test]
fn memfile_without_persistence_is_memory_unless_a_store_is_given() {
    let half = "{ \"lease-database\": { \"type\": \"memfile\", \"persist\": false } }";
    let memory = config(&format!("{{ \"Dhcp4\": {half}, \"Dhcp6\": {{}} }}"));
    assert_eq!(memory.store4(), StoreSettings::Memory);
    assert_ne!(memory.store6(), StoreSettings::Memory, "each half for itself");
    let given = config(&format!(
        "{{ \"Dhcp4\": {half}, \"Fosix\": {{ \"store\": {{ \"directory\": \"/srv/leases\", \"durability\": \"async\", \
         \"disk-budget\": 300, \"reclaim-hold\": 9 }} }} }}"
    ));
    let want = JournalSettings {
        directory: "/srv/leases".into(),
        durability: Durability::Async,
        disk_budget: Some(300 << 20),
        reclaim_hold: 9,
    };
    assert_eq!(given.store4(), StoreSettings::Journal(want));
}

#[test]
fn expired_leases_are_processed_as_in_kea_s_file() {
    let text = "{ \"Dhcp4\": { \"expired-leases-processing\": { \"reclaim-timer-wait-time\": 10,
        \"max-reclaim-leases\": 100, \"max-reclaim-time\": 250, \"unwarned-reclaim-cycles\": 4,
        \"flush-reclaimed-timer-wait-time\": 26, \"hold-reclaimed-time\": 3601 } } }";
    let want = ExpiredLeases {
        reclaim_wait: 10,
        max_reclaim_leases: 100,
        max_reclaim_time: 250,
        unwarned_cycles: 4,
        flush_wait: 26,
        hold: 3601,
    };
    assert_eq!(config(text).dhcp4.unwrap().expired_leases, want);
}
