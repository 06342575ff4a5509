//! Rows that are not leases: each is told by line, column, value and reason.

use super::*;
use crate::kea_csv::{MAX_LINE, Reason};
use crate::{BadIdentity, Lease4, Lease6};

const ROW4: &str = "10.0.0.9,02:00:00:00:00:01,01:02:03,4000,1795462642,100,1,0,h,0,{ },7";
const ROW6: &str =
    "2001:db8::5,00:01:02:03,4000,1795462642,100,3000,0,77,128,0,1,h,02:00:00:00:00:01,0,{ },6,2,7";

const NUMBER: Reason = Reason::Number { least: 0, most: u32::MAX as u64 };

fn expect<L: Record>(header: &str, row: &str, cases: &[(&'static str, &str, Reason)]) {
    lease::<L>(header, row);
    for &(column, value, reason) in cases {
        let expected =
            BadRow { line: 2, column: Some(column), value: value.escape_default().to_string(), reason };
        assert_eq!(bad::<L>(header, with(header, row, column, value)), expected);
    }
}

#[test]
fn a_bad_value_in_any_column_of_dhcpv4_is_told() {
    let long = "0a:".repeat(16) + "0a";
    let longer = "0a".repeat(256);
    let cases = [
        ("address", "", Reason::Ipv4),
        ("address", "10.0.0.256", Reason::Ipv4),
        ("address", "10.0.0", Reason::Ipv4),
        ("address", "2001:db8::1", Reason::Ipv4),
        ("hwaddr", "02-00-00-00-00-01", Reason::Hexadecimal),
        ("hwaddr", "02:00:", Reason::Hexadecimal),
        ("hwaddr", &long, Reason::TooLong { most: 16 }),
        ("client_id", "xyz", Reason::Hexadecimal),
        ("client_id", "01", Reason::Identity(BadIdentity::IdentifierLength { len: 1 })),
        ("valid_lifetime", "", NUMBER),
        ("valid_lifetime", "-1", NUMBER),
        ("valid_lifetime", "4294967296", NUMBER),
        ("expire", "soon", Reason::Number { least: 0, most: u64::MAX }),
        ("expire", "3999", Reason::Expire),
        ("subnet_id", "a", NUMBER),
        ("fqdn_fwd", "2", Reason::Boolean),
        ("fqdn_rev", "true", Reason::Boolean),
        ("state", "4", Reason::State),
        ("state", "", Reason::State),
        ("user_context", "{ \"cut\": ", Reason::UserContext),
        ("user_context", "[ ]", Reason::UserContext),
        ("user_context", "{ &#xff }", Reason::UserContext),
        ("pool_id", "", NUMBER),
    ];
    expect::<Lease4>(HEADER4, ROW4, &cases);
    let bad_id = bad::<Lease4>(HEADER4, with(HEADER4, ROW4, "client_id", &longer));
    assert_eq!(bad_id.reason, Reason::TooLong { most: 255 });
    assert_eq!(bad_id.value.len(), 103, "a long value is cut");
    for hardware in ["", "00:00:00:00:00:00"] {
        let row = with(HEADER4, &with(HEADER4, ROW4, "client_id", ""), "hwaddr", hardware);
        let bad = bad::<Lease4>(HEADER4, row);
        assert_eq!((bad.column, bad.reason), (Some("hwaddr"), Reason::NoClient));
    }
}

#[test]
fn a_bad_value_in_any_column_of_dhcpv6_is_told() {
    let long = "0a:".repeat(16) + "0a";
    let cases = [
        ("address", "10.0.0.1", Reason::Ipv6),
        ("address", "2001:db8::1::", Reason::Ipv6),
        ("address", "", Reason::Ipv6),
        ("duid", "0g", Reason::Hexadecimal),
        ("duid", "", Reason::NoClient),
        ("duid", "00", Reason::NoClient),
        ("duid", "00:00:00", Reason::NoClient),
        ("valid_lifetime", "x", NUMBER),
        ("expire", "", Reason::Number { least: 0, most: u64::MAX }),
        ("expire", "0", Reason::Expire),
        ("subnet_id", "4294967296", NUMBER),
        ("pref_lifetime", "", NUMBER),
        ("lease_type", "1", Reason::Temporary),
        ("lease_type", "3", Reason::LeaseType),
        ("lease_type", "", Reason::LeaseType),
        ("iaid", "-7", NUMBER),
        ("prefix_len", "64", Reason::AddressLength),
        ("prefix_len", "256", Reason::Number { least: 1, most: 128 }),
        ("fqdn_fwd", "", Reason::Boolean),
        ("fqdn_rev", "01", Reason::Boolean),
        ("hwaddr", ":", Reason::Hexadecimal),
        ("hwaddr", &long, Reason::TooLong { most: 16 }),
        ("state", "5", Reason::State),
        ("user_context", "{", Reason::UserContext),
        ("hwtype", "256", Reason::Number { least: 0, most: 255 }),
        ("hwaddr_source", "raw", NUMBER),
        ("pool_id", "1 ", NUMBER),
    ];
    expect::<Lease6>(HEADER6, ROW6, &cases);
    let prefix = with(HEADER6, &with(HEADER6, ROW6, "lease_type", "2"), "address", "2001:db8:1:100::");
    let prefix = with(HEADER6, &prefix, "prefix_len", "56");
    let cases = [
        ("prefix_len", "55", Reason::PrefixBits),
        ("prefix_len", "0", Reason::Number { least: 1, most: 128 }),
        ("prefix_len", "129", Reason::Number { least: 1, most: 128 }),
        ("state", "4", Reason::State),
    ];
    expect::<Lease6>(HEADER6, &prefix, &cases);
}

#[test]
fn a_temporary_address_is_refused_with_the_reason() {
    let bad = bad::<Lease6>(HEADER6, with(HEADER6, ROW6, "lease_type", "1"));
    assert_eq!(
        bad.to_string(),
        "line 2, column lease_type: \"1\": a temporary address: RFC 9915 has none any more"
    );
}

#[test]
fn a_row_of_too_few_or_too_many_columns_is_told() {
    let columns: Vec<_> = ROW4.split(',').collect();
    for found in 1..columns.len() {
        let cut = columns[..found].join(",");
        let bad = bad::<Lease4>(HEADER4, &cut);
        let reason = Reason::ColumnCount { found, least: 12, most: 12 };
        assert_eq!((bad.line, bad.column, bad.value, bad.reason), (2, None, cut, reason));
    }
    assert_eq!(
        bad::<Lease4>(HEADER4, format!("{ROW4},")).reason,
        Reason::ColumnCount { found: 13, least: 12, most: 12 }
    );
}

#[test]
fn a_row_that_was_cut_anywhere_is_a_lease_or_told() {
    for end in 0..=ROW4.len() {
        let rows = rows::<Lease4>(format!("{HEADER4}\n{}", &ROW4[..end]));
        assert_eq!(rows.len(), usize::from(end > 0));
        let whole = end == ROW4.len();
        assert!(rows.iter().all(|row| matches!(row, Row::Lease(_)) == whole), "{}", &ROW4[..end]);
    }
    let mut reader = Reader::<Lease4, _>::new(HEADER4.as_bytes()).unwrap();
    assert!(reader.next().is_none());
    assert!(reader.notes().unterminated);
}

#[test]
fn a_line_that_is_too_long_is_told_and_the_next_ones_are_read() {
    let long = with(HEADER4, ROW4, "hostname", &"h".repeat(MAX_LINE));
    let rows = rows::<Lease4>(format!("{HEADER4}\n{long}\n{ROW4}\n"));
    let [Row::Bad(bad), Row::Lease(_)] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((bad.line, bad.column, bad.reason), (2, None, Reason::LineTooLong));
    assert!(bad.to_string().contains("longer than 262144 bytes"), "{bad}");
}

#[test]
fn lines_are_numbered_as_an_editor_does() {
    let rows = rows::<Lease4>(format!("{HEADER4}\r\n\r\n{ROW4}\r\n\n\nx\n"));
    let [Row::Lease(_), Row::Bad(bad)] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(bad.to_string(), "line 6: \"x\": 1 columns instead of 12");
}

#[test]
fn octets_that_are_no_text_are_shown_as_escapes() {
    let bad = bad::<Lease4>(HEADER4, b"\xff\x00\n,".strip_suffix(b"\n,").unwrap());
    assert_eq!(bad.value, "\\xff\\x00");
}
