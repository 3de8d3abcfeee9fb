//! Links that were given out once still open: every file in a folder of `fixtures/links`. In `v1` are those that
//! engine 1 recorded, in `engine-2` the same runs as engine 2 records them.
//!
//! A link that was published is never rewritten. When a change of the engine alters digests on purpose, the engine's
//! version grows, and when a lab's runs change, its revision; what older ones recorded is compared by step and
//! time. New links are added beside the old ones: `UPDATE_EXPECT=1 cargo test -p netsplit-labs --test it links` records
//! those that are missing in the newest folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use labs::{Run, link};
use serde_json::Value;

const OLDER: &str = "v1";
const NEWEST: &str = "engine-2";

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/links").join(name)
}

fn links(name: &str) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder(name)).expect("the folder of links is part of the repository");
    files
        .map(|file| file.expect("a file of the folder can be named").path())
        .map(|path| {
            let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(path).expect("a link is text").trim().to_owned())
        })
        .collect()
}

fn read(name: &str, text: &str) -> Run {
    link::decode(labs::catalogue(), text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A run without what depends on who recorded it.
fn what_was_done(run: &Run) -> Value {
    let mut value = run.to_json();
    let fields = value.as_object_mut().expect("a run is an object");
    fields.retain(|field, _| !["engine", "revision", "end"].contains(&field.as_str()));
    value
}

#[test]
fn every_link_still_opens() {
    assert!(links(OLDER).len() >= 6, "only {} links are kept", links(OLDER).len());
    for folder in [OLDER, NEWEST] {
        for (name, text) in links(folder) {
            let run = read(&name, &text);
            let mut session = run.open().unwrap_or_else(|error| panic!("{folder}/{name}: {error}"));
            let end = run.end.as_ref().unwrap_or_else(|| panic!("{folder}/{name}: a shared link carries its end"));
            let checked = session.check_end();
            if run.is_current() {
                assert_eq!(checked, Ok(()), "{folder}/{name}");
            } else {
                // It may end otherwise by now; either way whoever opens it is told who recorded it.
                assert_eq!(run.remarks().len(), 1, "{folder}/{name}");
                assert!(checked.is_err() || session.step_count() == end.step, "{folder}/{name}");
            }
        }
    }
}

#[test]
fn older_links_have_their_like_beside_them() {
    let newest = links(NEWEST);
    for (name, text) in links(OLDER) {
        let run = read(&name, &text);
        if std::env::var_os("UPDATE_EXPECT").is_some() && !newest.contains_key(&name) {
            let mut session = run.open().unwrap_or_else(|error| panic!("{name}: {error}"));
            session.seek(run.end.as_ref().expect("a shared link carries its end").time_us);
            let link = link::encode(&session.run()).expect("a link that was read can be written");
            fs::write(folder(NEWEST).join(format!("{name}.txt")), link + "\n").expect("the link can be written");
            continue;
        }
        let like = newest.get(&name).unwrap_or_else(|| panic!("{name} has no like in {NEWEST}"));
        assert_eq!(what_was_done(&read(&name, like)), what_was_done(&run), "{name}");
    }
}

#[test]
fn a_link_is_written_as_it_was_read() {
    for (name, text) in [OLDER, NEWEST].into_iter().flat_map(links) {
        let run = read(&name, &text);
        // The page shares the whole address; what counts is the part that carries the run.
        let fragment = &text[text.find('#').expect("a link has a fragment")..];
        let again = read(&name, &link::encode(&run).expect("a link that was read can be written"));
        assert_eq!(again.to_json(), run.to_json(), "{name}");
        assert!(fragment.starts_with("#v1."), "{name}");
    }
}
