//! Which piece of the diagram a picture shows: the window moves on with the run, or stays where somebody wants it.

use leptos::prelude::*;
use view::lens::space_time::plan::{SPAN_MIN, Viewport};

use super::Picture;

/// A diagram opens with about this many events in it.
const EVENTS_AT_FIRST: usize = 60;
/// Of the window that follows the run, this much is behind the present moment.
const BEHIND: f64 = 0.86;

impl Picture {
    pub(super) fn viewport(self) -> Viewport {
        let (width, height) = self.size.get();
        let (from, span) = self.window.get();
        self.box_of(width, height, from, span)
    }

    pub(super) fn viewport_now(self) -> Viewport {
        let (width, height) = self.size.get_untracked();
        let (from, span) = self.window.get_untracked();
        self.box_of(width, height, from, span)
    }

    pub(super) fn box_of(self, width: f64, height: f64, from: f64, span: f64) -> Viewport {
        let upright = self.upright.get_untracked();
        let (along, across) = if upright { (height, width) } else { (width, height) };
        let processes = self.state.with(|diagram| diagram.processes.len());
        let across = across.max(Viewport::across_min(upright, processes));
        Viewport { along, across, upright, from, until: from + span }
    }

    pub(super) fn set(self, viewport: Viewport) {
        self.follows.set(false);
        self.whole.set(false);
        self.window.set((viewport.from, (viewport.until - viewport.from).max(SPAN_MIN)));
    }

    pub(super) fn zoom(self, factor: f64, place: Option<f64>) {
        let viewport = self.viewport_now();
        if self.follows.get_untracked() {
            // The present moment stays where it is.
            self.whole.set(false);
            self.window.update(|window| window.1 = (window.1 * factor).max(SPAN_MIN));
            self.catch_up();
        } else {
            self.set(viewport.zoomed(factor, place.unwrap_or(viewport.along / 2.0)));
        }
    }

    /// Shows everything.
    pub(super) fn fit(self) {
        let viewport = self.viewport_now();
        let (from, until) = self.state.with_scene(&viewport, |scene| scene.extent());
        let margin = ((until - from) * 0.03).max(1.0);
        self.set(Viewport { from: from - margin, until: until + margin, ..viewport });
    }

    /// Shows the newest events, and what is to come.
    pub(super) fn open(self) {
        let viewport = self.viewport_now();
        let logged = self.state.log.with_untracked(Option::is_some);
        let (extent, recent) = self.state.with_scene(&viewport, |scene| {
            let count = scene.diagram.events.len();
            let recent = count.checked_sub(EVENTS_AT_FIRST).map(|event| scene.moment(event as u32));
            let early = scene.moment((EVENTS_AT_FIRST.min(count.saturating_sub(1))) as u32);
            (scene.extent(), if logged { Some(early) } else { recent })
        });
        let span = match recent {
            Some(early) if logged => early - extent.0,
            Some(recent) => extent.1 - recent,
            None => extent.1 - extent.0,
        };
        let span = (span * 1.1).max(if logged { SPAN_MIN } else { 200_000.0 });
        self.window.set((extent.0 - span * 0.03, span));
        self.follows.set(!logged);
        self.whole.set(!logged);
        self.catch_up();
    }

    /// Moves on with the run.
    pub(super) fn catch_up(self) {
        if !self.follows.get_untracked() {
            return;
        }
        let viewport = self.viewport_now();
        let (extent, now, count) =
            self.state.with_scene(&viewport, |scene| (scene.extent(), scene.now.0, scene.diagram.events.len()));
        let span = viewport.until - viewport.from;
        let all = (now - extent.0) / BEHIND * 1.02;
        let span = if self.whole.get_untracked() && count <= EVENTS_AT_FIRST { span.max(all) } else { span };
        let from = (now - span * BEHIND).max(extent.0 - span * 0.02);
        if (from - viewport.from).abs() > span * 1e-4 || span > viewport.until - viewport.from {
            self.window.set((from, span));
        }
    }

    /// Brings the present moment into view, unless it has been where it is for a while.
    pub(super) fn see_now(self) {
        let viewport = self.viewport_now();
        let now = self.state.with_scene(&viewport, |scene| scene.now.0);
        let before = self.seen_now.get_value();
        self.seen_now.set_value(now);
        if before != now
            && !(viewport.from..=viewport.until).contains(&now)
            && self.state.log.with_untracked(Option::is_none)
        {
            let span = viewport.until - viewport.from;
            self.window.set((now - span / 2.0, span));
        }
    }

    /// Brings a step into view.
    pub(super) fn reveal(self, step: u64) {
        let viewport = self.viewport_now();
        let Some(moment) =
            self.state.number(step).map(|event| self.state.with_scene(&viewport, |scene| scene.moment(event)))
        else {
            return;
        };
        let span = viewport.until - viewport.from;
        if !(viewport.from..=viewport.until).contains(&moment) {
            self.follows.set(false);
            self.window.set((moment - span / 2.0, span));
        }
    }
}
