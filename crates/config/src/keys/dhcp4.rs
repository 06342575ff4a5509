//! The maps of the DHCPv4 half.

use super::Spec;
use super::common::{
    DDNS, GLOBAL, GUARDS, NO_NAMES, OPTION_DATA, RELAY, SUBNET_RESERVATIONS, TIMERS, TUNING,
};
use super::dhcp6::{ALLOCATOR, ALLOCATORS};
use super::services;
use super::shape::{Key, Shape, ignored, noted, partly, supported};

const NO_NATIVE: &str = "DHCPv4 is served over DHCPv6 only; outside it, not yet";

/// Keys that a subnet inherits from its shared network and from the global level.
static INHERITED: &[Key] = &[
    noted("allocator", ALLOCATORS, ALLOCATOR),
    supported("authoritative", Shape::Boolean),
    supported("boot-file-name", Shape::Text),
    supported("match-client-id", Shape::Boolean),
    supported("next-server", Shape::Text),
    noted("offer-lifetime", Shape::U32, "`Fosix.offers.lifetime` where it is 0 or not given"),
    supported("server-hostname", Shape::Text),
];

/// Keys that shared networks and subnets have.
static NETWORK: &[Key] = &[
    ignored("interface", Shape::Text, NO_NATIVE),
    supported("option-data", Shape::List(&OPTION_DATA)),
    ignored("relay", Shape::Map(&RELAY), NO_NATIVE),
];

pub(super) static DHCP4: Spec = Spec::new(
    "Dhcp4",
    &[
        &[
            noted(
                "dhcp4o6-port",
                Shape::Integer(0, 65534),
                "the link to the other half where that is another process and `Fosix.link` is not given",
            ),
            supported("echo-client-id", Shape::Boolean),
            partly("interfaces-config", Shape::Map(&INTERFACES), NO_NATIVE),
            noted("shared-networks", Shape::List(&SHARED_NETWORK), SHARED),
            ignored("stash-agent-options", Shape::Boolean, NO_NATIVE),
            noted("subnet4", Shape::List(&SUBNET), "overlapping prefixes are an error, not only equal ones"),
        ],
        INHERITED,
        TIMERS,
        TUNING,
        DDNS,
        NO_NAMES,
        GLOBAL,
        services::GLOBAL,
    ],
);

pub(super) const SHARED: &str =
    "its subnets inherit its parameters and options; where one has nothing left, the next one gives";

pub(super) static SHARED_NETWORK: Spec = Spec::new(
    "shared-networks (Dhcp4)",
    &[
        &[supported("name", Shape::Text), supported("subnet4", Shape::List(&SUBNET))],
        NETWORK,
        INHERITED,
        TIMERS,
        TUNING,
        DDNS,
        NO_NAMES,
        GUARDS,
    ],
);

const MOST_SPECIFIC: &str =
    "the most specific of the three decides; Kea takes the first subnet that any of them fits";

pub(super) static SUBNET: Spec = Spec::new(
    "subnet4",
    &[
        &[
            noted("4o6-interface", Shape::Text, MOST_SPECIFIC),
            noted("4o6-interface-id", Shape::Bytes, MOST_SPECIFIC),
            noted("4o6-subnet", Shape::Text, MOST_SPECIFIC),
            noted(
                "id",
                Shape::U32,
                "optional, as in Kea 2.2; derived from the prefix then, not from the place in the file",
            ),
            supported("pools", Shape::List(&POOL)),
            supported("subnet", Shape::Text),
        ],
        NETWORK,
        INHERITED,
        TIMERS,
        TUNING,
        DDNS,
        NO_NAMES,
        GUARDS,
        SUBNET_RESERVATIONS,
    ],
);

pub(super) const POOL_IDS: &str = "there are no statistics by pool yet";

pub(super) static POOL: Spec = Spec::new(
    "pools (subnet4)",
    &[
        &[
            supported("option-data", Shape::List(&OPTION_DATA)),
            supported("pool", Shape::Text),
            ignored("pool-id", Shape::U32, POOL_IDS),
        ],
        DDNS,
        NO_NAMES,
        GUARDS,
    ],
);

pub(super) static INTERFACES: Spec = Spec::new(
    "interfaces-config (Dhcp4)",
    &[&[
        partly("dhcp-socket-type", Shape::Text, NO_NATIVE),
        partly("interfaces", Shape::TextList, NO_NATIVE),
        partly("outbound-interface", Shape::Text, NO_NATIVE),
        partly("re-detect", Shape::Boolean, NO_NATIVE),
        partly("service-sockets-max-retries", Shape::U32, NO_NATIVE),
        partly("service-sockets-require-all", Shape::Boolean, NO_NATIVE),
        partly("service-sockets-retry-wait-time", Shape::U32, NO_NATIVE),
    ]],
);
