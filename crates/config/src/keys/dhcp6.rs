//! The maps of the DHCPv6 half.

use super::Spec;
use super::common::{DDNS, GLOBAL, GUARDS, OPTION_DATA, RELAY, SUBNET_RESERVATIONS, TIMERS, TUNING};
use super::dhcp4::{POOL_IDS, SHARED};
use super::services;
use super::shape::{Key, Shape, ignored, noted, partly, supported};

pub(super) const ALLOCATOR: &str = "`flq` is as `iterative`, which needs no search to find what is free; not in Kea: `identity` chooses by who the client is";
const NAMES: &str = "for the names that clients are answered (RFC 4704); no DNS updates are made";
const CHARACTERS: &str = "names keep the characters that clients send";
pub(super) const ALLOCATORS: Shape = Shape::OneOf(&["iterative", "random", "flq", "sflq", "identity"]);

/// Keys that a subnet inherits from its shared network and from the global level.
static INHERITED: &[Key] = &[
    noted("allocator", ALLOCATORS, ALLOCATOR),
    noted("ddns-generated-prefix", Shape::Text, NAMES),
    noted("ddns-qualifying-suffix", Shape::Text, NAMES),
    noted("ddns-replace-client-name", Shape::Any, NAMES),
    ignored("hostname-char-replacement", Shape::Text, CHARACTERS),
    ignored("hostname-char-set", Shape::Text, CHARACTERS),
    supported("max-preferred-lifetime", Shape::U32),
    supported("min-preferred-lifetime", Shape::U32),
    noted("pd-allocator", ALLOCATORS, ALLOCATOR),
    supported("preferred-lifetime", Shape::U32),
];

/// Keys that shared networks and subnets have.
static NETWORK: &[Key] = &[
    supported("interface", Shape::Text),
    supported("interface-id", Shape::Bytes),
    supported("option-data", Shape::List(&OPTION_DATA)),
    supported("rapid-commit", Shape::Boolean),
    supported("relay", Shape::Map(&RELAY)),
];

pub(super) static DHCP6: Spec = Spec::new(
    "Dhcp6",
    &[
        &[
            supported("allow-address-registration", Shape::Boolean),
            noted(
                "dhcp4o6-port",
                Shape::Integer(0, 65534),
                "the link to the other half where that is another process and `Fosix.link` is not given",
            ),
            supported("interfaces-config", Shape::Map(&INTERFACES)),
            partly(
                "mac-sources",
                Shape::TextList,
                "`client-link-addr-option`, `duid` and `ipv6-link-local`; `any`, the default, is these in this order",
            ),
            noted("relay-supplied-options", Shape::TextList, "option 65 is always among them, as in Kea"),
            supported("server-id", Shape::Map(&SERVER_ID)),
            noted("shared-networks", Shape::List(&SHARED_NETWORK), SHARED),
            noted("subnet6", Shape::List(&SUBNET), "overlapping prefixes are an error, not only equal ones"),
        ],
        INHERITED,
        TIMERS,
        TUNING,
        DDNS,
        GLOBAL,
        services::GLOBAL,
    ],
);

pub(super) static SHARED_NETWORK: Spec = Spec::new(
    "shared-networks (Dhcp6)",
    &[
        &[supported("name", Shape::Text), supported("subnet6", Shape::List(&SUBNET))],
        NETWORK,
        INHERITED,
        TIMERS,
        TUNING,
        DDNS,
        GUARDS,
    ],
);

pub(super) static SUBNET: Spec = Spec::new(
    "subnet6",
    &[
        &[
            noted(
                "id",
                Shape::U32,
                "optional, as in Kea 2.2; derived from the prefix then, not from the place in the file",
            ),
            noted(
                "pd-pools",
                Shape::List(&PD_POOL),
                "pools that overlap are an error in whatever subnets they stand",
            ),
            supported("pools", Shape::List(&POOL)),
            supported("subnet", Shape::Text),
        ],
        NETWORK,
        INHERITED,
        TIMERS,
        TUNING,
        DDNS,
        GUARDS,
        SUBNET_RESERVATIONS,
    ],
);

const SUBNETS: &str = "the subnet's hold for all of its pools";

static NAMES_OF_POOL: &[Key] = &[
    ignored("ddns-generated-prefix", Shape::Text, SUBNETS),
    ignored("ddns-qualifying-suffix", Shape::Text, SUBNETS),
    ignored("ddns-replace-client-name", Shape::Any, SUBNETS),
    ignored("hostname-char-replacement", Shape::Text, CHARACTERS),
    ignored("hostname-char-set", Shape::Text, CHARACTERS),
];

pub(super) static POOL: Spec = Spec::new(
    "pools (subnet6)",
    &[
        &[
            supported("option-data", Shape::List(&OPTION_DATA)),
            supported("pool", Shape::Text),
            ignored("pool-id", Shape::U32, POOL_IDS),
        ],
        DDNS,
        NAMES_OF_POOL,
        GUARDS,
    ],
);

pub(super) static PD_POOL: Spec = Spec::new(
    "pd-pools",
    &[
        &[
            supported("delegated-len", Shape::Integer(0, 128)),
            noted(
                "excluded-prefix",
                Shape::Text,
                "given for the first prefix that is delegated from the pool",
            ),
            supported("excluded-prefix-len", Shape::Integer(0, 128)),
            supported("option-data", Shape::List(&OPTION_DATA)),
            ignored("pool-id", Shape::U32, POOL_IDS),
            supported("prefix", Shape::Text),
            supported("prefix-len", Shape::Integer(0, 128)),
        ],
        GUARDS,
    ],
);

const NO_RETRIES: &str = "sockets are opened as soon as they can be";

pub(super) static INTERFACES: Spec = Spec::new(
    "interfaces-config (Dhcp6)",
    &[&[
        noted(
            "interfaces",
            Shape::TextList,
            "`\"eth0\"` is multicast and every address of eth0, also later ones",
        ),
        noted("re-detect", Shape::Boolean, "interfaces and addresses are followed at all times"),
        ignored("service-sockets-max-retries", Shape::U32, NO_RETRIES),
        ignored("service-sockets-require-all", Shape::Boolean, NO_RETRIES),
        ignored("service-sockets-retry-wait-time", Shape::U32, NO_RETRIES),
    ]],
);

pub(super) static SERVER_ID: Spec = Spec::new(
    "server-id",
    &[&[
        supported("enterprise-id", Shape::U32),
        supported("htype", Shape::Integer(0, 65535)),
        supported("identifier", Shape::Text),
        supported("persist", Shape::Boolean),
        supported("time", Shape::U32),
        supported("type", Shape::OneOf(&["LLT", "EN", "LL"])),
    ]],
);
