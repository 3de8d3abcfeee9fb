//! Tours as fragments of an address: `#tour1.` and unpadded base64url of the raw-deflated text.

use super::{BYTES_MAX, TourError};
use crate::error::InputError;
use crate::link::{deflate, inflate};

const PREFIX: &str = "tour1.";

/// Whether a fragment, with or without its `#`, is meant as a tour of any version.
#[must_use]
pub fn looks_like_tour(fragment: &str) -> bool {
    let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
    let version = fragment.strip_prefix("tour").and_then(|rest| rest.split_once('.'));
    version.is_some_and(|(version, _)| !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Writes a tour's text as a fragment, `#tour1.…`.
pub fn encode(text: &str) -> Result<String, TourError> {
    check_size(text)?;
    Ok(format!("#{PREFIX}{}", deflate(text.as_bytes())))
}

/// The text of a tour in a fragment or in a whole address.
pub fn decode(text: &str) -> Result<String, InputError> {
    let fragment = text.split_once('#').map_or(text, |(_, fragment)| fragment);
    let Some(payload) = fragment.strip_prefix(PREFIX) else {
        let version: String = fragment.split('.').next().unwrap_or_default().chars().take(16).collect();
        return Err(InputError::new("tour", format!("starts with \"{version}\"; known here is {PREFIX}")));
    };
    let bytes = inflate(payload, BYTES_MAX).map_err(|problem| InputError::new("tour", problem))?;
    String::from_utf8(bytes).map_err(|_| InputError::new("tour", "is not text in UTF-8"))
}

/// Refuses a text that nobody would read.
pub fn check_size(text: &str) -> Result<(), TourError> {
    if text.len() > BYTES_MAX {
        let kib = text.len().div_ceil(1024);
        return Err(TourError::whole(format!("has {kib} KiB; {} KiB are the most", BYTES_MAX / 1024)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_survives_a_round_trip_and_broken_ones_say_why() {
        let fragment = encode("title = \"ä\"").unwrap();
        assert!(looks_like_tour(&fragment) && looks_like_tour(&fragment[1..]));
        assert!(looks_like_tour("#tour2.x") && !looks_like_tour("#v1.x") && !looks_like_tour("#tour.x"));
        assert_eq!(decode(&fragment).unwrap(), "title = \"ä\"");
        assert_eq!(decode(&format!("https://example.org/{fragment}")).unwrap(), "title = \"ä\"");
        let problem = |text: &str| decode(text).unwrap_err().to_string();
        assert!(problem("#tour2.abc").starts_with("tour: starts with \"tour2\""));
        assert!(problem("#tour1.%%%").contains("is damaged"));
        assert!(problem(&fragment[..fragment.len() - 4]).contains("is damaged"));
        let bomb = deflate(&vec![b'#'; BYTES_MAX + 1]);
        assert!(problem(&format!("#tour1.{bomb}")).contains("more than 256 KiB"));
        assert!(problem(&format!("#tour1.{}", deflate(&[0xff]))).contains("UTF-8"));
        assert!(encode(&"#".repeat(BYTES_MAX + 1)).is_err());
    }
}
