//! Runs as links: `#v1.` and unpadded base64url of raw-deflated JSON.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};
use serde_json::Value;

use crate::catalogue::Catalogue;
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
pub fn decode(catalogue: &Catalogue, text: &str) -> Result<Run, InputError> {
    Run::from_json(catalogue, &data_of(text)?).map_err(|error| error.within("link"))
}

/// The run in a link as data, not checked yet.
pub(crate) fn data_of(text: &str) -> Result<Value, InputError> {
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
    parse(&json, "does not hold a run").map_err(|error| error.within("link"))
}

fn shorten(text: &str) -> String {
    text.chars().take(16).collect()
}
