//! Reads lease files of Kea's and says what is in them and how long it took: `cargo run --release --example kea_read
//! FILE...`, or without a file ten million leases of each family that it makes itself.

#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::time::Instant;

use fosix_lease::kea_csv::{HeaderError, Reader, Record, Row};
use fosix_lease::{Lease4, Lease6};

fn main() -> Result<(), HeaderError> {
    let files: Vec<_> = std::env::args().skip(1).collect();
    for file in &files {
        let input = || File::open(file).map(BufReader::new);
        match measure::<Lease4>(input()?) {
            Err(HeaderError::Foreign { .. }) => measure::<Lease6>(input()?)?,
            other => other?,
        }
    }
    if files.is_empty() {
        measure::<Lease4>(BufReader::with_capacity(65536, Made::new(HEADER4, row4)))?;
        measure::<Lease6>(BufReader::with_capacity(65536, Made::new(HEADER6, row6)))?;
    }
    Ok(())
}

fn measure<L: Record>(input: impl BufRead) -> Result<(), HeaderError> {
    let begin = Instant::now();
    let (mut leases, mut deletions, mut bad) = (0_u32, 0_u32, 0_u32);
    let mut reader = Reader::<L, _>::new(input)?;
    for row in reader.by_ref() {
        match row? {
            Row::Lease(_) => leases += 1,
            Row::Delete(_) => deletions += 1,
            Row::Bad(row) => {
                println!("{row}");
                bad += 1;
            }
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    let rate = f64::from(leases + deletions + bad) / seconds / 1e6;
    println!(
        "{leases} leases, {deletions} deletions, {bad} bad rows: {seconds:.2} s, {rate:.2} million a second"
    );
    println!("{}", reader.notes());
    Ok(())
}

const HEADER4: &str = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id\n";
const HEADER6: &str = "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd,fqdn_rev,hostname,hwaddr,state,user_context,hwtype,hwaddr_source,pool_id\n";

fn row4(number: u32, out: &mut String) {
    let [a, b, c, d] = (0x0a00_0000 + number).to_be_bytes();
    let _ = writeln!(
        out,
        "{a}.{b}.{c}.{d},02:00:{a:02x}:{b:02x}:{c:02x}:{d:02x},01:02:00:{a:02x}:{b:02x}:{c:02x}:{d:02x},4000,1795462642,100,1,1,cpe-{number}.example.net,0,,0"
    );
}

fn row6(number: u32, out: &mut String) {
    let [a, b, c, d] = number.to_be_bytes();
    let _ = writeln!(
        out,
        "2001:db8:{a:x}{b:02x}:{c:x}{d:02x}::,00:03:00:01:02:00:{a:02x}:{b:02x}:{c:02x}:{d:02x},4000,1795462642,100,3000,2,1,64,0,0,,02:00:{a:02x}:{b:02x}:{c:02x}:{d:02x},0,,1,2,0"
    );
}

/// A file of ten million rows that exists only while it is read.
struct Made {
    row: fn(u32, &mut String),
    next: u32,
    text: String,
    read: usize,
}

impl Made {
    fn new(header: &str, row: fn(u32, &mut String)) -> Self {
        Self { row, next: 0, text: header.to_owned(), read: 0 }
    }
}

impl Read for Made {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.read == self.text.len() {
            self.text.clear();
            self.read = 0;
            let end = (self.next + 500).min(10_000_000);
            (self.next..end).for_each(|n| (self.row)(n, &mut self.text));
            self.next = end;
        }
        let count = self.text.as_bytes().get(self.read..).unwrap_or_default().read(out)?;
        self.read += count;
        Ok(count)
    }
}
