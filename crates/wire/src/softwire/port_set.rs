//! The ports of a port set (RFC 7597 §5.1).
//!
//! ```text
//!  0                   1
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
//! +-----------+-----------+-------+
//! |     A     |    PSID   |   j   |   a port of the set: any A above 0, the PSID, any j
//! +-----------+-----------+-------+
//! |  a bits   |  k bits   |m bits |   a is the offset, k the length of the PSID, m = 16 - a - k
//! +-----------+-----------+-------+
//! ```

use core::ops::RangeInclusive;

use super::PortParams;

/// The ports that port parameters give.
///
/// Without a PSID these are all 65536, whatever the offset: the address is not shared. With one and offset 0, one
/// range; otherwise one range for each value of `A` but 0, so that the lowest 2^(16 - offset) ports are in no set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PortSet {
    params: PortParams,
}

impl PortSet {
    /// The ports of `params`.
    pub const fn new(params: PortParams) -> Self {
        Self { params }
    }

    /// What the set was made from.
    pub const fn params(self) -> PortParams {
        self.params
    }

    /// The ranges in rising order.
    pub fn ranges(self) -> PortRanges {
        let first = u16::from(self.params.offset() > 0 && !self.params.is_full_address());
        PortRanges { set: self, next: first, left: self.range_count() }
    }

    /// Whether `port` is in the set.
    pub fn contains(self, port: u16) -> bool {
        if self.params.is_full_address() {
            return true;
        }
        let outside_system_range =
            self.params.offset() == 0 || bits_above(port, 16 - self.params.offset()) > 0;
        let psid = bits_above(port, self.suffix_len()) & (low_bits(self.params.psid_len()));
        outside_system_range && psid == self.params.psid().value()
    }

    /// How many ports there are: 1 to 65536.
    pub fn port_count(self) -> u32 {
        if self.params.is_full_address() {
            return 1 << 16;
        }
        self.range_count() << self.suffix_len()
    }

    /// How many ranges there are: 1 to 32767.
    pub const fn range_count(self) -> u32 {
        if self.params.is_full_address() || self.params.offset() == 0 {
            return 1;
        }
        (1 << self.params.offset()) - 1
    }

    /// The lowest port.
    pub fn first_port(self) -> u16 {
        self.ranges().next().map_or(0, |range| *range.start())
    }

    /// Whether a port below 1024 is in the set. RFC 7618 §9: such a set is assigned only where the operator says so.
    pub fn has_system_ports(self) -> bool {
        self.first_port() < 1024
    }

    /// Whether both sets have a port in common.
    pub fn overlaps(self, other: Self) -> bool {
        if self.params.is_full_address() || other.params.is_full_address() {
            return true;
        }
        let same_shape = self.params.offset() == other.params.offset()
            && self.params.psid_len() == other.params.psid_len();
        if same_shape {
            return self.params.psid() == other.params.psid();
        }
        // Both run upwards: leave behind whichever range ends first, until two meet.
        let (mut mine, mut theirs) = (self.ranges().peekable(), other.ranges().peekable());
        while let (Some(a), Some(b)) = (mine.peek(), theirs.peek()) {
            if a.end() < b.start() {
                mine.next();
            } else if b.end() < a.start() {
                theirs.next();
            } else {
                return true;
            }
        }
        false
    }

    /// The number of bits behind the PSID (`m` in RFC 7597): each range has 2^m ports.
    fn suffix_len(self) -> u8 {
        16_u8.saturating_sub(self.params.offset()).saturating_sub(self.params.psid_len())
    }

    /// The range for `a`, a value of the bits in front of the PSID.
    fn range(self, a: u16) -> RangeInclusive<u16> {
        if self.params.is_full_address() {
            return 0..=u16::MAX;
        }
        let suffix_len = u32::from(self.suffix_len());
        let high = a.checked_shl(16 - u32::from(self.params.offset())).unwrap_or(0);
        let start = high | self.params.psid().value().checked_shl(suffix_len).unwrap_or(0);
        start..=start | low_bits(self.suffix_len())
    }
}

/// The ranges of a [`PortSet`].
#[derive(Debug, Clone)]
pub struct PortRanges {
    set: PortSet,
    /// The value of `A` for the next range.
    next: u16,
    left: u32,
}

