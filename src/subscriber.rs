//! Whom a `login_hint` names: a subscriber of a network, by phone number, by address, or by a token of their operator.
//!
//! What is parsed has one spelling ([`Subscriber`]'s `Display`): directories are asked with that, whatever a client
//! wrote.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU16;
use std::str::FromStr;

/// Most digits of a phone number, ITU-T E.164 §6.
const MOST_DIGITS: usize = 15;
/// Longest token of an operator, in octets.
const LONGEST_TOKEN: usize = 2048;

/// A subscriber, as a hint names them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Subscriber {
    /// `tel:+34666666666`; `phone_number:` is taken for it.
    Phone(PhoneNumber),
    /// `ipport:80.90.34.2:16790`, `ipport:[2001:db8::1]`: the address that a device has in the internet, and the port
    /// where many share one.
    Address(IpAddr, Option<NonZeroU16>),
    /// `operatortoken:…`
    Token(OperatorToken),
}

/// A global number, RFC 3966 §5.1.4: the digits of E.164, without separators and parameters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PhoneNumber(String);

/// What an operator made to stand for a subscriber: 1 to 2048 octets, opaque.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OperatorToken(String);

/// A hint that names no subscriber.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SubscriberError {
    /// The hint has no type, or another.
    #[error("login_hint begins with tel:, ipport: or operatortoken:")]
    Type,
    /// A phone number is not a global one.
    #[error("a phone number begins with + and its country code: send tel:+34666666666, the + as %2B")]
    NotGlobal,
    /// A phone number begins with a digit that begins no country code, or with none.
    #[error("after its +, a phone number has a country code, which begins with 1 to 9")]
    CountryCode,
    /// A phone number has something else in it.
    #[error(
        "expected nothing but digits after the + of a phone number, found one that is none at place {at}"
    )]
    NotADigit {
        /// Where, counted from the plus sign, which has place 0.
        at: usize,
    },
    /// A phone number is too long.
    #[error("expected a phone number of at most {MOST_DIGITS} digits, found {digits}")]
    TooManyDigits {
        /// How many it has.
        digits: usize,
    },
    /// It is no address.
    #[error(
        "expected an IPv4 address or an IPv6 address in brackets: 80.90.34.2:16790 or [2001:db8::1]:16790, \
         the port optional"
    )]
    Address,
    /// An IPv6 address has no brackets, so that nobody can tell where the port begins.
    #[error("expected brackets around the IPv6 address: ipport:[{0}]")]
    Bare(Ipv6Addr),
    /// It is no port.
    #[error("expected a port of 1 to 65535, without leading zeros")]
    Port,
    /// It is no token.
    #[error("expected 1 to {LONGEST_TOKEN} printable ASCII characters after operatortoken:")]
    Token,
}

impl FromStr for Subscriber {
    type Err = SubscriberError;

    fn from_str(hint: &str) -> Result<Self, SubscriberError> {
        match hint.split_once(':') {
            Some(("tel" | "phone_number", number)) => number.parse().map(Self::Phone),
            Some(("ipport", address)) => parse_address(address),
            Some(("operatortoken", token)) => {
                let good = (1..=LONGEST_TOKEN).contains(&token.len())
                    && token.bytes().all(|octet| octet.is_ascii_graphic());
                if good { Ok(Self::Token(OperatorToken(token.into()))) } else { Err(SubscriberError::Token) }
            }
            _ => Err(SubscriberError::Type),
        }
    }
}

impl FromStr for PhoneNumber {
    type Err = SubscriberError;

    fn from_str(text: &str) -> Result<Self, SubscriberError> {
        // A plus sign that was sent in a form as it is arrives as a space.
        let digits = text.strip_prefix(['+', ' ']).ok_or(SubscriberError::NotGlobal)?;
        if let Some(at) = digits.chars().position(|found| !found.is_ascii_digit()) {
            return Err(SubscriberError::NotADigit { at: at + 1 });
        }
        if digits.is_empty() || digits.starts_with('0') {
            return Err(SubscriberError::CountryCode);
        }
        if digits.len() > MOST_DIGITS {
            return Err(SubscriberError::TooManyDigits { digits: digits.len() });
        }
        Ok(Self(digits.into()))
    }
}

/// An address, and a port where there is one.
fn parse_address(text: &str) -> Result<Subscriber, SubscriberError> {
    let (ip, port) = if let Some(rest) = text.strip_prefix('[') {
        let (ip, rest) = rest.split_once(']').ok_or(SubscriberError::Address)?;
        let port = match rest {
            "" => None,
            rest => Some(rest.strip_prefix(':').ok_or(SubscriberError::Address)?),
        };
        (ip.parse().map(IpAddr::V6), port)
    } else if let Ok(bare) = text.parse() {
        return Err(SubscriberError::Bare(bare));
    } else {
        let (ip, port) = text.split_once(':').map_or((text, None), |(ip, port)| (ip, Some(port)));
        (ip.parse().map(IpAddr::V4), port)
    };
    let ip = ip.map_err(|_| SubscriberError::Address)?;
    // RFC 4291 §2.5.5.2: an IPv4 address in IPv6's spelling is that IPv4 address.
    Ok(Subscriber::Address(ip.to_canonical(), port.map(parse_port).transpose()?))
}

fn parse_port(text: &str) -> Result<NonZeroU16, SubscriberError> {
    // What is left of std's spellings, once a sign and leading zeros are out, is one for each port.
    let plain = text.starts_with(|first: char| first.is_ascii_digit() && first != '0');
    let port = text.parse().ok().filter(|_| plain);
    port.ok_or(SubscriberError::Port)
}

