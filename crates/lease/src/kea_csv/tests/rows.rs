//! What good rows mean, column by column, and which leases are refused.

use std::net::{Ipv4Addr, Ipv6Addr};

use fosix_wire::softwire::PortParams;

use super::*;
use crate::Key6;
use crate::kea_csv::{Unrepresentable, WriteError};
use crate::{ClientIdentity, DnsUpdated, HardwareAddress, Lease4, Lease6, LeaseKind6, LeaseState, Timestamp};

const ROW4: &str =
    "10.0.0.9,02:00:00:00:00:01,01:02:03,4000,1795462642,100,1,0,a&#x2cb,0,{ \"a\": 1&#x2c \"b\": 2 },7";
const ROW6: &str =
    "2001:db8::5,00:01:02:03,4000,1795462642,100,3000,0,77,128,0,1,h,02:00:00:00:00:01,0,{ },6,2,7";

#[test]
fn every_column_of_dhcpv4_has_its_place() {
    let lease: Lease4 = lease(HEADER4, ROW4);
    let last = Timestamp(1_795_462_642 - 4000);
    let expected = Lease4 {
        classes: Box::default(),
        address: Ipv4Addr::new(10, 0, 0, 9),
        port_set: None,
        client: ClientIdentity::Identifier([1, 2, 3][..].into()),
        hardware: HardwareAddress::new(1, &[2, 0, 0, 0, 0, 1]).unwrap(),
        softwire: None,
        source: Ipv6Addr::UNSPECIFIED,
        relay_path: Box::default(),
        subnet: 100,
        pool_id: 7,
        hostname: "a,b".into(),
        dns: DnsUpdated { forward: true, reverse: false },
        user_context: Some("{ \"a\": 1, \"b\": 2 }".into()),
        state: LeaseState::Assigned,
        valid_lifetime: 4000,
        last_transaction: last,
        since: last,
    };
    assert_eq!(lease, expected);
    let written = String::from_utf8(file(Generation::Kea30, std::slice::from_ref(&lease))).unwrap();
    assert_eq!(written, format!("{HEADER4}\n{ROW4}\n"));
    let written = String::from_utf8(file(Generation::Kea22, &[lease])).unwrap();
    let cut = |line: &str| line.rsplit_once(',').unwrap().0.to_owned();
    assert_eq!(written, format!("{}\n{}\n", cut(HEADER4), cut(ROW4)));
}

#[test]
fn every_column_of_dhcpv6_has_its_place() {
    let lease: Lease6 = lease(HEADER6, ROW6);
    let last = Timestamp(1_795_462_642 - 4000);
    let expected = Lease6 {
        classes: Box::default(),
        kind: LeaseKind6::Address,
        address: "2001:db8::5".parse().unwrap(),
        prefix_len: 128,
        duid: [0, 1, 2, 3].into(),
        iaid: 77,
        hardware: HardwareAddress::new(6, &[2, 0, 0, 0, 0, 1]),
        source: Ipv6Addr::UNSPECIFIED,
        relay_path: Box::default(),
        subnet: 100,
        pool_id: 7,
        hostname: "h".into(),
        dns: DnsUpdated { forward: false, reverse: true },
        user_context: Some("{ }".into()),
        state: LeaseState::Assigned,
        preferred_lifetime: 3000,
        valid_lifetime: 4000,
        last_transaction: last,
        since: last,
    };
    assert_eq!(lease, expected);
    // Where the hardware address came from is not kept.
    let row = with(HEADER6, ROW6, "hwaddr_source", "0");
    let written = String::from_utf8(file(Generation::Kea30, std::slice::from_ref(&lease))).unwrap();
    assert_eq!(written, format!("{HEADER6}\n{row}\n"));
    let written = String::from_utf8(file(Generation::Kea22, &[lease])).unwrap();
    let cut = |line: &str| line.rsplit_once(',').unwrap().0.to_owned();
    assert_eq!(written, format!("{}\n{}\n", cut(HEADER6), cut(&row)));
}

