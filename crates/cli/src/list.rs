//! `netsplit list`: which labs there are.

use std::io::Write;

use serde_json::Value;

use crate::args::Failure;

/// Prints the catalogue.
pub fn list(as_json: bool, out: &mut impl Write) -> Result<u8, Failure> {
    if as_json {
        writeln!(out, "{}", labs::catalogue().describe())?;
        return Ok(0);
    }
    for lab in labs::catalogue().iter().filter_map(|lab| Some(lab.entry().ok()?.info)) {
        writeln!(out, "{}  {}", lab.id, lab.title)?;
        for variant in lab.variants {
            writeln!(out, "    --variant {:<20} {}", variant.id, variant.summary)?;
        }
        for param in lab.params {
            let default = match param.to_json(param.default) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            let assignment = format!("{}={default}", param.key);
            writeln!(out, "    --set {assignment:<24} {} ({} to {})", param.title, param.min, param.max)?;
        }
    }
    Ok(0)
}
