//! How wrong each clock is: a chart over the run, and what each believes of that now.

use runs::lab::Look;
use runs::prelude::*;
use sim::NodeId;
use view::pane::{
    Block, Chart, Column, Does, Fact, Facts, Group, Item, Limit, Pane, PaneInfo, Pattern, Row, Series, Table,
};

use super::lab::{PhysicalClocksLab, stands};
use super::words::{plain_ms, signed_ms};
use super::{Claim, SERVER};

/// How far clocks are from true time, and within what they believe to be.
pub(crate) const CLOCK_ERROR: PaneInfo =
    PaneInfo { id: "clock-error", title: "Error", heading: "How wrong each clock is" };

/// The windows that can be chosen, in µs, and what they are called; beyond the last one is the whole run.
const WINDOWS: [(u64, &str); 4] = [
    (1_000_000, "the last second"),
    (3_000_000, "the last 3 s"),
    (10_000_000, "the last 10 s"),
    (30_000_000, "the last 30 s"),
];

/// The pane [`CLOCK_ERROR`]. `window` is asked for by its place among [`WINDOWS`].
pub(crate) fn clock_error(look: Look<'_, PhysicalClocksLab>, ask: &PaneAsk) -> Pane {
    let chosen = ask.arg("window").and_then(|place| place.parse().ok()).unwrap_or(WINDOWS.len()).min(WINDOWS.len());
    let (window_us, shown) = WINDOWS.get(chosen).copied().unwrap_or((u64::MAX, "the whole run"));
    let asks = |place: usize| Does::Ask("window".to_owned(), place.to_string());
    let mut window = Item::new(shown);
    if chosen > 0 {
        window = window.act("Shorter window", asks(chosen - 1));
    }
    if chosen < WINDOWS.len() {
        window = window.act("Longer window", asks(chosen + 1));
    }
    let window = Group { title: String::new(), facts: vec![Fact::new("Shown", window)] };
    Pane::of([
        Block::Chart(chart(look, window_us)),
        Block::Facts(Facts { groups: vec![window] }),
        Block::Table(table(look)),
    ])
}

/// A clock, in its hue.
fn clock(look: Look<'_, PhysicalClocksLab>, id: NodeId) -> Item {
    let down = if look.world.is_up(id) { Pattern::Plain } else { Pattern::Down };
    Item::node(look.names.of(id)).hue(Some(id.0 % shapes::HUES)).pattern(down)
}

/// Between what a clock believes to be.
fn band((error_us, bound_us): (i64, u64)) -> (i64, i64) {
    let bound_us = i64::try_from(bound_us).unwrap_or(i64::MAX);
    (error_us.saturating_sub(bound_us), error_us.saturating_add(bound_us))
}

fn chart(look: Look<'_, PhysicalClocksLab>, window_us: u64) -> Chart {
    let Look { world, oracle, .. } = look;
    let now_us = world.time_us();
    let series = |id: NodeId| {
        let before = oracle.samples().filter(|sample| sample.at_us < now_us);
        let before = before.map(|sample| (sample.at_us, sample.points.get(id.index()).copied().flatten()));
        let now = stands(world, id);
        let mut item = clock(look, id);
        if id == SERVER && item.ink.pattern == Pattern::Plain {
            item.ink.pattern = Pattern::Faint;
        }
        let line = before.clone().map(|(at_us, point)| (at_us, point.map(|point| point.error_us.into())));
        let claimed = before.map(|(at_us, point)| {
            let claim_us = point.and_then(|point| point.claim_us);
            (at_us, claim_us.map(|(error_us, bound_us)| band((error_us.into(), bound_us.into()))))
        });
        let claim = now.and_then(|(_, claim)| claim).map(|claim| band((claim.error_us, claim.bound_us)));
        Series {
            item,
            line: line.chain([(now_us, now.map(|(error_us, _)| error_us))]).collect(),
            // The server sets itself by nobody.
            band: if id == SERVER { Vec::new() } else { claimed.chain([(now_us, claim)]).collect() },
        }
    };
    Chart {
        caption: "Ahead of true time; bands as believed".to_owned(),
        unit: "ms".to_owned(),
        decimals: 3,
        from: now_us.saturating_sub(window_us),
        until: now_us,
        now: Some(now_us),
        // A line needs some room even where nothing is wrong at all.
        reach: (-1_000, 1_000),
        series: world.node_ids().map(series).collect(),
        limits: vec![Limit::default()],
        ..Chart::default()
    }
}

/// The same as numbers, now.
fn table(look: Look<'_, PhysicalClocksLab>) -> Table {
    let row = |id: NodeId| {
        let now = stands(look.world, id);
        let error = match now {
            Some((error_us, _)) => Item::new(signed_ms(error_us)).pattern(Pattern::Strong),
            None => Item::new("down"),
        };
        let (believes, bound) = match now {
            None => (None, None),
            Some(_) if id == SERVER => (Some("reference".to_owned()), None),
            Some((_, None)) => (Some("nothing yet".to_owned()), None),
            Some((_, Some(Claim { error_us, bound_us, .. }))) => {
                (Some(signed_ms(error_us)), Some(format!("± {}", plain_ms(bound_us))))
            }
        };
        let cell = |text: Option<String>| text.map(Item::new).into_iter().collect();
        Row::new(clock(look, id), vec![vec![error], cell(believes), cell(bound)])
    };
    Table {
        caption: String::new(),
        corner: "Clock".to_owned(),
        columns: ["Ahead by", "Believes", "Give or take"].map(Column::of_numbers).into(),
        rows: look.world.node_ids().map(row).collect(),
    }
}
