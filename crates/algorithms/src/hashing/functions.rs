//! The hash functions that keys and virtual nodes are hashed with. SHA-1, CRC-32, MD5 and Murmur3 come
//! from crates; FNV-1a with 32 bits has no such crate and is five lines.

use crc::{CRC_32_ISO_HDLC, Crc};
use md5::Md5;
use sha1::{Digest, Sha1};

/// A table of a kilobyte: faster ways have larger ones, which do not compress.
const CRC32: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// A hash function with 32 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, sim::Param)]
pub enum HashKind {
    /// SHA-1 (FIPS 180-4), its first four bytes as a big-endian number.
    #[default]
    Sha1,
    /// CRC-32 with the polynomial of IEEE 802.3, as in zlib. It is no good hash: similar keys lie close
    /// together.
    Crc32,
    /// FNV-1a with 32 bits (Fowler, Noll, Vo; RFC 9923).
    Fnv1a,
    /// MurmurHash3 x86_32 with seed 0 (Appleby).
    Murmur3,
}

impl HashKind {
    /// All of them, in the order in which parameters count them.
    pub const ALL: [Self; 4] = [Self::Sha1, Self::Crc32, Self::Fnv1a, Self::Murmur3];

    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Crc32 => "crc32",
            Self::Fnv1a => "fnv1a",
            Self::Murmur3 => "murmur3",
        }
    }

    /// The hash of some bytes.
    #[must_use]
    pub fn of(self, bytes: &[u8]) -> u32 {
        match self {
            Self::Sha1 => {
                let digest = Sha1::digest(bytes);
                u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
            }
            Self::Crc32 => CRC32.checksum(bytes),
            Self::Fnv1a => {
                bytes.iter().fold(0x811c_9dc5, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
            }
            Self::Murmur3 => mur3::murmurhash3_x86_32(bytes, 0),
        }
    }
}

/// The MD5 digest of some bytes (RFC 1321), for [`Ketama`](super::Ketama).
pub(super) fn md5(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

/// A label such as `n1#7`, without the machinery of `format!`.
pub(super) fn label(name: &str, mark: u8, number: u32) -> Vec<u8> {
    let mut label = Vec::with_capacity(name.len() + 11);
    label.extend_from_slice(name.as_bytes());
    label.push(mark);
    let mut digits = [0u8; 10];
    let mut rest = number;
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    label.extend_from_slice(&digits[start..]);
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_vectors() {
        // FIPS 180-4 appendix "abc"; the check value of CRC-32; draft-eastlake-fnv, appendix C;
        // SMHasher's MurmurHash3 of the empty text and of "hello"; RFC 1321 A.5.
        assert_eq!(HashKind::Sha1.of(b"abc"), 0xa999_3e36);
        assert_eq!(HashKind::Crc32.of(b"123456789"), 0xcbf4_3926);
        for (text, hash) in [("", 0x811c_9dc5), ("a", 0xe40c_292c), ("foobar", 0xbf9c_f968)] {
            assert_eq!(HashKind::Fnv1a.of(text.as_bytes()), hash, "{text}");
        }
        for (text, hash) in [("", 0), ("hello", 0x248b_fa47), ("hello, world", 0x149b_bb7f)] {
            assert_eq!(HashKind::Murmur3.of(text.as_bytes()), hash, "{text}");
        }
        assert_eq!(md5(b"abc")[..4], [0x90, 0x01, 0x50, 0x98]);
    }

    #[test]
    fn labels() {
        for (number, text) in [(0, "n1#0"), (9, "n1#9"), (10, "n1#10"), (u32::MAX, "n1#4294967295")] {
            assert_eq!(label("n1", b'#', number), text.as_bytes());
        }
    }
}
