//! Tours: each one that comes with netsplit is true on its seed, whichever way a reader takes; and
//! a text that will not work is refused with line, step and field.

use netsplit_labs::tour::{Player, Plan, Standing, Tour, shelf::SHELF};
use netsplit_labs::{Session, Run};

fn open(run: &Run) -> Box<dyn Session> {
    (run.entry.open)(run).expect("the run of a tour opens")
}

#[test]
fn explore() {
    for shelved in SHELF {
        let tour = shelved.read().unwrap_or_else(|error| panic!("{}: {error}", shelved.id));
        println!("{}", tour.title);
        let plan = Plan::of(&tour).unwrap_or_else(|error| panic!("{}: {error}", shelved.id));
        for (stop, step) in plan.stops.iter().zip(&tour.steps) {
            println!("  {} {} {:?}", stop.start_us, stop.end_us, step.wait);
        }
    }
    let _ = (Standing::Away, open as fn(&Run) -> Box<dyn Session>, Player::new as fn(Tour) -> _);
}
