//! base64url as RFC 7515 §2 has it: no padding, no line breaks, no other characters.
//!
//! Only the canonical text of an octet string is decoded (unused trailing bits are zero), so that
//! a token has one spelling.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A text that is not canonical base64url.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not base64url without padding (RFC 7515 §2)")]
pub struct NotBase64Url;

/// Encodes octets.
pub fn encode(octets: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

/// Encodes octets onto the end of a text.
pub fn encode_onto(octets: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_string(octets, text);
}

/// Encodes octets onto the end of others, in ASCII: much quicker than [`encode_onto`] for short ones.
pub fn append(octets: &[u8], text: &mut Vec<u8>) {
    let begin = text.len();
    text.resize(begin + encoded_length(octets.len()), 0);
    if let Some(room) = text.get_mut(begin..) {
        // The room is as long as it must be, which is all that can go wrong.
        let _ = URL_SAFE_NO_PAD.encode_slice(octets, room);
    }
}

/// Characters that `octets` octets take when encoded.
pub const fn encoded_length(octets: usize) -> usize {
    octets.saturating_mul(4).div_ceil(3)
}

/// Decodes a canonical text.
pub fn decode(text: &str) -> Result<Vec<u8>, NotBase64Url> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotBase64Url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_the_example_of_rfc7515_appendix_c() {
        assert_eq!(encode(&[3, 236, 255, 224, 193]), "A-z_4ME");
        assert_eq!(decode("A-z_4ME"), Ok(vec![3, 236, 255, 224, 193]));
    }

    #[test]
    fn length_is_exact() {
        for octets in 0..70 {
            let text = encode(&vec![0xa5; octets]);
            assert_eq!(text.len(), encoded_length(octets));
            let mut appended = b"before ".to_vec();
            append(&vec![0xa5; octets], &mut appended);
            assert_eq!(appended, format!("before {text}").into_bytes());
        }
    }

    #[test]
    fn refuses_every_other_spelling() {
        for text in [
            "QQ==",
            "QQ=",
            "QUI=",
            "QR",
            "QUJ",
            "A",
            "QUJDR",
            "+w",
            "/w",
            "Q Q",
            " QQ",
            "QQ ",
            "QQ\n",
            "Q\r\nQ",
            "QQ\0",
            "QQ.",
            "é",
            "QUJD\u{200b}",
        ] {
            assert_eq!(decode(text), Err(NotBase64Url), "{text:?}");
        }
        assert_eq!(decode("QQ"), Ok(b"A".to_vec()));
        assert_eq!(decode("QUI"), Ok(b"AB".to_vec()));
        assert_eq!(decode(""), Ok(vec![]));
    }
}
