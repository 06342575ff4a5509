//! Keys that both halves have, and the maps that stand in both.

use super::Spec;
use super::shape::{Key, Shape, ignored, noted, refused, supported};

const LATER_DNS: &str = "DNS updates are not supported yet";
const LATER_CLASSES: &str = "client classes are not supported yet";
const NO_RESERVATIONS: &str = "it means nothing without reservations";
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

/// Keys of the global, shared network and subnet levels that have no effect yet.
pub(super) static TUNING: &[Key] = &[
    ignored("cache-max-age", Shape::U32, "every renewal is recorded"),
    ignored("cache-threshold", Shape::Number, "every renewal is recorded"),
    ignored("reservation-mode", Shape::Text, NO_RESERVATIONS),
    ignored("reservations-global", Shape::Boolean, NO_RESERVATIONS),
    ignored("reservations-in-subnet", Shape::Boolean, NO_RESERVATIONS),
    ignored("reservations-out-of-pool", Shape::Boolean, NO_RESERVATIONS),
    ignored("store-extended-info", Shape::Boolean, "the relay path is not kept with a lease yet"),
];

/// Who may use a shared network, a subnet or a pool.
pub(super) static GUARDS: &[Key] = &[
    refused("client-class", Shape::Text, LATER_CLASSES),
    refused("client-classes", Shape::TextList, LATER_CLASSES),
    refused("evaluate-additional-classes", Shape::TextList, LATER_CLASSES),
    refused("require-client-classes", Shape::TextList, LATER_CLASSES),
];

pub(super) static OPTION_DATA: Spec = Spec::new(
    "option-data",
    &[&[
        supported("always-send", Shape::Boolean),
        refused("client-classes", Shape::TextList, LATER_CLASSES),
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

/// A class definition. Its keys are known, so that a misspelt one is told; the class itself is refused.
pub(super) static CLIENT_CLASS: Spec = Spec::new(
    "client-classes",
    &[&[
        refused("boot-file-name", Shape::Text, LATER_CLASSES),
        refused("max-preferred-lifetime", Shape::U32, LATER_CLASSES),
        refused("max-valid-lifetime", Shape::U32, LATER_CLASSES),
        refused("min-preferred-lifetime", Shape::U32, LATER_CLASSES),
        refused("min-valid-lifetime", Shape::U32, LATER_CLASSES),
        refused("name", Shape::Text, LATER_CLASSES),
        refused("next-server", Shape::Text, LATER_CLASSES),
        refused("offer-lifetime", Shape::U32, LATER_CLASSES),
        refused("only-if-required", Shape::Boolean, LATER_CLASSES),
        refused("only-in-additional-list", Shape::Boolean, LATER_CLASSES),
        refused("option-data", Shape::List(&OPTION_DATA), LATER_CLASSES),
        refused("option-def", Shape::List(&OPTION_DEF), LATER_CLASSES),
        refused("preferred-lifetime", Shape::U32, LATER_CLASSES),
        refused("server-hostname", Shape::Text, LATER_CLASSES),
        refused("template-test", Shape::Text, LATER_CLASSES),
        refused("test", Shape::Text, LATER_CLASSES),
        refused("valid-lifetime", Shape::U32, LATER_CLASSES),
    ]],
);

const LATER_RESERVATIONS: &str = "reservations are not supported yet";

pub(super) static RESERVATION: Spec = Spec::new(
    "reservations",
    &[&[
        refused("boot-file-name", Shape::Text, LATER_RESERVATIONS),
        refused("circuit-id", Shape::Text, LATER_RESERVATIONS),
        refused("client-classes", Shape::TextList, LATER_RESERVATIONS),
        refused("client-id", Shape::Text, LATER_RESERVATIONS),
        refused("duid", Shape::Text, LATER_RESERVATIONS),
        refused("excluded-prefixes", Shape::TextList, LATER_RESERVATIONS),
        refused("flex-id", Shape::Text, LATER_RESERVATIONS),
        refused("hostname", Shape::Text, LATER_RESERVATIONS),
        refused("hw-address", Shape::Text, LATER_RESERVATIONS),
        refused("ip-address", Shape::Text, LATER_RESERVATIONS),
        refused("ip-addresses", Shape::TextList, LATER_RESERVATIONS),
        refused("next-server", Shape::Text, LATER_RESERVATIONS),
        refused("option-data", Shape::List(&OPTION_DATA), LATER_RESERVATIONS),
        refused("prefixes", Shape::TextList, LATER_RESERVATIONS),
        refused("server-hostname", Shape::Text, LATER_RESERVATIONS),
    ]],
);

/// The global keys that both halves have.
pub(super) static GLOBAL: &[Key] = &[
    refused("client-classes", Shape::List(&CLIENT_CLASS), LATER_CLASSES),
    supported("decline-probation-period", Shape::U32),
    ignored("early-global-reservations-lookup", Shape::Boolean, NO_RESERVATIONS),
    ignored("host-reservation-identifiers", Shape::TextList, NO_RESERVATIONS),
    ignored("ip-reservations-unique", Shape::Boolean, NO_RESERVATIONS),
    supported("option-data", Shape::List(&OPTION_DATA)),
    supported("option-def", Shape::List(&OPTION_DEF)),
    refused("reservations", Shape::List(&RESERVATION), LATER_RESERVATIONS),
    ignored("reservations-lookup-first", Shape::Boolean, NO_RESERVATIONS),
];

pub(super) static SUBNET_RESERVATIONS: &[Key] =
    &[refused("reservations", Shape::List(&RESERVATION), LATER_RESERVATIONS)];
