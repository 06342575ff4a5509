//! The messages of a DHCPv6 client that wants an address and a prefix, and what answers say of them.

use std::net::Ipv6Addr;

use fosix_wire::v6::{
    self, IaAddress, IaNa, IaPd, IaPrefix, MessageType, OptionCode, Options, Packet, StatusCode,
    StatusCodeOption, Writer,
};

/// A client of a certain number, which its DUID and its transaction ids are made of.
#[derive(Clone, Debug)]
pub struct Subscriber {
    /// DUID-LL over Ethernet.
    pub duid: Vec<u8>,
    /// The transaction id of all its messages.
    pub transaction_id: u32,
}

/// What a client has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Its address.
    pub address: Ipv6Addr,
    /// Its prefix, and the length of that.
    pub prefix: (Ipv6Addr, u8),
}

/// What a server says.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Advertise or Reply.
    pub message_type: MessageType,
    /// Whom it is for.
    pub transaction_id: u32,
    /// The client identifier in it.
    pub client: Vec<u8>,
    /// The server's DUID.
    pub server: Vec<u8>,
    /// The first status that is not Success, of the message or of its identity associations.
    pub status: StatusCode,
    /// What it gives or leaves to the client, where that is all that was asked for.
    pub holding: Option<Holding>,
}

impl Subscriber {
    const ADDRESS_IAID: u32 = 1;
    const PREFIX_IAID: u32 = 2;

    /// The client of this number, which has 24 bits.
    pub fn new(number: u32) -> Self {
        assert!(number < 1 << 24);
        let [a, b, c, d] = number.to_be_bytes();
        Self { duid: vec![0, 3, 0, 1, 2, 0, a, b, c, d], transaction_id: number }
    }

    /// Solicit for both; with Rapid Commit (RFC 9915 §21.14) if asked for.
    pub fn solicit(&self, rapid: bool) -> Vec<u8> {
        self.message(MessageType::SOLICIT, None, None, rapid)
    }

    /// Request of what a server has advertised.
    pub fn request(&self, holding: Holding, server: &[u8]) -> Vec<u8> {
        self.message(MessageType::REQUEST, Some(holding), Some(server), false)
    }

    /// Renew.
    pub fn renew(&self, holding: Holding, server: &[u8]) -> Vec<u8> {
        self.message(MessageType::RENEW, Some(holding), Some(server), false)
    }

    /// Release.
    pub fn release(&self, holding: Holding, server: &[u8]) -> Vec<u8> {
        self.message(MessageType::RELEASE, Some(holding), Some(server), false)
    }

    fn message(
        &self,
        message_type: MessageType,
        holding: Option<Holding>,
        server: Option<&[u8]>,
        rapid: bool,
    ) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut w = Writer::new(&mut bytes);
        let [_, transaction_id @ ..] = self.transaction_id.to_be_bytes();
        w.message(message_type, transaction_id);
        w.option(OptionCode::CLIENT_ID, &self.duid);
        if let Some(server) = server {
            w.option(OptionCode::SERVER_ID, server);
        }
        w.option_u16(OptionCode::ELAPSED_TIME, 0);
        if rapid {
            w.option(OptionCode::RAPID_COMMIT, &[]);
        }
        // Times are the server's to choose; a client's are zero.
        w.nested(OptionCode::IA_NA, |w| {
            w.raw(&Self::ADDRESS_IAID.to_be_bytes());
            w.raw(&[0; 8]);
            if let Some(Holding { address, .. }) = holding {
                w.option(OptionCode::IA_ADDR, &[&address.octets()[..], &[0; 8]].concat());
            }
        });
        w.nested(OptionCode::IA_PD, |w| {
            w.raw(&Self::PREFIX_IAID.to_be_bytes());
            w.raw(&[0; 8]);
            if let Some(Holding { prefix: (prefix, length), .. }) = holding {
                w.option(OptionCode::IA_PREFIX, &[&[0; 8][..], &[length], &prefix.octets()].concat());
            }
        });
        w.finish().expect("a message that can be written");
        bytes
    }
}

impl Holding {
    /// The address and the prefix, as text.
    pub fn texts(self) -> [String; 2] {
        let (prefix, length) = self.prefix;
        [self.address.to_string(), format!("{prefix}/{length}")]
    }
}

/// What an answer says, relayed or not; it must be whole.
pub fn answer_of(bytes: &[u8]) -> Answer {
    let packet = Packet::new_checked(bytes, v6::MAX_RELAY_LEVELS).expect("an answer that can be decoded");
    let message = packet.message();
    let options = message.options();
    let [a, b, c] = message.transaction_id();
    let identifier = |code| options.find(code).expect("an answer with both identifiers").to_vec();
    let addresses = options.find(OptionCode::IA_NA).map(|ia| IaNa::new_checked(ia).expect("a whole IA_NA"));
    let prefixes = options.find(OptionCode::IA_PD).map(|ia| IaPd::new_checked(ia).expect("a whole IA_PD"));
    let inner = [addresses.map(|ia| ia.options), prefixes.map(|ia| ia.options)];
    let statuses = [Some(options)].into_iter().chain(inner).flatten().filter_map(status_of);
    let address = addresses.and_then(|ia| address_of(&ia));
    let prefix = prefixes.and_then(|ia| prefix_of(&ia));
    Answer {
        message_type: message.message_type(),
        transaction_id: u32::from_be_bytes([0, a, b, c]),
        client: identifier(OptionCode::CLIENT_ID),
        server: identifier(OptionCode::SERVER_ID),
        status: statuses
            .into_iter()
            .find(|status| *status != StatusCode::SUCCESS)
            .unwrap_or(StatusCode::SUCCESS),
        holding: address.zip(prefix).map(|(address, prefix)| Holding { address, prefix }),
    }
}

fn address_of(ia: &IaNa<'_>) -> Option<Ipv6Addr> {
    assert_eq!(ia.iaid, Subscriber::ADDRESS_IAID);
    let address = IaAddress::new_checked(ia.options.find(OptionCode::IA_ADDR)?).expect("a whole IAADDR");
    (address.valid_lifetime > 0).then_some(address.address)
}

fn prefix_of(ia: &IaPd<'_>) -> Option<(Ipv6Addr, u8)> {
    assert_eq!(ia.iaid, Subscriber::PREFIX_IAID);
    let prefix = IaPrefix::new_checked(ia.options.find(OptionCode::IA_PREFIX)?).expect("a whole IAPREFIX");
    (prefix.valid_lifetime > 0).then_some((prefix.prefix, prefix.prefix_len))
}

fn status_of(options: Options<'_>) -> Option<StatusCode> {
    let status = options.find(OptionCode::STATUS_CODE)?;
    Some(StatusCodeOption::new_checked(status).expect("a whole status").code)
}
