//! Time: the one frame loop of a run, playing, stepping and seeking.

use super::Playground;
use super::publish::{notes_since, tell_notes};
use crate::platform::page;
use labs::Session;

/// Most steps that are simulated within one frame; what is left waits for the next one.
pub(super) const STEPS_PER_FRAME: u32 = 3_000;
/// A frame never stands for more real time than this, in ms: after a pause of the page the run
/// goes on where it was.
const FRAME_MS_MAX: f64 = 100.0;

/// What the page has done since the last look at it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Effort {
    /// Frames.
    pub frames: u32,
    /// Steps that were simulated in them.
    pub steps: u64,
    /// Time that our own code took for them, in ms.
    pub script_ms: f64,
}

impl Playground {
    /// Says whether the stage can be seen. While it cannot, nothing is simulated; what plays goes on when it can again.
    pub fn set_seen(self, seen: bool) {
        self.player.update_value(|player| player.seen = seen);
        // Of two stages on one clock one is enough.
        let clock = self.acting();
        let anyone = clock.is_seen() || clock.second().is_some_and(Self::is_seen);
        clock.player.update_value(|player| {
            player.frame_ms = None;
            if let Some(frames) = &player.frames {
                if anyone && self.playing.get_untracked() { frames.start() } else { frames.stop() }
            }
        });
        if seen {
            self.paint();
        }
    }

    fn is_seen(self) -> bool {
        self.player.with_value(|player| player.seen)
    }

    /// Starts to play.
    pub fn play(self) {
        self.playing.set(true);
        let anyone = self.is_seen() || self.second().is_some_and(Self::is_seen);
        self.player.update_value(|player| {
            player.frame_ms = None;
            if let Some(frames) = player.frames.as_ref().filter(|_| anyone) {
                frames.start();
            }
        });
    }

    /// Stops playing, at the moment that is shown.
    pub fn pause(self) {
        let this = self.acting();
        this.halt();
        this.publish();
    }

    fn halt(self) {
        self.playing.set(false);
        self.player.with_value(|player| {
            if let Some(frames) = &player.frames {
                frames.stop();
            }
        });
    }

    /// Plays or pauses.
    pub fn toggle(self) {
        if self.playing.get_untracked() { self.pause() } else { self.play() }
    }

    /// Pauses and executes `count` steps.
    pub fn step(self, count: u64) {
        let notes = self.stop_and(|session| {
            let from = session.step_count();
            for _ in 0..count {
                if !session.step() {
                    break;
                }
            }
            notes_since(session, from)
        });
        tell_notes(notes);
    }

    /// Pauses and goes one step back.
    pub fn step_back(self) {
        self.stop_and(|session| {
            let step = session.step_count().saturating_sub(1);
            session.seek_step(step);
        });
    }

    /// Pauses and goes to the moment right after a step.
    pub fn seek_step(self, step: u64) {
        if self.is_second() {
            // Its steps are not those of the run that is acted on; its times are.
            self.with_session(|session| session.seek_step(step));
            return self.acting().seek(self.read(|session| session.time_us()));
        }
        self.stop_and(|session| session.seek_step(step));
    }

    /// Pauses and goes to a time.
    pub fn seek(self, time_us: u64) {
        self.stop_and(|session| session.seek(time_us));
    }

    /// Simulates on towards a time, at most `steps` steps, without showing it; returns whether it got there. Whoever
    /// calls it goes somewhere afterwards.
    pub fn look_ahead(self, until_us: u64, steps: u32) -> bool {
        self.with_session(|session| session.advance(until_us, steps))
    }

    /// The moment that is drawn, in µs: finer than the steps of the run.
    pub fn shown_us(self) -> f64 {
        self.player.with_value(|player| player.shown_us)
    }

    pub(super) fn stop_and<T>(self, act: impl FnOnce(&mut Session) -> T) -> T {
        self.halt();
        let answer = self.with_session(act);
        self.publish();
        answer
    }

    /// Lets the session's time catch up with the moment that is drawn.
    pub(super) fn settle(self) {
        self.player.update_value(|player| {
            let until_us = player.shown_us as u64;
            if until_us > player.session.time_us() {
                player.session.advance(until_us, STEPS_PER_FRAME);
            }
        });
    }

    /// One frame: simulate as far as the clock says, publish what changed, draw.
    pub(super) fn frame(self, now_ms: f64) {
        let speed = self.speed.get_untracked();
        let began_ms = page::now_ms();
        let before = self.read(|session| session.step_count());
        let second = self.second();
        let done = self.player.try_update_value(|player| {
            let from = player.session.step_count();
            let elapsed_ms = player.frame_ms.map_or(0.0, |before_ms| (now_ms - before_ms).clamp(0.0, FRAME_MS_MAX));
            player.frame_ms = Some(now_ms);
            let stop_us = player.stop_us.filter(|&stop_us| player.shown_us < stop_us as f64);
            let shown_us = player.shown_us;
            player.shown_us += elapsed_ms * 1_000.0 * speed;
            if let Some(stop_us) = stop_us {
                player.shown_us = player.shown_us.min(stop_us as f64);
            }
            if let Some(second) = second {
                player.shown_us = second.go_along(player.shown_us).clamp(shown_us, player.shown_us);
            }
            if !player.session.advance(player.shown_us as u64, STEPS_PER_FRAME) {
                player.shown_us = player.session.time_us() as f64;
            }
            let stopped = stop_us.is_some_and(|stop_us| player.session.time_us() >= stop_us);
            if stopped {
                player.stop_us = None;
            }
            (notes_since(&player.session, from), stopped)
        });
        let (notes, stopped) = done.unwrap_or_default();
        if stopped {
            self.pause();
        } else {
            self.show(now_ms, false);
            if let Some(second) = second {
                second.show_along(self.shown_us(), now_ms);
            }
        }
        tell_notes(notes);
        self.player.update_value(|player| {
            let effort = &mut player.effort;
            effort.frames += 1;
            effort.steps += player.session.step_count().saturating_sub(before);
            effort.script_ms += page::now_ms() - began_ms;
        });
    }

    /// What has been done since this was asked last.
    pub fn take_effort(self) -> Effort {
        self.player.try_update_value(|player| std::mem::take(&mut player.effort)).unwrap_or_default()
    }
}
