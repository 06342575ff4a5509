//! The dialect: what is accepted, and where what is not accepted is marked.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use fosix_config::{LoadOptions, Loaded, Severity, load_memory, load_text};

/// `severity line:column message` of each finding of the syntax.
fn findings(loaded: &Loaded) -> Vec<String> {
    let diagnostics = &loaded.diagnostics;
    diagnostics
        .iter()
        .map(|finding| {
            let at = diagnostics.location(finding).map(|at| format!("{}:{}", at.line, at.column));
            format!("{} {} {}", finding.severity, at.unwrap_or_default(), finding.message)
        })
        .collect()
}

fn errors_of(text: &str) -> Vec<String> {
    let all = findings(&load_text("t.json", text));
    all.into_iter().filter(|finding| !finding.starts_with("notice")).collect()
}

#[test]
fn keas_dialect_is_accepted() {
    for text in [
        "{ \"Dhcp4\": {} }",
        "# one\n// two\n/* three\n */ { \"Dhcp4\": /* four */ { # five\n } } // six",
        "\u{feff}{ \"Dhcp4\": {} }",
        "{ \"Dhcp4\": { \"t1-percent\": .25, \"comment\": \"\\u0041\\\\\" } }",
        "{\r\n\"Dhcp4\": {}\r\n}\r\n",
    ] {
        assert_eq!(errors_of(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn each_error_is_marked_where_it_is() {
    for (text, expected) in [
        ("", &["error 1:1 the file is empty"][..]),
        (" # only a comment", &["error 1:18 the file is empty"]),
        ("{ \"Dhcp4\": {}, }", &["warning 1:14 a comma with nothing behind it"]),
        ("{ \"Dhcp4\": { \"subnet4\": [ , ] } }", &["error 1:27 a comma with nothing before it"]),
        ("{ \"Dhcp4\": { \"renew-timer\": 007 } }", &["warning 1:29 007 has leading zeros"]),
        ("{ \"Dhcp4\": {} } x", &["error 1:17 `x` behind the end of the configuration"]),
        ("{ \"Dhcp4\": {} }}", &["error 1:16 `}` behind the end of the configuration"]),
        ("{ \"Dhcp4\": {}", &["error 1:14 expected `}`, found the end of the file"]),
        (
            "{ \"Dhcp4\": { \"a }\n}\n",
            &["error 1:14 this text has no end", "error 3:1 expected `}`, found the end of the file"],
        ),
        ("{ Dhcp4: {} }", &["error 1:3 the key Dhcp4 does not stand between quotes"]),
        ("{ \"Dhcp4\" {} }", &["error 1:11 expected `:` and a value behind \"Dhcp4\", found `{`"]),
        ("{ \"Dhcp4\": True }", &["error 1:12 expected a value, found `True`"]),
        ("{ \"Dhcp4\": {} \"Dhcp6\": {} }", &["error 1:15 expected `,` or `}`, found a text"]),
        ("{ \"Dhcp4\": { \"renew-timer\": 10.0.0.1 } }", &["error 1:29 10.0.0.1 is not a number"]),
        (
            "{ \"Dhcp4\": { \"renew-timer\": 99999999999999999999 } }",
            &["error 1:29 99999999999999999999 is beyond what a number can be"],
        ),
        ("{ \"Dhcp4\": { \"comment\": \"a\\x\" } }", &["error 1:27 no escape: \\x"]),
        (
            "{ \"Dhcp4\": { \"comment\": \"\\u0100\" } }",
            &["error 1:26 \\u0100 is above \\u00ff, and would be more than one byte"],
        ),
        (
            "{ \"Dhcp4\": {} /* }",
            &["error 1:15 this comment has no end", "error 1:19 expected `}`, found the end of the file"],
        ),
        (
            "{ \"Dhcp4\": { \"comment\": \"\", \"comment\": \"\" } }",
            &["error 1:29 \"comment\" is given twice in one map"],
        ),
        (
            "<?include \"a.json\"?>",
            &["error 1:1 cannot read a.json: there is no such file", "error 1:21 the file is empty"],
        ),
        ("{ <?include \"a.json\" }", &["error 1:3 this directive has no end (?>) on its line", "error 1:23"]),
    ] {
        let found = errors_of(text);
        assert_eq!(found.len(), expected.len(), "{text}\n{found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{text}\n{found}\n{expected}");
        }
    }
}

#[test]
fn after_an_error_the_next_ones_are_found_too() {
    let text = "{ \"Dhcp4\": {\n  \"renew-timer\": 1x,\n  \"rebind-timer\" 20\n  \"subnet4\": [ { \"id\": ] } ],\n  \"comment\": yes\n} }";
    let found = errors_of(text);
    let places: Vec<&str> = found.iter().map(|finding| finding.split(' ').nth(1).unwrap()).collect();
    assert_eq!(places[..4], ["2:18", "3:18", "4:3", "4:24"], "{found:#?}");
    assert!(places.contains(&"5:14"), "{found:#?}");
}

#[test]
fn nesting_is_bounded() {
    let text = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let found = errors_of(&text);
    assert!(
        found.iter().any(|finding| finding == "error 1:65 lists and maps are nested more than 64 deep"),
        "{found:?}"
    );
    assert!(found.len() < 5, "{found:?}");
    let found = errors_of(&"{\"a\":".repeat(100_000));
    assert!(found[0].contains("nested more than 64 deep") || found.len() < 80, "{found:?}");
}

fn load_files(files: &[(&str, &str)]) -> Loaded {
    let bytes: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    let (first, _) = files.first().unwrap();
    load_memory(&bytes, &[first], LoadOptions::default())
}

#[test]
fn an_include_stands_between_any_tokens() {
    let loaded = load_files(&[
        (
            "etc/a.json",
            "{ \"Dhcp4\": <?include \"parts/b.json\"?> \"renew-timer\": <?include \"etc/c.json\"?> } }",
        ),
        ("etc/parts/b.json", "{ \"comment\": \"x\", <?include \"d.json\"?>"),
        ("etc/parts/d.json", "\"echo-client-id\": true,"),
        ("etc/c.json", "1000"),
    ]);
    let errors: Vec<_> =
        findings(&loaded).into_iter().filter(|finding| !finding.starts_with("notice")).collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn an_error_in_an_included_file_names_both_files() {
    let loaded =
        load_files(&[("a.json", "{ \"Dhcp4\": <?include \"b.json\"?> }"), ("b.json", "{\n  \"comment\" }")]);
    let text = loaded.diagnostics.render(false);
    assert!(text.contains("b.json:2:13"), "{text}");
    assert!(text.contains("this file is included from a.json:1:12"), "{text}");
}

#[test]
fn includes_have_bounds() {
    let loaded = load_files(&[("a", "<?include \"b\"?>"), ("b", "[ <?include \"a\"?> ]")]);
    assert!(findings(&loaded).contains(&"error 1:3 a includes itself".to_owned()), "{:?}", findings(&loaded));

    let names: Vec<String> = (0..13).map(|level| format!("f{level}")).collect();
    let texts: Vec<String> = (1..14).map(|level| format!("<?include \"f{level}\"?>")).collect();
    let files: Vec<(&str, &str)> =
        names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    let found = findings(&load_files(&files));
    assert!(found.contains(&"error 1:1 includes are nested more than 10 deep".to_owned()), "{found:?}");

    // Each level includes the next one ten times: 10^9 inclusions, if nothing stopped them.
    let text = |level| if level < 10 { format!("<?include \"f{level}\"?>").repeat(10) } else { " ".into() };
    let texts: Vec<String> = (1..11).map(text).collect();
    let mut files: Vec<(&str, &str)> =
        names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    files.truncate(10);
    let loaded = load_files(&files);
    assert!(findings(&loaded).iter().any(|finding| finding.contains("more than 10000 files are included")));
    assert!(loaded.diagnostics.count(Severity::Error) > 0);
}

#[test]
fn the_place_is_shown_with_a_mark() {
    let text = "{ \"Dhcp4\": {\n    \"comment\": 1,\n    \"comment\": 2\n} }";
    let rendered = load_text("kea.conf", text).diagnostics.render(false);
    let expected = "\
error: \"comment\" is given twice in one map
 --> kea.conf:3:5
  |
2 |     \"comment\": 1,
  |     --------- the first one
3 |     \"comment\": 2
  |     ^^^^^^^^^ the second one
  |
  = help: remove one of them
";
    assert!(rendered.contains(expected), "{rendered}");
}

#[test]
fn a_mark_covers_whole_characters() {
    let text = format!("{{ \"Dhcp4\": {{ \"comment\": {} }} }}", "ü".repeat(100));
    let rendered = load_text("t", &text).diagnostics.render(false);
    assert!(rendered.contains("t:1:25") && rendered.contains('^'), "{rendered}");
    let rendered = load_text("t", &format!("{} {{}}", "ü".repeat(100))).diagnostics.render(true);
    assert!(rendered.contains("t:1:1"), "{rendered}");
}

#[test]
fn a_file_that_is_one_long_line_is_shown_around_the_mark() {
    let text =
        format!("{{ \"Dhcp4\": {{ \"comment\": \"{}\", \"renew-timer\": 1x }} }}", "ü".repeat(100_000));
    let rendered = load_text("long.json", &text).diagnostics.render(false);
    assert!(rendered.contains("long.json:1:100044"), "{rendered}");
    assert!(rendered.contains("^^"), "{rendered}");
    assert!(rendered.len() < 2000, "{rendered}");
}

#[test]
fn a_file_that_is_not_utf8_is_an_error_at_its_first_such_byte() {
    let loaded = load_memory(&[("a", b"{ \"x\xff\": 1 }")], &["a"], LoadOptions::default());
    assert_eq!(findings(&loaded), ["error 1:5 the file is not UTF-8 text"]);
    let loaded = load_memory(&[], &["missing"], LoadOptions::default());
    assert_eq!(findings(&loaded), ["error  cannot read missing: there is no such file"]);
}
