//! Two events of a diagram, and what wall, Lamport, vector and hybrid clocks say of them.
//!
//! Where the algorithm keeps clocks, theirs count, right or wrong. Elsewhere each clock is worked out from the diagram,
//! as if every process had kept it.

use std::collections::VecDeque;

use algorithms::clocks::{Hybrid, HybridClock, Order};
use view::lens::comparison::{Clock, Comparison, Component, Picked, Says, Worth};
use view::lens::space_time::{Event, Relation, SpaceTime, Stamp};

/// Compares two events; none where there is no such event.
#[must_use]
pub fn compare(diagram: &SpaceTime, first: u32, second: u32) -> Option<Comparison> {
    let (a, b) = (diagram.events.get(first as usize)?, diagram.events.get(second as usize)?);
    let relation = diagram.relation(first, second);
    let kept = diagram.events.iter().any(|event| !event.stamp.vector.is_empty());
    let [of_a, of_b] = if kept { [a.stamp.clone(), b.stamp.clone()] } else { worked_out(diagram, [first, second]) };
    let name = |event: &Event| diagram.processes.get(event.process as usize).cloned().unwrap_or_default();
    let picked =
        |number: u32, event: &Event| Picked { event: number, process: name(event), label: event.label.clone() };
    let components = components(&of_a, &of_b);
    let mut clocks = Vec::new();
    if let (Some(wall_a), Some(wall_b)) = (of_a.wall_us, of_b.wall_us) {
        clocks.push(wall((a, wall_a, &name(a)), (b, wall_b, &name(b)), relation));
    }
    if let (Some(x), Some(y)) = (of_a.lamport, of_b.lamport) {
        let readings = format!("{x} {} {y}", sign(Order::total(&x, &y)));
        clocks.push(scalar(Clock::Lamport, Order::total(&x, &y), readings, relation));
    }
    if !of_a.vector.is_empty() && !of_b.vector.is_empty() {
        clocks.push(vector(&components, relation));
    }
    if let (Some(x), Some(y)) = (of_a.hybrid, of_b.hybrid) {
        let readings = format!("{} {} {}", hybrid_text(x), sign(Order::total(&x, &y)), hybrid_text(y));
        clocks.push(scalar(Clock::Hybrid, Order::total(&x, &y), readings, relation));
    }
    let chain = match relation {
        Relation::Before => chain(diagram, first, second),
        Relation::After => chain(diagram, second, first),
        Relation::Equal | Relation::Concurrent => Vec::new(),
    };
    let sentence = sentence(diagram, relation, &chain, &components);
    let (first, second) = (picked(first, a), picked(second, b));
    Some(Comparison { first, second, relation, clocks, components, sentence, chain })
}

/// The newest message that arrived before it was sent, by the wall clocks of its two ends: both events.
#[must_use]
pub fn wall_reversal(diagram: &SpaceTime) -> Option<(u32, u32)> {
    let wall_us = |event: u32| diagram.events.get(event as usize)?.stamp.wall_us;
    let reversed =
        |&(from, to): &(u32, u32)| wall_us(from).zip(wall_us(to)).is_some_and(|(sent, arrived)| arrived < sent);
    diagram
        .messages
        .iter()
        .filter_map(|message| message.from.zip(message.to))
        .filter(reversed)
        .max_by_key(|(_, to)| *to)
}

/// What clocks would show at two events, had every process kept them.
fn worked_out(diagram: &SpaceTime, pair: [u32; 2]) -> [Stamp; 2] {
    let lamport = diagram.logical_steps();
    let timed = diagram.events.iter().all(|event| event.stamp.wall_us.is_some());
    let hybrid = if timed { hybrid(diagram) } else { Vec::new() };
    pair.map(|number| {
        let mut counts = vec![0u64; diagram.processes.len()];
        let past = diagram.past(number);
        for (other, event) in diagram.events.iter().enumerate() {
            if (past[other] || other == number as usize)
                && let Some(count) = counts.get_mut(event.process as usize)
            {
                *count += 1;
            }
        }
        let vector = diagram.processes.iter().cloned().zip(counts).filter(|(_, count)| *count > 0);
        Stamp {
            wall_us: diagram.events[number as usize].stamp.wall_us,
            lamport: Some(u64::from(lamport[number as usize]) + 1),
            vector: vector.collect(),
            hybrid: hybrid.get(number as usize).map(|reading| (reading.wall_us, reading.count)),
        }
    })
}

