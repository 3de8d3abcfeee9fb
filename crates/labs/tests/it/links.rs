//! Links that were given out once still show what they showed: every file in `fixtures/links/v1`.
//!
//! A link is never rewritten. When a change of the engine alters digests on purpose, the engine's
//! version grows, links recorded by an older engine say from where on they differ, and new links
//! are added beside them.

use std::fs;
use std::path::PathBuf;

use labs::{ENGINE_VERSION, link};

fn links() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/links/v1");
    let mut links: Vec<_> = fs::read_dir(folder)
        .expect("the folder of links is part of the repository")
        .map(|file| file.expect("a file of the folder can be named").path())
        .map(|path| {
            let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(path).expect("a link is text").trim().to_owned())
        })
        .collect();
    links.sort();
    links
}

#[test]
fn every_link_still_opens_and_reproduces() {
    let links = links();
    assert!(links.len() >= 6, "only {} links are kept", links.len());
    for (name, text) in links {
        let run = link::decode(labs::catalogue(), &text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut session = (run.entry.open)(&run).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(run.end.is_some(), "{name}: a shared link carries its end");
        if run.engine == ENGINE_VERSION {
            assert_eq!(session.check_end(), Ok(()), "{name}");
        }
    }
}

#[test]
fn a_link_is_written_as_it_was_read() {
    for (name, text) in links() {
        let run = link::decode(labs::catalogue(), &text).unwrap_or_else(|error| panic!("{name}: {error}"));
        // The page shares the whole address; what counts is the part that carries the run.
        let fragment = &text[text.find('#').expect("a link has a fragment")..];
        let again = link::decode(labs::catalogue(), &link::encode(&run).expect("a link that was read can be written"))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(again.to_json(), run.to_json(), "{name}");
        assert!(fragment.starts_with("#v1."), "{name}");
    }
}
