//! The options that a client gets: configured at several scopes, of which the nearest one wins.

use fosix_config::OptionValue;

/// The options of all scopes that concern a client, merged.
///
/// Made once for each set of scopes when a configuration is loaded; a packet costs a binary search for each
/// option that it asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EffectiveOptions {
    /// The winning option of each code, by code. A vendor's option of the same code is another one.
    options: Vec<OptionValue>,
    /// Codes that are sent unasked, in ascending order.
    always: Vec<u16>,
}

impl EffectiveOptions {
    /// Merges `scopes`, the nearest to the client first: pool, subnet, shared network, global.
    ///
    /// As in Kea, `never-send` at any scope keeps the option from being sent, and `always-send` at any scope has
    /// the winning one sent.
    pub fn merge(scopes: &[&[OptionValue]]) -> Self {
        let mut options: Vec<OptionValue> = Vec::new();
        for option in scopes.iter().copied().flatten() {
            match options.iter_mut().find(|known| known.code == option.code && known.vendor == option.vendor)
            {
                Some(known) => {
                    known.always_send |= option.always_send;
                    known.never_send |= option.never_send;
                }
                None => options.push(option.clone()),
            }
        }
        options.retain(|option| !option.never_send);
        options.sort_by_key(|option| (option.vendor, option.code));
        let always = options.iter().filter(|option| option.always_send && option.vendor.is_none());
        Self { always: always.map(|option| option.code).collect(), options }
    }

    /// The body of option `code` of the standard space, whether or not a client would get it unasked.
    pub fn get(&self, code: u16) -> Option<&[u8]> {
        let at =
            self.options.binary_search_by_key(&(None, code), |option| (option.vendor, option.code)).ok()?;
        self.options.get(at).map(|option| option.data.as_slice())
    }

    /// The options for a client that asks for `requested`: those first and in that order, each once, then the
    /// ones that are sent always.
    pub fn select<'a>(
        &'a self,
        requested: impl Iterator<Item = u16> + 'a,
    ) -> impl Iterator<Item = (u16, &'a [u8])> + 'a {
        let mut sent = Seen::default();
        let codes = requested.chain(self.always.iter().copied());
        codes.filter_map(move |code| {
            let body = self.get(code)?;
            sent.insert(code).then_some((code, body))
        })
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

/// The codes that were seen, without an allocation for codes below 256: all of DHCPv4, nearly all of DHCPv6.
#[derive(Debug, Default)]
struct Seen {
    low: [u64; 4],
    high: Vec<u16>,
}

impl Seen {
    /// Notes `code`; false when it was there already.
    fn insert(&mut self, code: u16) -> bool {
        match self.low.get_mut(usize::from(code / 64)) {
            Some(word) => {
                let bit = 1 << (code % 64);
                let new = *word & bit == 0;
                *word |= bit;
                new
            }
            None if self.high.contains(&code) => false,
            None => {
                self.high.push(code);
                true
            }
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
    fn a_vendors_option_is_not_the_standard_one_of_that_code() {
        let global = vec![OptionValue { vendor: Some(2495), ..option(6, &[1]) }];
        let options = EffectiveOptions::merge(&[&global]);
        assert_eq!(chosen(&options, &[6]), []);
        assert_eq!(options.vendor(2495).count(), 1);
    }
}
