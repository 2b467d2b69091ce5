//! HMAC with SHA-256 (RFC 2104) of many texts that begin alike, four at a time.

use sha2::{Digest as _, Sha256};
use wide::u32x4;
use zeroize::Zeroizing;

use super::Inputs;
use super::sha256::{self, BLOCK, State};

/// A secret: what SHA-256 is after the first block of the inner and of the outer hash. Wiped on drop.
pub(super) struct Secret {
    inner: Zeroizing<[u32; 8]>,
    outer: Zeroizing<[u32; 8]>,
}

impl Secret {
    pub(super) fn new(secret: &[u8]) -> Self {
        let hashed: Zeroizing<[u8; 32]>;
        let short = if secret.len() > BLOCK {
            hashed = Zeroizing::new(Sha256::digest(secret).into());
            hashed.as_slice()
        } else {
            secret
        };
        let begin = |pad: u8| {
            let mut block = Zeroizing::new([pad; BLOCK]);
            for (octet, secret) in block.iter_mut().zip(short) {
                *octet ^= secret;
            }
            let mut state = sha256::initial();
            sha256::compress(&mut state, sha256::words([&block; 4]));
            Zeroizing::new(state.map(|word| {
                let [first, ..] = word.to_array();
                first
            }))
        };
        Self { inner: begin(0x36), outer: begin(0x5c) }
    }

    /// The HMAC of each input, 32 octets each, one after the other.
    pub(super) fn sign_all(&self, inputs: &Inputs) -> Vec<u8> {
        let (blocks, _) = inputs.shared().as_chunks::<BLOCK>();
        let mut begun = self.inner.map(u32x4::splat);
        for block in blocks {
            sha256::compress(&mut begun, sha256::words([block; 4]));
        }
        let outer = self.outer.map(u32x4::splat);
        let hashed = blocks.len() * BLOCK;
        let texts: Vec<&[u8]> = inputs.iter().collect();
        let mut macs = Vec::with_capacity(texts.len() * 32);
        for group in texts.chunks(4) {
            let lane = |at| Lane::new(group.get(at).copied().unwrap_or_default(), hashed);
            let inner = finish(begun, &std::array::from_fn(lane));
            let mut state = outer;
            sha256::compress(&mut state, padded_digest(inner));
            macs.extend(sha256::digests(&state).iter().take(group.len()).flatten());
        }
        macs
    }
}

/// What is left to hash of a text, padded (FIPS 180-4 §5.1.1). A block with the secret went before.
struct Lane<'a> {
    whole: &'a [[u8; BLOCK]],
    end: [[u8; BLOCK]; 2],
    blocks: usize,
}

impl<'a> Lane<'a> {
    fn new(text: &'a [u8], hashed: usize) -> Self {
        let (whole, rest) = text.get(hashed..).unwrap_or_default().as_chunks();
        let mut end = [[0; BLOCK]; 2];
        let (text_end, padding) = end.as_flattened_mut().split_at_mut(rest.len());
        text_end.copy_from_slice(rest);
        if let Some(first) = padding.first_mut() {
            *first = 0x80;
        }
        let ends = if rest.len() + 9 > BLOCK { 2 } else { 1 };
        let bits = (BLOCK + text.len()) as u64 * 8;
        if let Some(length) = end.as_flattened_mut().as_chunks_mut::<8>().0.get_mut(ends * 8 - 1) {
            *length = bits.to_be_bytes();
        }
        Self { whole, end, blocks: whole.len() + ends }
    }

    fn block(&self, at: usize) -> Option<&[u8; BLOCK]> {
        if at >= self.blocks {
            return None;
        }
        self.whole.get(at).or_else(|| self.end.get(at - self.whole.len()))
    }
}

/// The state of each lane after its last block.
fn finish(begun: State, lanes: &[Lane<'_>; 4]) -> State {
    const NOTHING: [u8; BLOCK] = [0; BLOCK];
    let mut state = begun;
    let most = lanes.iter().map(|lane| lane.blocks).max().unwrap_or_default();
    for at in 0..most {
        let blocks = lanes.each_ref().map(|lane| lane.block(at));
        let before = state;
        sha256::compress(&mut state, sha256::words(blocks.map(|block| block.unwrap_or(&NOTHING))));
        if blocks.iter().any(Option::is_none) {
            let goes_on = u32x4::new(blocks.map(|block| if block.is_some() { u32::MAX } else { 0 }));
            for (word, before) in state.iter_mut().zip(before) {
                *word = goes_on.bitselect(*word, before);
            }
        }
    }
    state
}

/// The one block of the outer hash that follows its first.
fn padded_digest(digest: State) -> sha256::Words {
    let mut block = [u32x4::ZERO; 16];
    for (to, from) in block.iter_mut().zip(digest) {
        *to = from;
    }
    block[8] = u32x4::splat(1 << 31);
    // In bits: the secret's block and the digest.
    block[15] = u32x4::splat((64 + 32) * 8);
    block
}