#[test]
fn states_are_numbers() {
    use LeaseState::{Assigned, Declined, Expired, Registered, Released};
    for (number, state) in [("0", Assigned), ("1", Declined), ("2", Expired), ("3", Released)] {
        assert_eq!(lease::<Lease4>(HEADER4, &with(HEADER4, ROW4, "state", number)).state, state);
        assert_eq!(lease::<Lease6>(HEADER6, &with(HEADER6, ROW6, "state", number)).state, state);
    }
    let registered: Lease6 = lease(HEADER6, &with(HEADER6, ROW6, "state", "4"));
    assert_eq!(registered.state, Registered);
    // Kea 2.2 has released leases as expired ones.
    let released: Lease4 = lease(HEADER4, &with(HEADER4, ROW4, "state", "3"));
    let Row::Lease(read) = rows::<Lease4>(file(Generation::Kea22, &[released])).remove(0) else { panic!() };
    assert_eq!(read.state, Expired);
}

#[test]
fn an_infinite_lease_stays_one() {
    let row = with(HEADER4, ROW4, "valid_lifetime", "4294967295");
    let infinite: Lease4 = lease(HEADER4, &with(HEADER4, &row, "expire", "6090425937"));
    assert_eq!(infinite.last_transaction, Timestamp(1_795_458_642));
    assert_eq!(infinite.expires(), None);
}

#[test]
fn a_validity_of_0_deletes_whatever_else_is_said() {
    let row4 = "10.0.0.9,,,0,junk,,,,,9,junk,";
    assert_eq!(row::<Lease4>(HEADER4, row4), Row::Delete(Ipv4Addr::new(10, 0, 0, 9)));
    let row6 = "2001:db8:1::,,0,,,,2,,56,,,,,,,,,";
    let key = Key6 { kind: LeaseKind6::Prefix, address: "2001:db8:1::".parse().unwrap(), prefix_len: 56 };
    assert_eq!(row::<Lease6>(HEADER6, row6), Row::Delete(key));
}

#[test]
fn a_declined_lease_is_nobodys() {
    let declined: Lease4 = lease(HEADER4, "10.0.0.9,,,4000,1795462642,100,0,0,,1,,0");
    assert_eq!(declined.client, ClientIdentity::Hardware(HardwareAddress::new(1, &[]).unwrap()));
    assert!(declined.hardware.octets().is_empty());
    for duid in ["00", "00:00:00", ""] {
        let row = with(HEADER6, &with(HEADER6, ROW6, "state", "1"), "duid", duid);
        assert!(lease::<Lease6>(HEADER6, &row).duid.is_empty());
    }
    // Who held it is not written.
    let declined: Lease4 = lease(HEADER4, &with(HEADER4, ROW4, "state", "1"));
    let written = String::from_utf8(file(Generation::Kea30, &[declined])).unwrap();
    assert!(written.contains("\n10.0.0.9,,,4000,"), "{written}");
    let declined: Lease6 = lease(HEADER6, &with(HEADER6, ROW6, "state", "1"));
    for (generation, nobody) in [(Generation::Kea22, "00"), (Generation::Kea30, "00:00:00")] {
        let written = String::from_utf8(file(generation, std::slice::from_ref(&declined))).unwrap();
        assert!(written.contains(&format!("\n2001:db8::5,{nobody},4000,")), "{written}");
    }
}

#[test]
fn a_hardware_address_of_no_type_is_of_ethernet() {
    let row = with(HEADER6, &with(HEADER6, ROW6, "hwtype", ""), "hwaddr_source", "");
    assert_eq!(lease::<Lease6>(HEADER6, &row).hardware.unwrap().hardware_type(), 1);
    assert_eq!(lease::<Lease6>(HEADER6, &with(HEADER6, &row, "hwaddr", "")).hardware, None);
}

#[test]
fn a_name_that_is_no_utf8_is_replaced_and_noted() {
    let file = [HEADER4, "\n", &with(HEADER4, ROW4, "hostname", "m&#xfcller"), "\n"].concat();
    let mut reader = Reader::<Lease4, _>::new(file.as_bytes()).unwrap();
    let Some(Ok(Row::Lease(lease))) = reader.next() else { panic!() };
    assert_eq!(&*lease.hostname, "m\u{fffd}ller");
    assert_eq!(reader.notes().names_replaced, 1);
    assert_eq!(reader.notes().to_string(), "octets of 1 host names were replaced, being no UTF-8");
}

