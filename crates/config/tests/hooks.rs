//! What becomes of the parameters of the hooks that are built in.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use fosix_config::{
    HookSettings, LegalLogFormat, LegalLogSettings, LoadOptions, LogPeriod, RunScriptSettings, load_memory,
};

fn hooks(list: &str) -> Vec<HookSettings> {
    let text = format!("{{ \"Dhcp4\": {{ \"hooks-libraries\": {list} }} }}");
    let loaded = load_memory(&[("t.json", text.as_bytes())], &["t.json"], LoadOptions::default());
    loaded.config.unwrap().dhcp4.unwrap().hooks
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
