//! What becomes of the parameters of the hooks that are built in.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use fosix_config::{
    HookSettings, LegalLogFormat, LegalLogSettings, LoadOptions, LogPeriod, RunScriptSettings, load_memory,
};

fn hooks(list: &str) -> Vec<HookSettings> {
    both(list, "[]").0
}

/// The hooks of the DHCPv4 half and those of the DHCPv6 half.
fn both(list4: &str, list6: &str) -> (Vec<HookSettings>, Vec<HookSettings>) {
    let text = format!(
        "{{ \"Dhcp4\": {{ \"hooks-libraries\": {list4} }}, \"Dhcp6\": {{ \"hooks-libraries\": {list6} }} }}"
    );
    let loaded = load_memory(&[("t.json", text.as_bytes())], &["t.json"], LoadOptions::default());
    let config = loaded.config.unwrap();
    (config.dhcp4.unwrap().hooks, config.dhcp6.unwrap().hooks)
}

#[test]
fn each_half_has_hooks_and_files_of_its_own() {
    let list =
        r#"[ { "library": "legal_log" }, { "library": "run_script", "parameters": { "name": "/x" } } ]"#;
    let (dhcp4, dhcp6) = both(list, list);
    let script = HookSettings::RunScript(RunScriptSettings::new("/x"));
    let log = |base_name: &str| {
        HookSettings::LegalLog(LegalLogSettings {
            base_name: base_name.to_owned(),
            ..LegalLogSettings::default()
        })
    };
    assert_eq!(dhcp4, [log("fosix-legal"), script.clone()]);
    assert_eq!(dhcp6, [log("fosix-legal6"), script]);
}

#[test]
fn hooks_are_known_by_name_and_by_kea_s_file() {
    let expected = vec![HookSettings::LegalLog(LegalLogSettings::default())];
    for library in ["legal_log", "libdhcp_legal_log.so", "/usr/lib/kea/hooks/libdhcp_legal_log.so"] {
        assert_eq!(hooks(&format!("[ {{ \"library\": \"{library}\" }} ]")), expected, "{library}");
    }
    assert_eq!(hooks("[]"), []);
}

#[test]
fn every_parameter_arrives_and_hooks_keep_their_order() {
    let list = r#"[
        { "library": "run_script", "parameters": {
            "name": "/opt/told.sh", "sync": false, "timeout": 3, "max-processes": 2, "queue-size": 9 } },
        { "library": "legal_log", "parameters": {
            "path": "/srv/log", "base-name": "who", "time-unit": "month", "count": 3, "max-size": 1000000,
            "keep": 5, "format": "text", "queue-size": 77 } }
    ]"#;
    let script = RunScriptSettings {
        program: "/opt/told.sh".into(),
        timeout_secs: 3,
        max_processes: 2,
        queue_size: 9,
    };
    let log = LegalLogSettings {
        directory: "/srv/log".into(),
        base_name: "who".to_owned(),
        period: LogPeriod::Month,
        count: 3,
        max_size: 1_000_000,
        keep: 5,
        format: LegalLogFormat::Text,
        queue_size: 77,
    };
    assert_eq!(hooks(list), [HookSettings::RunScript(script), HookSettings::LegalLog(log)]);
}