impl fmt::Display for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(number) => write!(f, "tel:{number}"),
            Self::Address(ip, Some(port)) => write!(f, "ipport:{}", SocketAddr::new(*ip, port.get())),
            Self::Address(IpAddr::V4(ip), None) => write!(f, "ipport:{ip}"),
            Self::Address(IpAddr::V6(ip), None) => write!(f, "ipport:[{ip}]"),
            Self::Token(OperatorToken(token)) => write!(f, "operatortoken:{token}"),
        }
    }
}

/// As E.164 writes it, with its plus sign.
impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_has_one_canonical_spelling() {
        let longest = format!("operatortoken:{}", "~".repeat(2048));
        for (hint, canonical) in [
            ("tel:+34666666666", "tel:+34666666666"),
            ("tel: 34666666666", "tel:+34666666666"),
            ("phone_number:+34666666666", "tel:+34666666666"),
            ("phone_number: 34666666666", "tel:+34666666666"),
            ("tel:+123456789012345", "tel:+123456789012345"),
            ("tel:+1", "tel:+1"),
            ("ipport:80.90.34.2:16790", "ipport:80.90.34.2:16790"),
            ("ipport:80.90.34.2", "ipport:80.90.34.2"),
            ("ipport:80.90.34.2:1", "ipport:80.90.34.2:1"),
            ("ipport:[2001:db8::1]:65535", "ipport:[2001:db8::1]:65535"),
            ("ipport:[2001:0DB8:0:0:0:0:0:1]:8080", "ipport:[2001:db8::1]:8080"),
            ("ipport:[2001:db8::1]", "ipport:[2001:db8::1]"),
            ("ipport:[::ffff:80.90.34.2]:8080", "ipport:80.90.34.2:8080"),
            ("operatortoken:a:b+/=", "operatortoken:a:b+/="),
            (&longest, &longest),
        ] {
            let found = hint.parse::<Subscriber>().map(|subscriber| subscriber.to_string());
            assert_eq!(found.as_deref(), Ok(canonical), "{hint}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_hint_is_named() {
        use SubscriberError::*;
        let too_long = format!("operatortoken:{}", "a".repeat(2049));
        for (hint, error) in [
            ("", Type),
            ("+34666666666", Type),
            ("TEL:+34666666666", Type),
            ("sip:+34666666666", Type),
            ("2001:db8::1", Type),
            ("tel:", NotGlobal),
            ("tel:34666666666", NotGlobal),
            ("tel:\u{a0}34666666666", NotGlobal),
            ("tel:  34666666666", NotADigit { at: 1 }),
            ("tel:++34666666666", NotADigit { at: 1 }),
            ("tel:+34-666-666-666", NotADigit { at: 3 }),
            ("tel:+34666666666;ext=1", NotADigit { at: 12 }),
            ("tel:+34666666666 ", NotADigit { at: 12 }),
            ("tel:+34٦66666666", NotADigit { at: 3 }),
            ("tel:+", CountryCode),
            ("tel: ", CountryCode),
            ("tel:+034666666666", CountryCode),
            ("tel:+1234567890123456", TooManyDigits { digits: 16 }),
            ("ipport:", Address),
            ("ipport: 80.90.34.2", Address),
            ("ipport:80.90.34", Address),
            ("ipport:080.90.34.2", Address),
            ("ipport:host:80", Address),
            ("ipport:[80.90.34.2]:80", Address),
            ("ipport:[2001:db8::1", Address),
            ("ipport:[2001:db8::1]80", Address),
            ("ipport:[fe80::1%eth0]:80", Address),
            ("ipport:2001:db8::1", Bare("2001:db8::1".parse().unwrap())),
            ("ipport:::1", Bare("::1".parse().unwrap())),
            ("ipport:80.90.34.2:", Port),
            ("ipport:80.90.34.2:0", Port),
            ("ipport:80.90.34.2:080", Port),
            ("ipport:80.90.34.2:+80", Port),
            ("ipport:80.90.34.2:65536", Port),
            ("ipport:80.90.34.2:80:81", Port),
            ("ipport:[2001:db8::1]:", Port),
            ("operatortoken:", Token),
            ("operatortoken:a b", Token),
            ("operatortoken:ü", Token),
            (&too_long, Token),
        ] {
            assert_eq!(hint.parse::<Subscriber>(), Err(error), "{hint:?}");
        }
    }
}

/// proptest is not there for WebAssembly.
#[cfg(all(test, not(target_arch = "wasm32")))]
mod properties {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    fn subscriber() -> impl Strategy<Value = Subscriber> {
        let port = || proptest::option::of(any::<NonZeroU16>());
        prop_oneof![
            "[1-9][0-9]{0,14}".prop_map(|digits| Subscriber::Phone(PhoneNumber(digits))),
            (any::<Ipv4Addr>(), port()).prop_map(|(ip, port)| Subscriber::Address(ip.into(), port)),
            (any::<Ipv6Addr>(), port())
                .prop_map(|(ip, port)| Subscriber::Address(IpAddr::V6(ip).to_canonical(), port)),
            "[!-~]{1,64}".prop_map(|token| Subscriber::Token(OperatorToken(token))),
        ]
    }

    proptest! {
        #[test]
        fn what_is_displayed_is_parsed_again(subscriber in subscriber()) {
            prop_assert_eq!(subscriber.to_string().parse(), Ok(subscriber));
        }

        #[test]
        fn whatever_is_parsed_is_displayed_in_the_one_spelling(
            hint in "(tel|phone_number|ipport|operatortoken|)(:|)[ +\\[]?([0-9a-f:.\\]]{0,40}|\\PC*)"
        ) {
            if let Ok(subscriber) = hint.parse::<Subscriber>() {
                prop_assert_eq!(subscriber.to_string().parse(), Ok(subscriber));
            }
        }
    }
}
