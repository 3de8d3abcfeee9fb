//! What changes the run: commands, undo, branches, and runs that follow from this one.

use labs::params::DISTANCE_ON_US;
use labs::retime::retime;
use labs::{InputError, Run, picture};
use serde_json::Value;
use view::layout::Point;

use super::Playground;
use super::publish::{notes_since, tell_notes};
use crate::platform::page;

impl Playground {
    /// Gives a command now, and reports what is wrong with it.
    pub fn command(self, command: &Value) {
        if let Err(error) = self.apply(command) {
            self.report(error.to_string());
        }
    }

    /// Gives a command now.
    pub fn apply(self, command: &Value) -> Result<(), InputError> {
        if self.is_second() {
            return self.acting().apply(command);
        }
        let from = self.with_session(|session| session.step_count());
        self.settle();
        let applied = self.with_session(|session| session.apply(command));
        let notes = self.with_session(|session| notes_since(session, from));
        if applied.is_ok() {
            self.publish();
            self.remember();
        }
        tell_notes(notes);
        applied
    }

    /// Gives commands that belong together, all at this moment. They have been checked before; what does not work is
    /// reported, and the others still apply.
    pub fn command_all(self, commands: &[Value]) {
        commands.iter().for_each(|command| self.command(command));
    }

    /// Whether a command would change anything now; follows the run.
    pub fn would(self, command: &Value) -> bool {
        self.revision.track();
        self.read(|session| session.would_change(command).unwrap_or(false))
    }

    /// Lets the event of a step happen at another time instead, in a branch.
    pub fn retime(self, step: u64, at_us: u64) {
        self.settle();
        let done = self.stop_and(|session| retime(session, step, at_us));
        self.remember();
        if let Err(error) = done {
            self.report(error.to_string());
        }
    }

    /// Makes distance count as latency, or not any more.
    pub fn count_distance(self, counts: bool) {
        self.settle();
        let distance_us = if counts { DISTANCE_ON_US } else { 0 };
        match self.with_session(|session| session.set_distance(distance_us)) {
            Ok(()) => {
                self.publish();
                self.remember();
            }
            Err(error) => self.report(error.to_string()),
        }
    }

    /// Holds a node somewhere while somebody drags it; nothing of the run changes yet.
    pub fn hold_at(self, node: &str, at: Point) {
        self.player.update_value(|player| player.held = Some((node.to_owned(), at)));
        self.stage.update(|stage| {
            if let Some(node) = stage.nodes.iter_mut().find(|known| known.id == node) {
                node.position = at;
            }
        });
        self.paint();
    }

    /// Seats nodes where a picture of the run wants them, for as long as it does; nothing of the run changes. Without
    /// seats they are back where the network has them.
    pub fn seat(self, seats: Vec<(String, Point)>) {
        if seats.is_empty() {
            if self.player.with_value(|player| player.seats.is_empty()) {
                return;
            }
            self.player.update_value(|player| player.seats = seats);
            self.publish();
        } else {
            self.stage.update(|stage| picture::seat(stage, &seats));
            self.player.update_value(|player| player.seats = seats);
            self.paint();
        }
    }

    /// Puts a node down where it is held.
    pub fn put_down(self) {
        let held = self.player.try_update_value(|player| player.held.take()).flatten();
        if let Some((node, at)) = held {
            self.put(&node, at);
        }
    }

    /// Puts a node somewhere: only the picture changes, unless distance means latency.
    pub fn put(self, node: &str, at: Point) {
        if self.is_second() {
            return self.acting().put(node, at);
        }
        if let Err(error) = self.with_session(|session| session.place(node, at)) {
            self.report(error.to_string());
        }
        self.publish();
        self.remember();
    }

    /// Takes the newest command back.
    pub fn undo(self) -> bool {
        let undone = self.with_session(|session| session.undo());
        if undone {
            self.log.set(Vec::new());
            self.player.update_value(|player| player.logged_step = 0);
            self.publish();
            self.remember();
        }
        undone
    }

    /// Shows another branch, at the present time.
    pub fn show_branch(self, id: &str) -> Result<(), InputError> {
        self.settle();
        self.with_session(|session| session.set_branch(id))?;
        self.log.set(Vec::new());
        self.player.update_value(|player| player.logged_step = 0);
        self.publish();
        self.remember();
        Ok(())
    }

    /// The same lab, variant and seed from the start, without any command.
    pub fn reset(self) {
        let mut run = self.with_session(|session| session.run());
        run.commands.clear();
        run.end = None;
        self.restart(&run);
    }

    /// The same lab with another seed.
    pub fn reseed(self) {
        let mut run = self.with_session(|session| session.run());
        run.seed = page::fresh_seed().unwrap_or(run.seed + 1);
        run.commands.clear();
        run.end = None;
        self.restart(&run);
    }

    /// The same seed under another variant, from the start.
    pub fn choose_variant(self, id: &str) {
        let mut run = self.with_session(|session| session.run());
        match run.entry.info.variant(id) {
            Ok(variant) => {
                run.variant = variant;
                run.commands.clear();
                run.end = None;
                self.restart(&run);
            }
            Err(error) => self.report(error.to_string()),
        }
    }

    /// Opens a run of the same lab; it plays on if it did.
    fn restart(self, run: &Run) {
        let playing = self.playing.get_untracked();
        self.notices.clear();
        self.replace(run, None);
        if playing {
            self.play();
        }
    }
}
