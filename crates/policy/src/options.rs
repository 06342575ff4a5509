//! The options that a client gets: configured at several scopes, of which the nearest one wins.

use fosix_config::OptionValue;
use smallvec::SmallVec;

/// The options of one scope, or of several that always go together, merged.
///
/// Made once when a configuration is loaded; a packet costs a binary search for each option that it asks for and that
/// there is, and next to nothing for others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EffectiveOptions {
    /// The winning options of each code, by code: several where one scope has several, in its order. A vendor's option
    /// of the same code is another one.
    options: Vec<OptionValue>,
    /// Codes that are sent unasked, in ascending order.
    always: Vec<u16>,
    /// What is not sent, whatever scopes around this one say.
    never: Vec<(Option<u32>, u16)>,
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
        let mut never: Vec<_> = options.iter().filter(|option| option.never_send).map(key).collect();
        never.dedup();
        options.retain(|option| !option.never_send);
        let always = options.iter().filter(|option| option.always_send && option.vendor.is_none());
        let mut always: Vec<u16> = always.map(|option| option.code).collect();
        always.dedup();
        let mut present = Codes::default();
        for option in options.iter().filter(|option| option.vendor.is_none()) {
            present.insert(option.code);
        }
        Self { options, always, never, present }
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.options.is_empty() && self.never.is_empty()
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

    fn has(&self, key_of: (Option<u32>, u16)) -> bool {
        self.options.iter().any(|option| key(option) == key_of)
    }
}

/// The options that one client gets: those of every scope that concerns it, of which the nearest one wins.
#[derive(Debug, Clone, Default)]
pub struct ClientOptions<'a> {
    /// The nearest to the client first.
    layers: SmallVec<[&'a EffectiveOptions; 8]>,
}

impl<'a> ClientOptions<'a> {
    /// Adds a scope behind those that are nearer to the client.
    pub fn push(&mut self, scope: &'a EffectiveOptions) {
        if !scope.is_empty() {
            self.layers.push(scope);
        }
    }

    /// Adds the scopes of `others` behind these.
    pub fn extend(&mut self, others: Self) {
        self.layers.extend(others.layers);
    }

