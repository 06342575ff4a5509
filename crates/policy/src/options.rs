//! The options that a client gets: configured at several scopes, of which the nearest one wins.

use fosix_config::OptionValue;

/// The options of all scopes that concern a client, merged.
///
/// Made once for each set of scopes when a configuration is loaded; a packet costs a binary search for each
/// option that it asks for and that there is, and next to nothing for others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EffectiveOptions {
    /// The winning options of each code, by code: several where one scope has several, in its order. A vendor's option
    /// of the same code is another one.
    options: Vec<OptionValue>,
    /// Codes that are sent unasked, in ascending order.
    always: Vec<u16>,
    /// The codes of the standard space that there are.
    present: Codes,
}

impl EffectiveOptions {
    /// Merges `scopes`, the nearest to the client first: pool, subnet, shared network, global.
    ///
    /// As in Kea, `never-send` at any scope keeps the option from being sent, and `always-send` at any scope has
    /// the winning one sent.
    pub fn merge(scopes: &[&[OptionValue]]) -> Self {
        let mut options: Vec<OptionValue> = Vec::new();
        for scope in scopes.iter().copied() {
            let nearer = options.len();
            for option in scope {
                let known = options.iter_mut().enumerate().find(|(_, known)| key(known) == key(option));
                let wins = known.is_none_or(|(at, known)| {
                    known.always_send |= option.always_send;
                    known.never_send |= option.never_send;
                    at >= nearer
                });
                if wins {
                    options.push(option.clone());
                }
            }
        }
        options.sort_by_key(key);
        for same in options.chunk_by_mut(|one, other| key(one) == key(other)) {
            let always = same.iter().any(|option| option.always_send);
            let never = same.iter().any(|option| option.never_send);
            for option in same {
                (option.always_send, option.never_send) = (always, never);
            }
        }
        options.retain(|option| !option.never_send);
        let always = options.iter().filter(|option| option.always_send && option.vendor.is_none());
        let mut always: Vec<u16> = always.map(|option| option.code).collect();
        always.dedup();
        let mut present = Codes::default();
        for option in options.iter().filter(|option| option.vendor.is_none()) {
            present.insert(option.code);
        }
        Self { options, always, present }
    }

    /// The body of option `code` of the standard space, the first one where there are several, whether or not a client
    /// would get it unasked.
    pub fn get(&self, code: u16) -> Option<&[u8]> {
        self.all(code).first().map(|option| option.data.as_slice())
    }

    fn all(&self, code: u16) -> &[OptionValue] {
        if !self.present.contains(code) {
            return &[];
        }
        let start = self.options.partition_point(|option| key(option) < (None, code));
        let rest = self.options.get(start..).unwrap_or_default();
        let count = rest.iter().take_while(|option| key(option) == (None, code)).count();
        rest.get(..count).unwrap_or_default()
    }

    /// The options for a client that asks for `requested`: those first and in that order, each code once with all of
    /// its options, then the ones that are sent always.
    pub fn select<'a>(
        &'a self,
        requested: impl Iterator<Item = u16> + 'a,
    ) -> impl Iterator<Item = (u16, &'a [u8])> + 'a {
        let mut sent = Codes::default();
        let codes = requested.chain(self.always.iter().copied());
        let new = codes.filter(move |&code| self.present.contains(code) && sent.insert(code));
        new.flat_map(|code| self.all(code)).map(|option| (option.code, option.data.as_slice()))
    }

    /// The enterprise numbers that have vendor options, in ascending order.
    pub fn enterprises(&self) -> impl Iterator<Item = u32> {
        let mut last = None;
        let vendors = self.options.iter().filter_map(|option| option.vendor);
        vendors.filter(move |&vendor| last.replace(vendor) != Some(vendor))
    }

    /// The vendor options of `enterprise`, by code.
    pub fn vendor(&self, enterprise: u32) -> impl Iterator<Item = &OptionValue> {
        self.options.iter().filter(move |option| option.vendor == Some(enterprise))
    }
}

