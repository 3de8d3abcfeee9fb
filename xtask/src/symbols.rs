//! Which crate's functions are in a wasm, by its symbols: a lab's code belongs in its family's chunk and nowhere else. One
//! mention of a lab outside of its family's split point pulls all of it into the main file.
//!
//! It reads the symbols of Rust's second mangling scheme, whose first crate is the one that a function is written in.
//! Generic functions of other crates that are made for a lab's types are not looked at: where they come out alike for two
//! families, the linker has folded them, and what two families need is rightly a part of the main file.

use std::collections::BTreeMap;

/// How many symbols of each crate there are.
pub fn by_crate(wasm: &[u8]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let is_symbol = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    for word in wasm.split(|byte| !is_symbol(byte)).filter(|word| word.len() > 8) {
        // A name may stand right behind its length, which can look like a letter.
        let Some(start) = word.windows(2).position(|pair| pair == b"_R") else { continue };
        let symbol = String::from_utf8_lossy(&word[start..]);
        if let Some(name) = first_crate(&symbol) {
            *counts.entry(name.to_owned()).or_default() += 1;
        }
    }
    counts
}

/// The crate that a symbol's function is written in.
fn first_crate(symbol: &str) -> Option<&str> {
    let (_, rest) = symbol.split_once("Cs")?;
    let (_, rest) = rest.split_once('_')?;
    let digits = rest.len() - rest.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
    let length: usize = rest.get(..digits)?.parse().ok()?;
    rest.get(digits..digits.checked_add(length)?)
}

/// What is in the wrong file, in words. `chunk` is the family whose chunk it is; none for the main file.
pub fn misplaced(wasm: &[u8], families: &[String], chunk: Option<&str>) -> Vec<String> {
    let counts = by_crate(wasm);
    let count = |family: &str| counts.get(&format!("netsplit_{family}")).copied().unwrap_or_default();
    let place = chunk.unwrap_or("the main file");
    let mut wrong = Vec::new();
    for family in families.iter().map(String::as_str) {
        match (count(family), chunk == Some(family)) {
            (0, true) => wrong.push(format!("the chunk {family} has none of its family's functions")),
            (1.., false) => wrong.push(format!("{place} has {} functions of the family {family}", count(family))),
            _ => {}
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "_RNvMs_NtNtCsebt071RAHt4_18netsplit_consensus4raft6serverNtB4_6Server4step";
    const GENERIC: &str = "_RINvNtCsgXGp5Oqx2Ny_4core3ptr13drop_in_placeNtCsebt071RAHt4_18netsplit_consensus4raft";

    #[test]
    fn a_symbol_says_which_crate_it_is_of() {
        assert_eq!(first_crate(OWN), Some("netsplit_consensus"));
        assert_eq!(first_crate(GENERIC), Some("core"));
        for broken in ["_R", "_RNvCs", "_RNvCsx_", "_RNvCsx_9short", "_RNvCsx_99999999999999999999999x"] {
            assert_eq!(first_crate(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_labs_function_in_the_wrong_file_is_seen() {
        let families = ["consensus".to_owned(), "time".to_owned()];
        let file = |symbols: &[&str]| [b"\0asm\x01", symbols.join("\0").as_bytes(), b"\x02"].concat();
        assert!(misplaced(&file(&[GENERIC]), &families, None).is_empty());
        assert_eq!(misplaced(&file(&[GENERIC, OWN]), &families, None).len(), 1);
        assert!(misplaced(&file(&[OWN]), &families, Some("consensus")).is_empty());
        assert_eq!(misplaced(&file(&[OWN]), &families, Some("time")).len(), 2);
        assert_eq!(misplaced(&file(&[OWN]), &families, Some("ring")).len(), 1);
    }
}
