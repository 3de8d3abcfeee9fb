//! Jump consistent hash: buckets with numbers and no memory at all. Only the last bucket can go.
//!
//! John Lamping and Eric Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", arXiv:1406.2294, 2014.
//! The paper divides floats; here the quotient is an exact integer. That gives the same bucket as long as
//! there are at most 2²⁰ of them (the tests compare): a double is exact enough then.

/// Most buckets.
pub const BUCKETS_MAX: u32 = 1 << 20;

/// The bucket of a key among `buckets`, of which there is at least one and at most [`BUCKETS_MAX`]; other
/// numbers are taken for the nearest.
#[must_use]
pub fn bucket(mut key: u64, buckets: u32) -> u32 {
    let buckets = u64::from(buckets.clamp(1, BUCKETS_MAX));
    let (mut bucket, mut next) = (0, 0);
    while next < buckets {
        bucket = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = ((bucket + 1) << 31) / ((key >> 33) + 1);
    }
    bucket as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by the paper's C++ code, as handed down in the tests of github.com/dgryski/go-jump: the bucket
    /// among one, two, three and so on.
    #[test]
    fn vectors_of_the_reference_code() {
        let vectors: [(u64, &[u32]); 4] = [
            (0, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            (1, &[0, 0, 0, 0, 0, 0, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 17, 17]),
            (0xdead_beef, &[0, 1, 2, 3, 3, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 16, 16, 16]),
            (0x0ddc_0ffe_ebad_f00d, &[0, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 15, 15, 15, 15]),
        ];
        for (key, wanted) in vectors {
            for (buckets, &wanted) in (1..).zip(wanted) {
                assert_eq!(bucket(key, buckets), wanted, "{key:#x} among {buckets}");
            }
        }
        // The example of the Python package `jump_consistent_hash`.
        assert_eq!(bucket(256, 1024), 520);
    }

    /// As the paper has it, with a double.
    // float-ok: a twin for a test
    fn with_floats(mut key: u64, buckets: u32) -> u32 {
        let (mut bucket, mut next) = (0i64, 0i64);
        while next < i64::from(buckets) {
            bucket = next;
            key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
            // float-ok: a twin for a test
            next = ((bucket + 1) as f64 * ((1u64 << 31) as f64 / ((key >> 33) + 1) as f64)) as i64;
        }
        bucket as u32
    }

    #[test]
    fn integers_jump_as_far_as_floats() {
        for number in 0..20_000u64 {
            let key = sim::hash::mix(number);
            for buckets in [2, 3, 10, 1_000, 65_536, BUCKETS_MAX] {
                assert_eq!(bucket(key, buckets), with_floats(key, buckets), "{key} among {buckets}");
            }
        }
    }

    #[test]
    fn a_new_bucket_takes_its_share_and_nobody_else_moves() {
        let mut moved = 0u32;
        for number in 0..11_000u64 {
            let key = sim::hash::mix(number);
            let (before, after) = (bucket(key, 10), bucket(key, 11));
            assert!(after == before || after == 10);
            moved += u32::from(after != before);
        }
        assert!((850..1_150).contains(&moved), "{moved}");
    }
}
