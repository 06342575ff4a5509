//! Headers of every generation, and of other files.

use super::*;
use crate::kea_csv::{HeaderError, Reader4, Reader6, Reason};
use crate::{Lease4, Lease6, LeaseState};

const ROW4: &str = "10.0.0.9,02:00:00:00:00:01,,4000,1795462642,100,0,0,h,3,{ },7";
const ROW6: &str =
    "2001:db8::5,00:01:02:03,4000,1795462642,100,3000,0,77,128,0,1,h,02:00:00:00:00:01,3,{ },6,2,7";

/// The first columns.
fn first(line: &str, count: usize) -> String {
    line.split(',').take(count).collect::<Vec<_>>().join(",")
}

#[test]
fn missing_columns_have_defaults_and_rows_may_have_them() {
    for columns in 9..=12 {
        let header = first(HEADER4, columns);
        for found in columns..=12 {
            let lease: Lease4 = lease(&header, &first(ROW4, found));
            assert_eq!(lease.state, if found >= 10 { LeaseState::Released } else { LeaseState::Assigned });
            assert_eq!(lease.user_context.is_some(), found >= 11);
            assert_eq!(lease.pool_id, if found >= 12 { 7 } else { 0 });
        }
        let short = bad::<Lease4>(&header, first(ROW4, columns - 1));
        assert_eq!(short.reason, Reason::ColumnCount { found: columns - 1, least: columns, most: 12 });
    }
    for columns in 12..=18 {
        let lease: Lease6 = lease(&first(HEADER6, columns), &first(ROW6, columns));
        assert_eq!(lease.hardware.is_some(), columns >= 13);
        assert_eq!(
            lease.hardware.map(|hardware| hardware.hardware_type()),
            match columns {
                12 => None,
                13..=15 => Some(1),
                _ => Some(6),
            }
        );
        assert_eq!(lease.state, if columns >= 14 { LeaseState::Released } else { LeaseState::Assigned });
    }
}

#[test]
fn unknown_columns_at_the_end_are_left_out_and_noted_once() {
    let file = format!("{HEADER4},colour,shape\n{ROW4},blue,round\n{ROW4},red\n{ROW4}\n{ROW4},a,b,c\n");
    let mut reader = Reader4::new(file.as_bytes()).unwrap();
    let good: Vec<_> = reader.by_ref().map(|row| matches!(row, Ok(Row::Lease(_)))).collect();
    assert_eq!(good, [true, true, true, false]);
    assert_eq!(reader.notes().unknown_columns, ["colour", "shape"]);
    assert_eq!(reader.notes().to_string(), "columns that are not known were left out: colour, shape");
}

#[test]
fn a_header_of_something_else_says_what_was_expected() {
    let message = |file: &str| Reader4::new(file.as_bytes()).unwrap_err().to_string();
    assert_eq!(message(""), format!("the file is empty; expected is the header of DHCPv4 leases, {HEADER4}"));
    assert_eq!(
        message(HEADER6),
        format!(
            "not a file of DHCPv4 leases: column 2 of the header is \"duid\" and not \"hwaddr\"; expected is {HEADER4}"
        )
    );
    assert_eq!(
        message(&first(HEADER4, 8)),
        format!("not a file of DHCPv4 leases: the header has 8 columns, at least 9 are expected: {HEADER4}")
    );
    assert!(message(ROW4).contains("column 1 of the header is \"10.0.0.9\" and not \"address\""));
    assert!(message("\u{0}\u{1}").contains("DHCPv4"));
    let swapped = HEADER4.replace("fqdn_fwd,fqdn_rev", "fqdn_rev,fqdn_fwd");
    assert!(matches!(
        Reader4::new(swapped.as_bytes()),
        Err(HeaderError::Foreign { position: 7, expected_name: "fqdn_fwd", .. })
    ));
    assert!(matches!(
        Reader6::new(HEADER4.as_bytes()),
        Err(HeaderError::Foreign { family: "DHCPv6", position: 2, .. })
    ));
    assert!(matches!(Reader6::new(&b"\n\n"[..]), Err(HeaderError::Empty { .. })));
}

#[test]
fn an_error_of_the_input_ends_the_rows() {
    struct Failing;
    impl std::io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    use std::io::{BufReader, Read as _};
    let text = format!("{HEADER4}\n{ROW4}\n10.0.0");
    let mut reader = Reader4::new(BufReader::new(text.as_bytes().chain(Failing))).unwrap();
    assert!(matches!(reader.next(), Some(Ok(Row::Lease(_)))));
    assert!(matches!(reader.next(), Some(Err(_))));
    assert!(reader.next().is_none());
    assert!(matches!(Reader4::new(BufReader::new(Failing)), Err(HeaderError::Io(_))));
}
