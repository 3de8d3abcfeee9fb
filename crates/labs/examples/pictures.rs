//! Writes what the published page shows before its code is there, into the folder that it is given: for each lab its opening
//! moment and its card, light and dark (`LAB-opening-light.svg`), and `labs.json`, what there is to say about the labs
//! in the meantime. `cargo xtask build` runs it.
//!
//! It is a program of its own because it needs every lab as native code, which a draft of the page does not wait for.

extern crate netsplit_labs as labs;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use labs::picture;
use serde_json::json;
use view::Theme;

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(std::env::args_os().nth(1).ok_or("it takes the folder to write to")?);
    fs::create_dir_all(&out)?;
    let mut listing = Vec::new();
    for lab in labs::catalogue().iter() {
        let entry = lab.entry().map_err(|error| error.to_string())?;
        let info = entry.info;
        for theme in [Theme::Light, Theme::Dark] {
            for (what, picture) in [("opening", picture::opening(entry, theme)), ("card", picture::card(entry, theme))]
            {
                let picture = picture.map_err(|error| format!("{}: {error}", info.id))?;
                fs::write(out.join(format!("{}-{what}-{}.svg", info.id, theme.name())), picture)?;
            }
        }
        listing.push(json!({
            "id": info.id,
            "title": info.title,
            "aliases": info.aliases,
            "family": info.family,
            "summary": info.summary,
            "mistakes": info.variants.len() - 1,
            "invitation": [info.invitation.0, info.invitation.1],
            "stage": info.picture.id(),
        }));
    }
    fs::write(out.join("labs.json"), serde_json::to_string(&listing)?)?;
    Ok(())
}
