//! Every column and every kind of bad value, by tables, and leases from and to rows.

mod bad;
mod header;
mod rows;
mod trips;

use super::{BadRow, Generation, Reader, Record, Row, Writer};

/// The header of Kea 2.4 and later, DHCPv4.
const HEADER4: &str = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id";

/// The header of Kea 2.4 and later, DHCPv6.
const HEADER6: &str = "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd,fqdn_rev,hostname,hwaddr,state,user_context,hwtype,hwaddr_source,pool_id";

/// The rows of a file.
fn rows<L: Record>(file: impl AsRef<[u8]>) -> Vec<Row<L, L::Key>> {
    Reader::<L, _>::new(file.as_ref()).unwrap().map(Result::unwrap).collect()
}

/// The only row under a header.
fn row<L: Record>(header: &str, row: impl AsRef<[u8]>) -> Row<L, L::Key> {
    let mut all = rows::<L>([header.as_bytes(), b"\n", row.as_ref(), b"\n"].concat());
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// The lease that a row is.
fn lease<L: Record>(header: &str, text: &str) -> L {
    match row::<L>(header, text) {
        Row::Lease(lease) => lease,
        Row::Delete(_) => panic!("{text} deletes"),
        Row::Bad(bad) => panic!("{bad}"),
    }
}

/// What is wrong with a row.
fn bad<L: Record>(header: &str, text: impl AsRef<[u8]>) -> BadRow {
    match row::<L>(header, &text) {
        Row::Bad(bad) => bad,
        _ => panic!("{} is good", text.as_ref().escape_ascii()),
    }
}

/// The row with another value in the column of that name.
fn with(header: &str, row: &str, name: &str, value: &str) -> String {
    let mut values: Vec<_> = row.split(',').collect();
    let place = header.split(',').position(|column| column == name).unwrap();
    values[place] = value;
    values.join(",")
}

/// A file with the leases.
fn file<L: Record>(generation: Generation, leases: &[L]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), generation).unwrap();
    for lease in leases {
        writer.write(lease).unwrap();
    }
    writer.into_inner()
}

/// Files as Kea 3.0 leaves them.
const GOOD4: &[u8] = include_bytes!("../../tests/data/kea-3.0-leases4.csv");
const GOOD6: &[u8] = include_bytes!("../../tests/data/kea-3.0-leases6.csv");
