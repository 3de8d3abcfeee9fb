//! The stage as a picture that stands alone.

use labs::Run;
use labs::picture::*;
use view::Theme;

#[test]
fn a_lab_with_a_ring_shows_it_unless_somebody_looks_at_the_network() {
    let run = Run::of_lab(labs::catalogue(), "hash-ring").unwrap();
    let mut session = run.open().unwrap();
    session.seek(700_000);
    for theme in [Theme::Light, Theme::Dark] {
        let ring = stage(&session, 700_000.0, theme);
        assert!(ring.contains(">24 keys</text>") && ring.contains(">40 virtual nodes · 5 servers</text>"));
        assert!(ring.contains("<desc>a hash ring: 24 keys, "));
        let network = seated(&session, 700_000.0, theme, &[]);
        assert!(!network.contains("24 keys</text>") && network.contains("class=\"wire\""));
        // A cut is seen in both, though the other links are not.
        assert!(!ring.contains("<line class=\"wire"));
    }
    session.apply(&serde_json::json!({"do": "cut", "from": "n1", "to": "n2"})).unwrap();
    assert_eq!(stage(&session, 700_000.0, Theme::Light).matches("<line class=\"wire").count(), 1);
}

#[test]
fn a_picture_says_what_it_shows() {
    let mut run = Run::of_lab(labs::catalogue(), "raft-election").unwrap();
    let title = |run: &Run, time_us: u64| {
        let mut session = run.open().unwrap();
        session.seek(time_us);
        let picture = stage(&session, time_us as f64, Theme::Light);
        picture.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0.to_owned()
    };
    assert_eq!(title(&run, 0), "Raft: leader election, seed 1, at 0 s");
    run.set_seed(7).unwrap();
    run.variant = run.entry.info.variant("forgets-vote").unwrap();
    assert_eq!(title(&run, 1_250_000), "Raft: leader election (forgets its vote), seed 7, at 1.25 s");
}

#[test]
fn each_lab_has_a_picture_of_how_it_opens_and_one_for_its_card() {
    for lab in labs::catalogue().iter() {
        let entry = lab.entry().unwrap();
        let [opening_us, still_us] = [Run::of_entry(entry).open().unwrap().opening_us(), entry.info.showcase.still_us];
        let mut session = Run::of_showcase(entry).unwrap().open().unwrap();
        session.seek(still_us);
        let still = title(&session, still_us as f64);
        for (picture, said) in
            [(opening as fn(_, _) -> _, title(&Run::of_entry(entry).open().unwrap(), opening_us as f64)), (card, still)]
        {
            let [light, dark] = [Theme::Light, Theme::Dark].map(|theme| picture(entry, theme).unwrap());
            assert!(light.contains(&format!("<title>{said}</title>")), "{said}");
            assert_ne!(light, dark, "{said}");
            // They are what a slow line shows first.
            assert!(light.len() < 48 * 1024, "{said}: {} bytes", light.len());
        }
    }
}
