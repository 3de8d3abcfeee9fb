//! Runs as links: `#v1.` and unpadded base64url of raw-deflated JSON.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};

use crate::error::InputError;
use crate::json::parse;
use crate::run::Run;

/// Most bytes that a link may inflate to.
pub const INFLATED_MAX: usize = 256 * 1024;

const PREFIX: &str = "v1.";

/// Whether a text is meant as a link: it starts with `http`, `#v` or `v1.`.
#[must_use]
pub fn looks_like_link(text: &str) -> bool {
    text.starts_with("http") || text.starts_with("#v") || text.starts_with(PREFIX)
}

/// Writes a run as the fragment of a link, `#v1.…`; fails for a run that no reader would accept
/// because it inflates to more than [`INFLATED_MAX`].
pub fn encode(run: &Run) -> Result<String, InputError> {
    let json = run.to_json().to_string();
    if json.len() > INFLATED_MAX {
        let problem = format!(
            "the run is too large for a link: {} KiB, and {} KiB are the most; it has {} commands",
            json.len().div_ceil(1024),
            INFLATED_MAX / 1024,
            run.commands.len()
        );
        return Err(InputError::new("link", problem));
    }
    Ok(format!("#{PREFIX}{}", deflate(json.as_bytes())))
}

/// Unpadded base64url of raw-deflated bytes.
pub(crate) fn deflate(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(compress_to_vec(bytes, 9))
}

/// What [`deflate`] made; the error says what is wrong with it. It never takes more than `most`
/// bytes of memory.
pub(crate) fn inflate(payload: &str, most: usize) -> Result<Vec<u8>, String> {
    let deflated = URL_SAFE_NO_PAD
        .decode(payload.trim_end())
        .map_err(|error| format!("is damaged: {error}; was it copied whole?"))?;
    decompress_to_vec_with_limit(&deflated, most).map_err(|error| match error.status {
        TINFLStatus::HasMoreOutput => format!("is too large: it inflates to more than {} KiB", most / 1024),
        _ => "is damaged: it cannot be inflated; was it copied whole?".into(),
    })
}

/// Reads a link: a whole address with a fragment, a fragment, or its text.
pub fn decode(text: &str) -> Result<Run, InputError> {
    let wrong = |problem: String| InputError::new("link", problem);
    let fragment = match text.split_once('#') {
        Some((_, fragment)) => fragment,
        None if text.starts_with("http") => {
            return Err(wrong("the address carries no run: it has no part after #".into()));
        }
        None => text,
    };
    let Some(payload) = fragment.strip_prefix(PREFIX) else {
        let version = fragment.split('.').next().unwrap_or_default();
        return Err(wrong(format!("starts with \"{}\"; links that are known here start with v1.", shorten(version))));
    };
    let json = inflate(payload, INFLATED_MAX).map_err(wrong)?;
    let value = parse(&json, "does not hold a run").map_err(|error| error.within("link"))?;
    Run::from_json(&value).map_err(|error| error.within("link"))
}

fn shorten(text: &str) -> String {
    text.chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Run {
        let mut run = Run::of_lab("raft-election").unwrap();
        run.set_seed(7).unwrap();
        run
    }

    #[test]
    fn a_link_survives_a_round_trip_in_each_of_its_forms() {
        let link = encode(&run()).unwrap();
        assert!(link.starts_with("#v1."), "{link}");
        for text in [link.clone(), link[1..].to_owned(), format!("https://example.org/netsplit/?theme=dark{link}")] {
            assert_eq!(decode(&text).unwrap().to_json(), run().to_json());
        }
    }

    #[test]
    fn a_run_that_no_reader_would_accept_is_no_link() {
        let mut run = run();
        let commands: Vec<_> = (0..10_000).map(|n| serde_json::json!({"at_us": n, "do": "heal-all"})).collect();
        run.set_commands(&commands.into()).unwrap();
        let problem = encode(&run).unwrap_err().to_string();
        assert!(problem.contains("too large for a link") && problem.contains("10000 commands"), "{problem}");
        run.commands.truncate(5_000);
        assert_eq!(decode(&encode(&run).unwrap()).unwrap().commands.len(), 5_000);
    }

    #[test]
    fn broken_links_say_what_is_wrong() {
        let link = encode(&run()).unwrap();
        let error = |text: &str| decode(text).unwrap_err().to_string();
        assert!(error(&link[..link.len() / 2]).contains("was it copied whole?"));
        assert!(error("#v1.%%%").starts_with("link: is damaged"));
        assert!(error("#v9.abc").starts_with("link: starts with \"v9\""));
        assert!(error("https://example.org/").contains("no part after #"));
        let bomb = URL_SAFE_NO_PAD.encode(compress_to_vec(&vec![b' '; INFLATED_MAX + 1], 9));
        assert!(error(&format!("#v1.{bomb}")).contains("more than 256 KiB"));
        let unknown = URL_SAFE_NO_PAD.encode(compress_to_vec(br#"{"lab":"raft-election","colour":1}"#, 9));
        assert!(error(&format!("#v1.{unknown}")).starts_with("link.colour: is not a known field"));
        let twice = URL_SAFE_NO_PAD.encode(compress_to_vec(br#"{"lab":"raft-election","seed":1,"seed":2}"#, 9));
        assert!(error(&format!("#v1.{twice}")).starts_with("link: the field \"seed\" is given twice"));
        let text = URL_SAFE_NO_PAD.encode(compress_to_vec(b"hello", 9));
        assert!(error(&format!("#v1.{text}")).starts_with("link: does not hold a run"));
    }
}