    /// Whether no scope says anything.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// The body of option `code` of the standard space, the first one where there are several, whether or not a client
    /// would get it unasked.
    pub fn get(&self, code: u16) -> Option<&'a [u8]> {
        self.all(code).first().map(|option| option.data.as_slice())
    }

    fn all(&self, code: u16) -> &'a [OptionValue] {
        if self.layers.iter().any(|layer| layer.never.contains(&(None, code))) {
            return &[];
        }
        self.layers
            .iter()
            .map(|layer| layer.all(code))
            .find(|options| !options.is_empty())
            .unwrap_or_default()
    }

    /// The options for a client that asks for `requested`: those first and in that order, each code once with all of
    /// its options, then the ones that are sent always.
    pub fn select<'b>(
        &'b self,
        requested: impl Iterator<Item = u16> + 'b,
    ) -> impl Iterator<Item = (u16, &'a [u8])> + 'b {
        let mut sent = Codes::default();
        let always = self.layers.iter().flat_map(|layer| layer.always.iter().copied());
        let present = |code| self.layers.iter().any(|layer| layer.present.contains(code));
        let new = requested.chain(always).filter(move |&code| present(code) && sent.insert(code));
        new.flat_map(|code| self.all(code)).map(|option| (option.code, option.data.as_slice()))
    }

    /// The enterprise numbers that have vendor options, in ascending order.
    pub fn enterprises(&self) -> impl Iterator<Item = u32> {
        let vendors = self.layers.iter().flat_map(|layer| &layer.options).filter_map(|option| option.vendor);
        let mut all: SmallVec<[u32; 4]> = SmallVec::new();
        for vendor in vendors {
            if !all.contains(&vendor) {
                all.push(vendor);
            }
        }
        all.sort_unstable();
        all.into_iter()
    }

    /// The vendor options of `enterprise`, and whether each is sent unasked.
    pub fn vendor(&self, enterprise: u32) -> impl Iterator<Item = (&'a OptionValue, bool)> {
        self.layers.iter().enumerate().flat_map(move |(at, layer)| {
            let own = layer.options.iter().filter(move |option| option.vendor == Some(enterprise));
            let nearer = self.layers.get(..at).unwrap_or_default();
            let wins = move |option: &&OptionValue| !nearer.iter().any(|layer| layer.has(key(option)));
            let sent =
                |option: &&OptionValue| !self.layers.iter().any(|layer| layer.never.contains(&key(option)));
            own.filter(wins).filter(sent).map(|option| {
                let at_any = |layer: &&EffectiveOptions| {
                    layer.options.iter().any(|other| key(other) == key(option) && other.always_send)
                };
                (option, self.layers.iter().any(at_any))
            })
        })
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

    fn only(options: &EffectiveOptions) -> ClientOptions<'_> {
        let mut all = ClientOptions::default();
        all.push(options);
        all
    }

    fn chosen(options: &EffectiveOptions, requested: &[u16]) -> Vec<(u16, Vec<u8>)> {
        only(options).select(requested.iter().copied()).map(|(code, data)| (code, data.to_vec())).collect()
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
            only(&options).select([300, 6, 99, 6, 300, 3].into_iter()).map(|(code, _)| code).collect();
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
        assert_eq!(only(&options).get(144), Some(&[1][..]));
        let never = vec![OptionValue { never_send: true, ..option(144, &[]) }];
        assert_eq!(chosen(&EffectiveOptions::merge(&[&subnet, &never]), &[144]), []);
    }

    #[test]
    fn a_vendors_option_is_not_the_standard_one_of_that_code() {
        let global = vec![OptionValue { vendor: Some(2495), ..option(6, &[1]) }];
        let options = EffectiveOptions::merge(&[&global]);
        assert_eq!(chosen(&options, &[6]), []);
        assert_eq!(only(&options).vendor(2495).count(), 1);
    }

    #[test]
    fn scopes_that_are_put_together_for_a_client_say_what_they_would_say_merged() {
        let vendor = |code, data: &[u8]| OptionValue { vendor: Some(2495), ..option(code, data) };
        let nearest = vec![option(6, &[1]), option(15, &[1]), vendor(1, &[1])];
        let middle = vec![
            OptionValue { always_send: true, ..option(6, &[2]) },
            OptionValue { never_send: true, ..option(23, &[]) },
            option(144, &[1]),
            option(144, &[2]),
        ];
        let far = vec![
            option(23, &[3]),
            OptionValue { always_send: true, ..option(144, &[3]) },
            OptionValue { always_send: true, ..vendor(1, &[3]) },
            vendor(2, &[3]),
        ];
        let merged = EffectiveOptions::merge(&[&nearest, &middle, &far]);
        let scopes = [&nearest, &middle, &far].map(|scope| EffectiveOptions::merge(&[scope]));
        let mut layered = ClientOptions::default();
        for scope in &scopes {
            layered.push(scope);
        }
        for requested in [&[][..], &[6, 15, 23, 144], &[144, 6]] {
            let layers = layered.select(requested.iter().copied());
            let layers: Vec<_> = layers.map(|(code, data)| (code, data.to_vec())).collect();
            assert_eq!(layers, chosen(&merged, requested), "{requested:?}");
        }
        let vendors = |options: &ClientOptions<'_>| {
            options.vendor(2495).map(|(option, always)| (option.data.clone(), always)).collect::<Vec<_>>()
        };
        assert_eq!(vendors(&layered), vendors(&only(&merged)));
        assert_eq!(vendors(&layered), [(vec![1], true), (vec![3], false)]);
        assert_eq!(layered.enterprises().collect::<Vec<_>>(), [2495]);
    }
}
