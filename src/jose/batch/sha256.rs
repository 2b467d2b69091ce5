//! SHA-256 (FIPS 180-4 §6.2) of four messages at once, one in each lane of a vector.

use wide::{u8x16, u32x4};

/// The working hash of four messages.
pub(super) type State = [u32x4; 8];

/// A block of each of four messages, as words.
pub(super) type Words = [u32x4; 16];

/// Octets of a block.
pub(super) const BLOCK: usize = 64;

/// FIPS 180-4 §5.3.3.
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// FIPS 180-4 §4.2.2.
const K: [[u32; 16]; 4] = [
    [
        0x428a_2f98,
        0x7137_4491,
        0xb5c0_fbcf,
        0xe9b5_dba5,
        0x3956_c25b,
        0x59f1_11f1,
        0x923f_82a4,
        0xab1c_5ed5,
        0xd807_aa98,
        0x1283_5b01,
        0x2431_85be,
        0x550c_7dc3,
        0x72be_5d74,
        0x80de_b1fe,
        0x9bdc_06a7,
        0xc19b_f174,
    ],
    [
        0xe49b_69c1,
        0xefbe_4786,
        0x0fc1_9dc6,
        0x240c_a1cc,
        0x2de9_2c6f,
        0x4a74_84aa,
        0x5cb0_a9dc,
        0x76f9_88da,
        0x983e_5152,
        0xa831_c66d,
        0xb003_27c8,
        0xbf59_7fc7,
        0xc6e0_0bf3,
        0xd5a7_9147,
        0x06ca_6351,
        0x1429_2967,
    ],
    [
        0x27b7_0a85,
        0x2e1b_2138,
        0x4d2c_6dfc,
        0x5338_0d13,
        0x650a_7354,
        0x766a_0abb,
        0x81c2_c92e,
        0x9272_2c85,
        0xa2bf_e8a1,
        0xa81a_664b,
        0xc24b_8b70,
        0xc76c_51a3,
        0xd192_e819,
        0xd699_0624,
        0xf40e_3585,
        0x106a_a070,
    ],
    [
        0x19a4_c116,
        0x1e37_6c08,
        0x2748_774c,
        0x34b0_bcb5,
        0x391c_0cb3,
        0x4ed8_aa4a,
        0x5b9c_ca4f,
        0x682e_6ff3,
        0x748f_82ee,
        0x78a5_636f,
        0x84c8_7814,
        0x8cc7_0208,
        0x90be_fffa,
        0xa450_6ceb,
        0xbef9_a3f7,
        0xc671_78f2,
    ],
];

/// The state before any block.
pub(super) fn initial() -> State {
    INITIAL.map(u32x4::splat)
}

/// Takes one block of each message into `state`.
#[allow(clippy::many_single_char_names, reason = "the names of FIPS 180-4 §6.2.2")]
pub(super) fn compress(state: &mut State, mut w: Words) {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    macro_rules! round {
        ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $t:literal, $k:ident) => {
            let choice = $g ^ ($e & ($f ^ $g));
            let majority = ($a & $b) | ($c & ($a | $b));
            let sigma1 = rotate::<6>($e) ^ rotate::<11>($e) ^ rotate::<25>($e);
            let sigma0 = rotate::<2>($a) ^ rotate::<13>($a) ^ rotate::<22>($a);
            let sum = $h + sigma1 + choice + u32x4::splat($k[$t]) + w[$t];
            $d += sum;
            $h = sum + sigma0 + majority;
        };
    }
    macro_rules! schedule {
        ($($t:literal $t1:literal $t9:literal $t14:literal;)*) => {$(
            let (early, late) = (w[$t1], w[$t14]);
            let sigma0 = rotate::<7>(early) ^ rotate::<18>(early) ^ (early >> 3_u32);
            let sigma1 = rotate::<17>(late) ^ rotate::<19>(late) ^ (late >> 10_u32);
            w[$t] += sigma0 + w[$t9] + sigma1;
        )*};
    }
    for (quarter, k) in K.iter().enumerate() {
        if quarter > 0 {
            schedule! {
                0 1 9 14; 1 2 10 15; 2 3 11 0; 3 4 12 1; 4 5 13 2; 5 6 14 3; 6 7 15 4; 7 8 0 5;
                8 9 1 6; 9 10 2 7; 10 11 3 8; 11 12 4 9; 12 13 5 10; 13 14 6 11; 14 15 7 12; 15 0 8 13;
            }
        }
        round!(a b c d e f g h, 0, k);
        round!(h a b c d e f g, 1, k);
        round!(g h a b c d e f, 2, k);
        round!(f g h a b c d e, 3, k);
        round!(e f g h a b c d, 4, k);
        round!(d e f g h a b c, 5, k);
        round!(c d e f g h a b, 6, k);
        round!(b c d e f g h a, 7, k);
        round!(a b c d e f g h, 8, k);
        round!(h a b c d e f g, 9, k);
        round!(g h a b c d e f, 10, k);
        round!(f g h a b c d e, 11, k);
        round!(e f g h a b c d, 12, k);
        round!(d e f g h a b c, 13, k);
        round!(c d e f g h a b, 14, k);
        round!(b c d e f g h a, 15, k);
    }
    for (old, new) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *old += new;
    }
}

#[inline]
fn rotate<const BITS: u32>(word: u32x4) -> u32x4 {
    (word >> BITS) | (word << (32 - BITS))
}

/// The words of a block of each message.
pub(super) fn words(blocks: [&[u8; BLOCK]; 4]) -> Words {
    let [a, b, c, d] = blocks.map(|block| block.as_chunks::<16>().0);
    let mut words = [u32x4::ZERO; 16];
    for ((((out, a), b), c), d) in words.as_chunks_mut::<4>().0.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *out = u32x4::transpose([a, b, c, d].map(|octets| big_endian(*octets)));
    }
    words
}

/// FIPS 180-4 §3.1: words are written with the highest octet first.
#[inline]
fn big_endian(octets: [u8; 16]) -> u32x4 {
    const SWAPPED: u8x16 = u8x16::new([3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]);
    u32x4::from_ne_bytes(u8x16::from_ne_bytes(octets).shuffle_zeroing(SWAPPED).to_ne_bytes())
}

/// The words of a state as the octets of four digests.
pub(super) fn digests(state: &State) -> [[u8; 32]; 4] {
    let [a, b, c, d, rest @ ..] = *state;
    let mut digests = [[0; 32]; 4];
    let halves = u32x4::transpose([a, b, c, d]).into_iter().zip(u32x4::transpose(rest));
    for (digest, (first, second)) in digests.iter_mut().zip(halves) {
        for (octets, half) in digest.as_chunks_mut::<16>().0.iter_mut().zip([first, second]) {
            *octets = big_endian(half.to_ne_bytes()).to_ne_bytes();
        }
    }
    digests
}
