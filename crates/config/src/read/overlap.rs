//! Ranges that share addresses, found by sorting.

use crate::source::Span;

/// A range of numbers and where it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) first: u128,
    pub(super) last: u128,
    pub(super) span: Span,
}

/// Pairs that overlap: for each range that overlaps one which begins before it (or at the same place, and was given
/// earlier), the pair with the one of those that reaches farthest. A set without overlaps gives none.
pub(super) fn overlaps(ranges: &[Range]) -> Vec<(Range, Range)> {
    let mut sorted: Vec<&Range> = ranges.iter().collect();
    // A stable sort: of equal ranges the one that is given first stays first.
    sorted.sort_by_key(|range| (range.first, std::cmp::Reverse(range.last)));
    let mut pairs = Vec::new();
    let mut farthest: Option<&Range> = None;
    for range in sorted {
        match farthest {
            Some(before) if before.last >= range.first => {
                pairs.push((*before, *range));
                if range.last > before.last {
                    farthest = Some(range);
                }
            }
            _ => farthest = Some(range),
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(ranges: &[(u128, u128)]) -> Vec<((u128, u128), (u128, u128))> {
        let ranges: Vec<Range> =
            ranges.iter().map(|&(first, last)| Range { first, last, span: Span::default() }).collect();
        overlaps(&ranges).iter().map(|(a, b)| ((a.first, a.last), (b.first, b.last))).collect()
    }

    #[test]
    fn overlaps_are_found_whatever_the_order() {
        assert_eq!(found(&[(5, 9), (0, 4), (10, 10)]), []);
        assert_eq!(found(&[(5, 9), (0, 5)]), [((0, 5), (5, 9))]);
        assert_eq!(found(&[(1, 2), (0, 100), (50, 60)]), [((0, 100), (1, 2)), ((0, 100), (50, 60))]);
        assert_eq!(found(&[(7, 7), (7, 7)]), [((7, 7), (7, 7))]);
        assert_eq!(
            found(&[(0, u128::MAX), (u128::MAX, u128::MAX)]),
            [((0, u128::MAX), (u128::MAX, u128::MAX))]
        );
        assert_eq!(found(&[]), []);
    }
}
