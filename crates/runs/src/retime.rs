//! Moves an event of a run to another time: a receipt, by holding its message or delivering it sooner, or what
//! somebody asked for, by asking at another time.
//!
//! Everything else that was done later is done again at its time. It all happens in a branch, so that what was before
//! is not lost.

use serde_json::{Value, json};

use crate::error::InputError;
use crate::session::Session;

/// Lets the event of a step happen at `at_us` instead, and goes to where the run was, or to that time if it is later.
///
/// # Errors
///
/// When the event is neither a receipt nor a command, or its message is not under way at that time. The run is then
/// what it was.
pub fn retime(session: &mut Session, step: u64, at_us: u64) -> Result<(), InputError> {
    let (here_us, here) = (session.time_us(), session.step_count());
    let event = session.event(step).ok_or_else(|| InputError::new("", format!("there is no step {step}")))?;
    let was_us = event["time_us"].as_u64().unwrap_or(0);
    if was_us == at_us {
        return Ok(());
    }
    let message = (event["what"] == "deliver").then(|| event["message"].as_str().unwrap_or_default().to_owned());
    if message.is_none() && event["what"] != "command" {
        let problem = "happened of its own accord; what can be moved are receipts and what was asked for";
        return Err(InputError::new("", problem));
    }
    let act = |id: &str, act: &str| json!({"do": "message", "id": id, "act": act});
    // What is done instead, at which time.
    let mut deeds: Vec<(u64, Value)> = Vec::new();
    match &message {
        Some(id) if at_us < was_us => {
            session.seek(at_us);
            if !under_way(session, id) {
                go_back(session, here, here_us);
                return Err(InputError::new("", format!("{id} is not under way then")));
            }
            deeds.push((at_us, act(id, "deliver")));
        }
        Some(id) => {
            session.seek_step(step - 1);
            if !under_way(session, id) {
                go_back(session, here, here_us);
                return Err(InputError::new("", format!("{id} is not under way before that")));
            }
            deeds.push((0, act(id, "hold")));
            deeds.push((at_us, act(id, "deliver")));
        }
        None if at_us < was_us => session.seek(at_us),
        None => session.seek_step(step - 1),
    }
    let applied = session.applied();
    let all = session.run().to_json()["commands"].as_array().cloned().unwrap_or_default();
    session.fork();
    // What was planned for later than anybody has seen stays planned; the rest is done again.
    let planned = session.run().to_json()["commands"].as_array().map_or(0, Vec::len).saturating_sub(applied);
    let done = applied..all.len().saturating_sub(planned).max(applied);
    let mut moved = None;
    for command in &all[done] {
        let mut bare = command.clone();
        let command_us = bare["at_us"].as_u64().unwrap_or(0);
        if let Some(fields) = bare.as_object_mut() {
            fields.remove("at_us");
            fields.remove("after");
        }
        if message.is_none() && moved.is_none() && command_us == was_us && is_the_command(&bare, &event) {
            moved = Some(bare);
        } else {
            deeds.push((command_us, bare));
        }
    }
    deeds.extend(moved.map(|command| (at_us, command)));
    view::order::by_key(&mut deeds, |(deed_us, _)| *deed_us);
    let mut lost = 0;
    for (deed_us, command) in deeds {
        if deed_us > session.time_us() {
            session.seek(deed_us);
        }
        // A message may not be there any more, and then there is nothing to do to it.
        lost += u32::from(session.apply(&command).is_err());
    }
    session.seek(here_us.max(at_us));
    if lost > 0 {
        let problem = format!("{lost} of what was done later is about messages that are not there any more");
        return Err(InputError::new("", problem));
    }
    Ok(())
}

/// Goes to where a run was: after a step, at a time.
fn go_back(session: &mut Session, step: u64, time_us: u64) {
    session.seek_step(step);
    session.seek(time_us);
}

fn under_way(session: &Session, id: &str) -> bool {
    session.stage().messages.iter().any(|message| message.id == id)
}

/// Whether a command of the run is the one that an event was.
fn is_the_command(command: &Value, event: &Value) -> bool {
    *command == event["command"]
}