impl Iterator for PortRanges {
    type Item = RangeInclusive<u16>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let range = self.set.range(self.next);
        self.next = self.next.saturating_add(1);
        Some(range)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

/// `port` without its last `count` bits.
fn bits_above(port: u16, count: u8) -> u16 {
    port.checked_shr(count.into()).unwrap_or(0)
}

/// The last `count` bits set; all of them for 16 and more.
fn low_bits(count: u8) -> u16 {
    1_u16.checked_shl(count.into()).map_or(u16::MAX, |bit| bit - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(offset: u8, psid_len: u8, psid: u16) -> PortSet {
        PortParams::new(offset, psid_len, psid).unwrap().port_set()
    }

    #[test]
    fn with_offset_zero_the_ports_are_one_range() {
        assert_eq!(set(0, 8, 0x34).ranges().collect::<Vec<_>>(), [0x3400..=0x34ff]);
        assert_eq!(set(0, 6, 5).ranges().collect::<Vec<_>>(), [5120..=6143]);
        assert_eq!(set(0, 16, 9).ranges().collect::<Vec<_>>(), [9..=9]);
        assert_eq!(set(0, 1, 1).ranges().collect::<Vec<_>>(), [0x8000..=0xffff]);
    }

    #[test]
    fn with_offset_six_the_first_1024_ports_are_in_no_set() {
        // RFC 7597 appendix A, example 1: PSID 0x34, offset 6, length 8.
        let ranges: Vec<_> = set(6, 8, 0x34).ranges().collect();
        assert_eq!(ranges.len(), 63);
        assert_eq!(ranges[..3], [1232..=1235, 2256..=2259, 3280..=3283]);
        assert_eq!(ranges[61..], [63696..=63699, 64720..=64723]);
        assert_eq!(set(6, 8, 0x34).port_count(), 252);
        assert_eq!(set(6, 8, 0).first_port(), 1024);
    }

    #[test]
    fn without_a_psid_all_ports_belong_to_the_holder() {
        for offset in 0..=15 {
            let all = set(offset, 0, 0);
            assert_eq!(all.ranges().collect::<Vec<_>>(), [0..=65535]);
            assert_eq!(all.port_count(), 65536);
            assert!(all.contains(0) && all.contains(65535));
        }
    }

    #[test]
    fn system_ports_are_found() {
        for (offset, psid_len, psid, expected) in [
            (0, 6, 0, true),
            (0, 6, 1, false),
            (0, 7, 1, true),
            (0, 7, 2, false),
            (0, 8, 3, true),
            (0, 8, 4, false),
            (6, 8, 0, false),
            (7, 1, 0, true),
        ] {
            assert_eq!(
                set(offset, psid_len, psid).has_system_ports(),
                expected,
                "{offset} {psid_len} {psid}"
            );
        }
    }

    #[test]
    fn every_shape_divides_the_ports_among_its_sets() {
        for offset in 0..=15 {
            for psid_len in 1_u8..=(16 - offset) {
                // The sets of one shape hold every port once, but for the range that the offset leaves out. Long
                // PSIDs are looked at here and there.
                let step = 1.max(1_usize << psid_len.saturating_sub(2));
                for psid in (0..1_u32 << psid_len).step_by(step) {
                    let one = set(offset, psid_len, u16::try_from(psid).unwrap());
                    let mut count = 0;
                    let mut last_end = None;
                    for range in one.ranges() {
                        assert!(last_end < Some(*range.start()));
                        assert!(one.contains(*range.start()) && one.contains(*range.end()));
                        count += u32::from(range.end() - range.start()) + 1;
                        last_end = Some(*range.end());
                    }
                    assert_eq!(count, one.port_count());
                }
                let in_sets = (1 << 16) - if offset == 0 { 0 } else { 1 << (16 - offset) };
                assert_eq!(set(offset, psid_len, 0).port_count() << psid_len, in_sets);
            }
        }
    }

    #[test]
    fn overlap_is_what_the_ports_say() {
        let samples = [
            set(0, 8, 4),
            set(0, 6, 1),
            set(6, 8, 0x34),
            set(6, 4, 3),
            set(4, 4, 9),
            set(0, 4, 15),
            set(1, 2, 0),
        ];
        for one in samples {
            for other in samples {
                let common = (0..=u16::MAX).any(|port| one.contains(port) && other.contains(port));
                assert_eq!(one.overlaps(other), common, "{one:?} {other:?}");
            }
            assert!(one.overlaps(PortParams::FULL_ADDRESS.port_set()));
        }
    }
}
