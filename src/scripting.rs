//! What `window.netsplit` does: it speaks of the run that is open, and of two side by side of the first.

use labs::InputError;
use serde_json::{Value, json};
use view::lens::LensKind;

use crate::address;
use crate::desk::Desk;
use crate::platform::api::{Api, placed};
use crate::playground::Playground;

impl Desk {
    fn need_run(self) -> Result<Playground, InputError> {
        self.open_run().ok_or_else(|| InputError::new("", "no run is open"))
    }
}

impl Api for Desk {
    fn load(&self, run: &Value, opened: impl Fn(Result<(), InputError>) + Clone + 'static) {
        self.load_run(run.clone(), opened);
    }

    fn run(&self) -> Result<Value, InputError> {
        Ok(self.need_run()?.read(|session| session.run().to_json()))
    }

    fn state(&self) -> Result<Value, InputError> {
        let playground = self.need_run()?;
        let (open, asks) = (playground.lenses.get_untracked(), playground.asks.get_untracked());
        let mut state = playground.read(|session| {
            let panes = session.run_as_opened().entry.info.panes().filter(|info| open.contains(&LensKind::Pane(info)));
            let ask = |id| asks.get(id).cloned().unwrap_or_default();
            let panes =
                panes.filter_map(|info| Some((info.id.to_owned(), json!(session.pane(info.id, &ask(info.id))?))));
            let panes: serde_json::Map<_, _> = panes.collect();
            let mut state = json!(session.state());
            state["panes"] = panes.into();
            state
        });
        state["playing"] = playground.playing.get_untracked().into();
        state["speed"] = playground.speed.get_untracked().into();
        Ok(state)
    }

    fn play(&self) -> Result<(), InputError> {
        self.need_run().map(Playground::play)
    }

    fn pause(&self) -> Result<(), InputError> {
        self.need_run().map(Playground::pause)
    }

    fn step(&self, count: u64) -> Result<(), InputError> {
        self.need_run().map(|playground| playground.step(count))
    }

    fn seek(&self, time_us: u64) -> Result<(), InputError> {
        self.need_run().map(|playground| playground.seek(time_us))
    }

    fn set_speed(&self, speed: f64) -> Result<(), InputError> {
        self.need_run()?.speed.set(address::check_speed(speed)?);
        Ok(())
    }

    fn apply(&self, command: &Value) -> Result<(), InputError> {
        self.need_run()?.apply(command).map_err(|error| placed(error, "command"))
    }

    fn undo(&self) -> Result<bool, InputError> {
        self.need_run().map(Playground::undo)
    }

    fn set_branch(&self, id: &str) -> Result<(), InputError> {
        self.need_run()?.show_branch(id)
    }

    fn share_url(&self) -> Result<String, InputError> {
        self.need_run()?.share_url()
    }

    fn export_svg(&self) -> Result<String, InputError> {
        self.need_run().map(Playground::export_svg)
    }
}