fn hybrid(diagram: &SpaceTime) -> Vec<Hybrid> {
    let mut clocks = vec![HybridClock::default(); diagram.processes.len()];
    let mut sent = vec![None; diagram.events.len()];
    for message in &diagram.messages {
        if let Some(to) = message.to.and_then(|to| sent.get_mut(to as usize)) {
            *to = message.from.or(*to);
        }
    }
    let mut readings: Vec<Hybrid> = Vec::with_capacity(diagram.events.len());
    for (event, sent) in diagram.events.iter().zip(sent) {
        let wall_us = event.stamp.wall_us.unwrap_or(0);
        let attached = sent.and_then(|from| readings.get(from as usize)).copied();
        let reading = match (clocks.get_mut(event.process as usize), attached) {
            (Some(clock), Some(attached)) => clock.receive(attached, wall_us),
            (Some(clock), None) => clock.tick(wall_us),
            (None, _) => Hybrid { wall_us, count: 0 },
        };
        readings.push(reading);
    }
    readings
}

fn components(a: &Stamp, b: &Stamp) -> Vec<Component> {
    let mut all: Vec<Component> = Vec::new();
    for (process, count) in &a.vector {
        all.push(Component { process: process.clone(), first: *count, second: 0 });
    }
    for (process, count) in &b.vector {
        match all.iter_mut().find(|component| component.process == *process) {
            Some(component) => component.second = *count,
            None => all.push(Component { process: process.clone(), first: 0, second: *count }),
        }
    }
    view::order::by(&mut all, |a, b| a.process.len().cmp(&b.process.len()).then_with(|| a.process.cmp(&b.process)));
    all
}

const fn sign(order: Order) -> &'static str {
    match order {
        Order::Before => "<",
        Order::After => ">",
        Order::Equal => "=",
        Order::Concurrent => "∥",
    }
}

/// The wall clocks of two events: they say an order whatever happened.
fn wall((a, wall_a, at_a): (&Event, u64, &str), (b, wall_b, at_b): (&Event, u64, &str), relation: Relation) -> Says {
    let order = Order::total(&wall_a, &wall_b);
    let by = span_text(wall_a.abs_diff(wall_b));
    let verdict = match order {
        Order::Before => format!("before, by {by}"),
        Order::After => format!("after, by {by}"),
        Order::Equal | Order::Concurrent => "the same".to_owned(),
    };
    // Where nothing else is to be known, true time decides.
    let truth = match relation {
        Relation::Before => Order::Before,
        Relation::After => Order::After,
        Relation::Equal => Order::Equal,
        Relation::Concurrent => Order::total(&a.time_us, &b.time_us),
    };
    let ahead = |wall_us: u64, event: &Event| i128::from(wall_us) - i128::from(event.time_us);
    let apart = ahead(wall_a, a) - ahead(wall_b, b);
    let (worth, why) = if order == truth {
        let why = if relation == Relation::Concurrent { "nobody could know" } else { "right, this time" };
        (Worth::Open, why.to_owned())
    } else if order == Order::Equal {
        (Worth::Open, "cannot tell".to_owned())
    } else {
        let (slow, fast) = if apart > 0 { (at_b, at_a) } else { (at_a, at_b) };
        let apart = span_text(apart.unsigned_abs().min(u128::from(u64::MAX)) as u64);
        (Worth::Lies, format!("lies: {slow} is {apart} behind {fast}"))
    };
    let readings = format!("{} {} {}", time_text(wall_a), sign(order), time_text(wall_b));
    Says { clock: Clock::Wall, readings, verdict, worth, why }
}

/// A clock whose readings can all be put in a row: C(a) < C(b) only means that b did not come first, and C(a) = C(b) at two
/// events that neither did, for the clock of what comes later is larger.
fn scalar(clock: Clock, order: Order, readings: String, relation: Relation) -> Says {
    let against = matches!(
        (relation, order),
        (Relation::Before, Order::After | Order::Equal) | (Relation::After, Order::Before | Order::Equal)
    );
    let verdict = match order {
        Order::Before => "not after",
        Order::After => "not before",
        Order::Equal | Order::Concurrent if relation == Relation::Equal => "equal",
        Order::Equal | Order::Concurrent => "concurrent",
    };
    let (worth, why) = match (against, relation, order) {
        (true, Relation::Before, _) => (Worth::Lies, "lies: it was before"),
        (true, ..) => (Worth::Lies, "lies: it was after"),
        (false, Relation::Equal, _) => (Worth::Exact, "the same event"),
        (false, Relation::Concurrent, Order::Equal) => (Worth::Exact, "equal at two events"),
        (false, Relation::Concurrent, _) => (Worth::Open, "unequal: cannot say “concurrent”"),
        (false, ..) => (Worth::Open, "and no more than that"),
    };
    Says { clock, readings, verdict: verdict.to_owned(), worth, why: why.to_owned() }
}

