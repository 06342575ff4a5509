//! Keys that both halves have, and the maps that stand in both.

use super::Spec;
use super::shape::{Key, Shape, ignored, noted, refused, supported};

const LATER_DNS: &str = "DNS updates are not supported yet";
const LATER_TAGS: &str = "options for some classes stand in `client-classes`, or at what only they may use";
const SAME_CODE: &str = "each code is sent once";

/// Keys that any map may have.
pub(super) static ANYWHERE: &[Key] = &[
    supported("comment", Shape::Text),
    supported("metadata", Shape::Any),
    supported("user-context", Shape::AnyMap),
];

pub(super) static TIMERS: &[Key] = &[
    supported("calculate-tee-times", Shape::Boolean),
    supported("max-valid-lifetime", Shape::U32),
    supported("min-valid-lifetime", Shape::U32),
    supported("rebind-timer", Shape::U32),
    supported("renew-timer", Shape::U32),
    supported("t1-percent", Shape::Number),
    supported("t2-percent", Shape::Number),
    supported("valid-lifetime", Shape::U32),
];

/// What decides about DNS updates.
pub(super) static DDNS: &[Key] = &[
    ignored("ddns-conflict-resolution-mode", Shape::Text, LATER_DNS),
    ignored("ddns-override-client-update", Shape::Boolean, LATER_DNS),
    ignored("ddns-override-no-update", Shape::Boolean, LATER_DNS),
    ignored("ddns-send-updates", Shape::Boolean, LATER_DNS),
    ignored("ddns-ttl", Shape::U32, LATER_DNS),
    ignored("ddns-ttl-max", Shape::U32, LATER_DNS),
    ignored("ddns-ttl-min", Shape::U32, LATER_DNS),
    ignored("ddns-ttl-percent", Shape::Number, LATER_DNS),
    ignored("ddns-update-on-renew", Shape::Boolean, LATER_DNS),
    ignored("ddns-use-conflict-resolution", Shape::Boolean, LATER_DNS),
];

/// What decides which name a client is answered, where no names are answered.
pub(super) static NO_NAMES: &[Key] = &[
    ignored("ddns-generated-prefix", Shape::Text, LATER_DNS),
    ignored("ddns-qualifying-suffix", Shape::Text, LATER_DNS),
    ignored("ddns-replace-client-name", Shape::Any, LATER_DNS),
    ignored("hostname-char-replacement", Shape::Text, LATER_DNS),
    ignored("hostname-char-set", Shape::Text, LATER_DNS),
];

/// More keys of the global, shared network and subnet levels.
pub(super) static TUNING: &[Key] = &[
    noted(
        "cache-max-age",
        Shape::U32,
        "a lease that is older is extended; one that is not is told again without a write",
    ),
    noted(
        "cache-threshold",
        Shape::Number,
        "0 to below 1: a lease of which less than this part has passed is told again without a write; never unless given",
    ),
    noted(
        "reservation-mode",
        Shape::OneOf(&["disabled", "off", "out-of-pool", "global", "all"]),
        "Kea 2.2's; `reservations-*` count before it",
    ),
    supported("reservations-global", Shape::Boolean),
    supported("reservations-in-subnet", Shape::Boolean),
    supported("reservations-out-of-pool", Shape::Boolean),
    ignored("store-extended-info", Shape::Boolean, "the relay path is not kept with a lease yet"),
];

/// Who may use a shared network, a subnet or a pool.
pub(super) static GUARDS: &[Key] = &[
    noted("client-class", Shape::Text, "Kea 2.2's; as `client-classes` with one"),
    supported("client-classes", Shape::TextList),
    supported("evaluate-additional-classes", Shape::TextList),
    noted("require-client-classes", Shape::TextList, "Kea 2.2's; as `evaluate-additional-classes`"),
];

pub(super) static OPTION_DATA: Spec = Spec::new(
    "option-data",
    &[&[
        supported("always-send", Shape::Boolean),
        refused("client-classes", Shape::TextList, LATER_TAGS),
        noted("code", Shape::Integer(0, u16::MAX as i64), SAME_CODE),
        supported("csv-format", Shape::Boolean),
        supported("data", Shape::Text),
        supported("name", Shape::Text),
        supported("never-send", Shape::Boolean),
        supported("space", Shape::Text),
    ]],
);

