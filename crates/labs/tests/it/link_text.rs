//! Links as text: what is written is read, and damage is named.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use labs::Run;
use labs::link::*;
use miniz_oxide::deflate::compress_to_vec;

fn run() -> Run {
    let mut run = Run::of_lab(labs::catalogue(), "raft-election").unwrap();
    run.set_seed(7).unwrap();
    run
}

#[test]
fn a_link_survives_a_round_trip_in_each_of_its_forms() {
    let link = encode(&run()).unwrap();
    assert!(link.starts_with("#v1."), "{link}");
    for text in [link.clone(), link[1..].to_owned(), format!("https://example.org/netsplit/?theme=dark{link}")] {
        assert_eq!(decode(labs::catalogue(), &text).unwrap().to_json(), run().to_json());
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
    assert_eq!(decode(labs::catalogue(), &encode(&run).unwrap()).unwrap().commands.len(), 5_000);
}

#[test]
fn broken_links_say_what_is_wrong() {
    let link = encode(&run()).unwrap();
    let error = |text: &str| decode(labs::catalogue(), text).unwrap_err().to_string();
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
