//! What handing a query over costs, and answering an Information-request.

use std::hint::black_box;
use std::net::SocketAddrV6;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use fosix_config::{Dhcp6, DuidSpec, LeaseChecks, Lifetime, OptionValue, ServerIdSpec, Timers};
use fosix_dhcp6::{Datagram, Effects6, Origin, Outcome6, Server6, Settings6};
use fosix_lease::{Leases6, Timestamp};
use fosix_wire::v6::{MessageType, OptionCode, Writer};

fn server() -> Server6 {
    let timers = Timers {
        valid_lifetime: Lifetime::fixed(4000),
        renew: None,
        rebind: None,
        calculate_tee_times: true,
        t1_percent: 0.5,
        t2_percent: 0.8,
        cache: fosix_config::Cache::default(),
    };
    let config = Dhcp6 {
        interfaces: Vec::new(),
        options: vec![OptionValue { code: 88, data: vec![0x20; 16], ..OptionValue::default() }],
        subnets: Vec::new(),
        server_id: ServerIdSpec {
            duid: DuidSpec::LinkLayer { hardware_type: None, identifier: None },
            persist: false,
        },
        timers,
        preferred_lifetime: Lifetime::fixed(3000),
        decline_probation_period: 86_400,
        lease_checks: LeaseChecks::Warn,
        expired_leases: fosix_config::ExpiredLeases::default(),
        persist: true,
        dhcp4o6_port: 0,
        hooks: Vec::new(),
        mac_sources: fosix_config::MacSource::ANY.to_vec(),
        relay_supplied_options: vec![65],
        allow_address_registration: true,
        fqdn: fosix_config::FqdnPolicy::default(),
        rules: fosix_config::ClientRules::default(),
    };
    let settings = Settings6 {
        server_id: vec![0, 3, 0, 1, 2, 0, 0, 0, 0, 9],
        max_relay_levels: 9,
        server_port: 547,
        client_port: 546,
        reply_to_source_port: false,
        has_dhcpv4_half: true,
        offer_lifetime: 60,
    };
    Server6::new(&config, settings)
}

fn message(message_type: MessageType, options: &[(OptionCode, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut w = Writer::new(&mut bytes);
    w.message(message_type, [1, 2, 3]);
    for (code, data) in options {
        w.option(*code, data);
    }
    assert_eq!(w.finish(), Ok(()));
    bytes
}

fn handle(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dhcp6");
    let server = server();
    let origin = Origin {
        source: SocketAddrV6::new([0xfe80, 0, 0, 0, 0, 0, 0, 1].into(), 546, 0, 0),
        destination: [0xff02, 0, 0, 0, 0, 0, 1, 2].into(),
        interface_index: 7,
        link_local: None,
    };
    let messages = [
        ("hand over", message(MessageType::DHCPV4_QUERY, &[(OptionCode::DHCPV4_MSG, &[1; 300])])),
        ("inform", message(MessageType::INFORMATION_REQUEST, &[(OptionCode::ORO, &[0, 88])])),
    ];
    for (name, bytes) in messages {
        let mut effects = Effects6::default();
        let mut leases = Leases6::new(&[], 1);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                effects.bytes.clear();
                effects.answers.clear();
                let datagram = Datagram { bytes: black_box(&bytes), origin, interface: "vs" };
                let outcome = server.handle(Timestamp(1), &mut leases, &datagram, &mut effects);
                assert!(!matches!(outcome, Outcome6::Dropped(_)));
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(4));
    targets = handle
}
criterion_main!(benches);