pub(super) static OPTION_DEF: Spec = Spec::new(
    "option-def",
    &[&[
        supported("array", Shape::Boolean),
        supported("code", Shape::Integer(0, u16::MAX as i64)),
        supported("encapsulate", Shape::Text),
        supported("name", Shape::Text),
        supported("record-types", Shape::Text),
        supported("space", Shape::Text),
        supported("type", Shape::Text),
    ]],
);

pub(super) static RELAY: Spec = Spec::new(
    "relay",
    &[&[
        noted("ip-address", Shape::Text, "as `ip-addresses` with one address"),
        supported("ip-addresses", Shape::TextList),
    ]],
);

pub(super) static CLIENT_CLASS: Spec = Spec::new(
    "client-classes",
    &[&[
        noted("boot-file-name", Shape::Text, DHCPV4_ONLY),
        noted("max-preferred-lifetime", Shape::U32, DHCPV6_ONLY),
        supported("max-valid-lifetime", Shape::U32),
        noted("min-preferred-lifetime", Shape::U32, DHCPV6_ONLY),
        supported("min-valid-lifetime", Shape::U32),
        supported("name", Shape::Text),
        noted("next-server", Shape::Text, DHCPV4_ONLY),
        supported("offer-lifetime", Shape::U32),
        noted("only-if-required", Shape::Boolean, "Kea 2.2's; as `only-in-additional-list`"),
        supported("only-in-additional-list", Shape::Boolean),
        supported("option-data", Shape::List(&OPTION_DATA)),
        noted("option-def", Shape::List(&OPTION_DEF), "options 43 and 224 to 254 of DHCPv4"),
        noted("preferred-lifetime", Shape::U32, DHCPV6_ONLY),
        noted("server-hostname", Shape::Text, DHCPV4_ONLY),
        supported("template-test", Shape::Text),
        supported("test", Shape::Text),
        supported("valid-lifetime", Shape::U32),
    ]],
);

const DHCPV4_ONLY: &str = "of `Dhcp4`";
const DHCPV6_ONLY: &str = "of `Dhcp6`";

pub(super) static RESERVATION: Spec = Spec::new(
    "reservations",
    &[&[
        noted("boot-file-name", Shape::Text, DHCPV4_ONLY),
        noted("circuit-id", Shape::Text, DHCPV4_ONLY),
        supported("client-classes", Shape::TextList),
        noted("client-id", Shape::Text, DHCPV4_ONLY),
        noted("duid", Shape::Text, "in `Dhcp4` also that of the DHCPv6 message around a query"),
        noted("excluded-prefixes", Shape::TextList, DHCPV6_ONLY),
        supported("flex-id", Shape::Text),
        supported("hostname", Shape::Text),
        supported("hw-address", Shape::Text),
        noted("ip-address", Shape::Text, DHCPV4_ONLY),
        noted("ip-addresses", Shape::TextList, DHCPV6_ONLY),
        noted("next-server", Shape::Text, DHCPV4_ONLY),
        supported("option-data", Shape::List(&OPTION_DATA)),
        noted("prefixes", Shape::TextList, DHCPV6_ONLY),
        noted("server-hostname", Shape::Text, DHCPV4_ONLY),
    ]],
);

/// The global keys that both halves have.
pub(super) static GLOBAL: &[Key] = &[
    supported("client-classes", Shape::List(&CLIENT_CLASS)),
    supported("decline-probation-period", Shape::U32),
    supported("early-global-reservations-lookup", Shape::Boolean),
    supported("host-reservation-identifiers", Shape::TextList),
    supported("ip-reservations-unique", Shape::Boolean),
    supported("option-data", Shape::List(&OPTION_DATA)),
    supported("option-def", Shape::List(&OPTION_DEF)),
    supported("reservations", Shape::List(&RESERVATION)),
    noted("reservations-lookup-first", Shape::Boolean, "what is reserved is looked up first in any case"),
];

pub(super) static SUBNET_RESERVATIONS: &[Key] = &[supported("reservations", Shape::List(&RESERVATION))];