/// Why `change` makes a lease one that cannot be in a file, and that it leaves the file as it was.
fn refusal<L: Record + Clone>(
    lease: &L,
    generation: Generation,
    change: impl FnOnce(&mut L),
) -> Unrepresentable {
    let mut changed = lease.clone();
    change(&mut changed);
    let mut writer = Writer::new(Vec::new(), generation).unwrap();
    let Err(WriteError::Unrepresentable(why)) = writer.write(&changed) else { panic!("it was written") };
    writer.write(lease).unwrap();
    assert_eq!(writer.into_inner(), file(generation, std::slice::from_ref(lease)));
    why
}

#[test]
fn a_dhcpv4_lease_that_would_be_something_else_is_refused() {
    use Generation::{Kea22, Kea30};
    let good: Lease4 = lease(HEADER4, ROW4);
    let id = |len| ClientIdentity::Identifier(vec![1; len].into());
    let ports = PortParams::new(6, 8, 0x34).unwrap();
    assert_eq!(refusal(&good, Kea30, |l| l.port_set = Some(ports)), Unrepresentable::PortSet);
    assert_eq!(refusal(&good, Kea30, |l| l.valid_lifetime = 0), Unrepresentable::NoLifetime);
    assert_eq!(refusal(&good, Kea30, |l| l.last_transaction.0 = u64::MAX), Unrepresentable::Expire);
    let state = LeaseState::Registered;
    assert_eq!(refusal(&good, Kea30, |l| l.state = state), Unrepresentable::State { state });
    let nobody = ClientIdentity::Hardware(HardwareAddress::new(1, &[0; 6]).unwrap());
    assert_eq!(refusal(&good, Kea30, |l| l.client = nobody), Unrepresentable::NoClient);
    for (generation, len, most) in [(Kea30, 1, 255), (Kea30, 256, 255), (Kea22, 129, 128)] {
        let expected = Unrepresentable::IdentifierLength { len, least: 2, most };
        assert_eq!(refusal(&good, generation, |l| l.client = id(len)), expected);
    }
    for context in ["", "[]", "null"] {
        let change = |l: &mut Lease4| l.user_context = Some(context.into());
        assert_eq!(refusal(&good, Kea22, change), Unrepresentable::UserContext);
    }
}

#[test]
fn a_dhcpv6_lease_that_would_be_something_else_is_refused() {
    use Generation::{Kea22, Kea30};
    let good: Lease6 = lease(HEADER6, ROW6);
    assert_eq!(refusal(&good, Kea30, |l| l.valid_lifetime = 0), Unrepresentable::NoLifetime);
    assert_eq!(refusal(&good, Kea30, |l| l.duid = Box::default()), Unrepresentable::NoClient);
    let state = LeaseState::Registered;
    assert_eq!(refusal(&good, Kea22, |l| l.state = state), Unrepresentable::State { state });
    for (generation, duid, least, most) in [
        (Kea30, vec![1; 2], 3, 130),
        (Kea30, vec![1; 131], 3, 130),
        (Kea30, vec![0; 3], 3, 130),
        (Kea22, vec![0], 1, 128),
        (Kea22, vec![1; 129], 1, 128),
    ] {
        let expected = Unrepresentable::Duid { len: duid.len(), least, most };
        assert_eq!(refusal(&good, generation, |l| l.duid = duid.into()), expected);
    }
    for (kind, prefix_len) in [
        (LeaseKind6::Address, 64),
        (LeaseKind6::Prefix, 64),
        (LeaseKind6::Prefix, 0),
        (LeaseKind6::Prefix, 129),
    ] {
        let why = refusal(&good, Kea30, |l| (l.kind, l.prefix_len) = (kind, prefix_len));
        assert_eq!(why, Unrepresentable::Prefix { prefix_len });
    }
}
