//! What keeps clients from taking more than their part. Nothing is limited unless it is configured.

use super::{ClassNumber, SubnetId};

/// The limits of one half.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limits {
    /// Of each client.
    pub client: Limit,
    /// Of each port of a relay, which its Interface-ID (option 18) names.
    pub interface_id: Limit,
    /// Of each Remote-ID (option 37).
    pub remote_id: Limit,
    /// Of all members of a class together.
    pub classes: Vec<(ClassNumber, Limit)>,
    /// Of all clients of a subnet together, ascending by id.
    pub subnets: Vec<(SubnetId, Limit)>,
}

/// How much somebody may have; what is not given is not limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limit {
    /// Addresses at a time.
    pub addresses: Option<u32>,
    /// Delegated prefixes at a time (DHCPv6).
    pub prefixes: Option<u32>,
    /// Packets in a time.
    pub rate: Option<Rate>,
}

impl Limit {
    /// Whether leases are limited.
    pub fn is_of_leases(&self) -> bool {
        self.addresses.is_some() || self.prefixes.is_some()
    }
}

/// Packets that are served in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many; 0 is none.
    pub packets: u32,
    /// In how many seconds, at least 1.
    pub seconds: u32,
}

impl Rate {
    /// What a text such as `10 packets per minute` says; a month has 30 days and a year 365, as in Kea.
    pub fn parse(text: &str) -> Option<Self> {
        const DAY: u32 = 86_400;
        let mut words = text.split_ascii_whitespace();
        let packets = words.next()?.parse().ok()?;
        if !matches!(words.next()?, "packet" | "packets") || words.next()? != "per" {
            return None;
        }
        let seconds = match words.next()? {
            "second" => 1,
            "minute" => 60,
            "hour" => 3600,
            "day" => DAY,
            "week" => 7 * DAY,
            "month" => 30 * DAY,
            "year" => 365 * DAY,
            _ => return None,
        };
        words.next().is_none().then_some(Self { packets, seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_as_kea_writes_them() {
        let rate = |packets, seconds| Some(Rate { packets, seconds });
        assert_eq!(Rate::parse("10 packets per second"), rate(10, 1));
        assert_eq!(Rate::parse(" 1  packet per week "), rate(1, 604_800));
        assert_eq!(Rate::parse("0 packets per month"), rate(0, 2_592_000));
        for wrong in
            ["", "10", "10 packets", "10 packets a second", "-1 packets per day", "1 packet per day or so"]
        {
            assert_eq!(Rate::parse(wrong), None, "{wrong}");
        }
    }
}