fn vector(components: &[Component], relation: Relation) -> Says {
    let less = components.iter().any(|component| component.first < component.second);
    let more = components.iter().any(|component| component.first > component.second);
    let said = match (less, more) {
        (false, false) => Relation::Equal,
        (true, false) => Relation::Before,
        (false, true) => Relation::After,
        (true, true) => Relation::Concurrent,
    };
    let (worth, why) = if said == relation {
        (Worth::Exact, "exact".to_owned())
    } else {
        (Worth::Lies, format!("lies: {}", relation_text(relation)))
    };
    Says { clock: Clock::Vector, readings: String::new(), verdict: relation_text(said).to_owned(), worth, why }
}

/// How the first of two events stands to the second, in a word.
#[must_use]
pub const fn relation_text(relation: Relation) -> &'static str {
    match relation {
        Relation::Before => "before",
        Relation::After => "after",
        Relation::Equal => "equal",
        Relation::Concurrent => "concurrent",
    }
}

/// The shortest way along which one event came to be known to another.
fn chain(diagram: &SpaceTime, from: u32, to: u32) -> Vec<u32> {
    let index = diagram.index();
    // Backwards, breadth first; messages before what lies at the same process, so that the way is easy to see.
    let mut next = vec![None; diagram.events.len()];
    let mut queue = VecDeque::from([to]);
    while let Some(event) = queue.pop_front() {
        if event == from {
            break;
        }
        for &cause in index.causes(event).iter().rev() {
            if cause >= from && cause != to && next[cause as usize].is_none() {
                next[cause as usize] = Some(event);
                queue.push_back(cause);
            }
        }
    }
    let mut way = vec![from];
    while let Some(event) = way.last().and_then(|&event| next[event as usize]) {
        way.push(event);
    }
    way
}

fn sentence(diagram: &SpaceTime, relation: Relation, chain: &[u32], components: &[Component]) -> String {
    let process = |number: &u32| diagram.processes[diagram.events[*number as usize].process as usize].as_str();
    match relation {
        Relation::Equal => "This is one and the same event.".to_owned(),
        Relation::Before | Relation::After => {
            let mut stations: Vec<&str> = chain.iter().map(process).collect();
            stations.dedup();
            let (earlier, later) = if relation == Relation::Before { ("first", "second") } else { ("second", "first") };
            match stations[..] {
                [alone] => format!("Both are events of {alone}; the {earlier} came before the {later}."),
                _ => format!("The {later} knows of the {earlier}, by way of {}.", stations.join(" → ")),
            }
        }
        Relation::Concurrent => {
            let names = |test: fn(&Component) -> bool| {
                let names: Vec<&str> =
                    components.iter().filter(|component| test(component)).map(|part| part.process.as_str()).collect();
                names.join(", ")
            };
            let first = names(|component| component.first > component.second);
            let second = names(|component| component.first < component.second);
            let more = match (first.as_str(), second.as_str()) {
                ("", _) | (_, "") => String::new(),
                (first, second) => format!("The first knows more of {first}, the second more of {second}. "),
            };
            format!("{more}Neither has heard of the other, so there is no order to be found.")
        }
    }
}

/// A span of time: `12.5 ms`, `3.2 s`.
fn span_text(span_us: u64) -> String {
    let (value, unit) = match span_us {
        0..1_000 => return format!("{span_us} µs"),
        1_000..10_000_000 => (span_us / 100, "ms"),
        _ => (span_us / 100_000, "s"),
    };
    let text = format!("{}.{}", value / 10, value % 10);
    format!("{} {unit}", text.trim_end_matches(".0"))
}

/// A reading of a clock, in ms.
fn time_text(time_us: u64) -> String {
    format!("{}.{}", time_us / 1_000, time_us / 100 % 10)
}

fn hybrid_text((wall_us, count): (u64, u64)) -> String {
    if count == 0 { time_text(wall_us) } else { format!("{}+{count}", time_text(wall_us)) }
}