fn key(option: &OptionValue) -> (Option<u32>, u16) {
    (option.vendor, option.code)
}

/// A set of codes, without an allocation for those below 256: all of DHCPv4, nearly all of DHCPv6.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Codes {
    low: [u64; 4],
    high: Vec<u16>,
}

impl Codes {
    /// Adds `code`; false when it was there already.
    fn insert(&mut self, code: u16) -> bool {
        let new = !self.contains(code);
        match self.low.get_mut(usize::from(code / 64)) {
            Some(word) => *word |= 1 << (code % 64),
            None if new => self.high.push(code),
            None => {}
        }
        new
    }

    fn contains(&self, code: u16) -> bool {
        match self.low.get(usize::from(code / 64)) {
            Some(word) => word & 1 << (code % 64) != 0,
            None => self.high.contains(&code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(code: u16, data: &[u8]) -> OptionValue {
        OptionValue { code, data: data.to_vec(), ..OptionValue::default() }
    }

    fn chosen(options: &EffectiveOptions, requested: &[u16]) -> Vec<(u16, Vec<u8>)> {
        options.select(requested.iter().copied()).map(|(code, data)| (code, data.to_vec())).collect()
    }

    #[test]
    fn the_nearest_scope_wins() {
        let (pool, subnet, global) =
            (vec![option(6, &[1])], vec![option(6, &[2]), option(15, &[2])], vec![option(15, &[3])]);
        let options = EffectiveOptions::merge(&[&pool, &subnet, &global]);
        assert_eq!(chosen(&options, &[6, 15]), [(6, vec![1]), (15, vec![2])]);
    }

    #[test]
    fn options_come_in_the_order_of_the_request_each_once() {
        let global = vec![option(3, &[3]), option(6, &[6]), option(300, &[30])];
        let options = EffectiveOptions::merge(&[&global]);
        let order: Vec<u16> =
            options.select([300, 6, 99, 6, 300, 3].into_iter()).map(|(code, _)| code).collect();
        assert_eq!(order, [300, 6, 3]);
    }

    #[test]
    fn an_option_sent_always_is_sent_unasked_and_once() {
        let global = vec![OptionValue { always_send: true, ..option(88, &[1]) }, option(23, &[2])];
        let options = EffectiveOptions::merge(&[&global]);
        assert_eq!(chosen(&options, &[]), [(88, vec![1])]);
        assert_eq!(chosen(&options, &[23, 88]), [(23, vec![2]), (88, vec![1])]);
    }

    #[test]
    fn an_option_marked_at_any_scope_as_never_sent_is_not() {
        let subnet = vec![OptionValue { always_send: true, ..option(6, &[1]) }];
        let global = vec![OptionValue { never_send: true, ..option(6, &[2]) }];
        assert_eq!(chosen(&EffectiveOptions::merge(&[&subnet, &global]), &[6]), []);
    }

    #[test]
    fn several_options_of_a_code_in_one_scope_are_sent_together() {
        let subnet = vec![option(144, &[1]), option(23, &[9]), option(144, &[2])];
        let global =
            vec![OptionValue { always_send: true, ..option(144, &[3]) }, option(94, &[4]), option(94, &[5])];
        let options = EffectiveOptions::merge(&[&subnet, &global]);
        assert_eq!(
            chosen(&options, &[94, 23]),
            [(94, vec![4]), (94, vec![5]), (23, vec![9]), (144, vec![1]), (144, vec![2])]
        );
        assert_eq!(options.get(144), Some(&[1][..]));
        let never = vec![OptionValue { never_send: true, ..option(144, &[]) }];
        assert_eq!(chosen(&EffectiveOptions::merge(&[&subnet, &never]), &[144]), []);
    }

    #[test]
    fn a_vendors_option_is_not_the_standard_one_of_that_code() {
        let global = vec![OptionValue { vendor: Some(2495), ..option(6, &[1]) }];
        let options = EffectiveOptions::merge(&[&global]);
        assert_eq!(chosen(&options, &[6]), []);
        assert_eq!(options.vendor(2495).count(), 1);
    }
}
