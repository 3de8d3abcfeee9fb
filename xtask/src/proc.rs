//! Child processes: started, watched, their output shown and kept, and ended when we end.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// Children that run while something else goes on, so that none of them survives us.
static RUNNING: Mutex<Vec<Arc<Mutex<Child>>>> = Mutex::new(Vec::new());

/// What a finished child left.
pub struct Finished {
    pub ok: bool,
    /// Standard output and standard error, line by line in the order in which they arrived.
    pub text: String,
}

/// A command that runs in the repository, without what `cargo run` put into our own environment: build scripts
/// that look at those variables would otherwise be run again.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(crate::paths::root()).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
        if ours.iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name.as_ref());
        }
    }
    command
}

/// Cargo, the one that runs us where there is one.
pub fn cargo(args: &[&str]) -> Command {
    let mut cargo = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(args);
    cargo
}

/// npm and npx are scripts with another name on Windows.
pub fn npm_program(name: &str) -> String {
    if cfg!(windows) { format!("{name}.cmd") } else { name.into() }
}

/// A short command whose standard output is wanted. `None` if it cannot start or fails.
pub fn quiet(mut command: Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

/// What a command makes of its standard input.
pub fn filter(mut command: Command, input: &[u8], what: &str) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("{what} failed: {error}");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    // It reads all of it before it answers.
    child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(input)).map_err(failed)?;
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() { Ok(output.stdout) } else { Err(format!("{what} failed")) }
}

/// Runs a command and shows its output; an error names what was tried.
pub fn show(command: Command, what: &str) -> Result<(), String> {
    match stream(command, what, |line| println!("{line}"))?.ok {
        true => Ok(()),
        false => Err(format!("{what} failed")),
    }
}

/// How often a compilation says how far it is.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// Has cargo compile something: says every few seconds how much of it is done, and passes on what else cargo prints.
pub fn compile(mut cargo: Command, what: &str, mut on_line: impl FnMut(&str)) -> Result<Finished, String> {
    // Cargo counts for its progress bar, which it shows on terminals only. Its parts end in carriage returns.
    cargo.env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", "80");
    let (started, mut said) = (Instant::now(), Instant::now());
    let (mut far, mut told) = (None, None);
    let mut text = String::new();
    let finished = stream_with_silence(cargo, what, PROGRESS_EVERY, |line| {
        for part in line.unwrap_or_default().split('\r') {
            let part = part.strip_prefix("\x1b[K").unwrap_or(part);
            if let Some(share) = share_of(part) {
                far = Some(share);
            } else if !(part.is_empty() || part.trim_start().starts_with("Compiling ")) {
                on_line(part);
                text.push_str(part);
                text.push('\n');
            }
        }
        // The last parts may take minutes, and their number says nothing new.
        let wait = if far == told { 6 * PROGRESS_EVERY } else { PROGRESS_EVERY };
        if let Some((done, all)) = far
            && said.elapsed() >= wait
        {
            (said, told) = (Instant::now(), far);
            println!("{what}: {done} of {all} parts after {} s", started.elapsed().as_secs());
        }
    })?;
    Ok(Finished { text, ..finished })
}

/// How many parts are done, and how many there are, in a part of cargo's progress bar.
fn share_of(part: &str) -> Option<(u32, u32)> {
    let (_, rest) = part.trim_start().strip_prefix("Building [")?.split_once("] ")?;
    let (done, all) = rest.split(':').next()?.split_once('/')?;
    Some((done.trim().parse().ok()?, all.trim().parse().ok()?))
}

/// Runs a command, passes each line of its output on, and keeps all of it.
pub fn stream(command: Command, what: &str, mut on_line: impl FnMut(&str)) -> Result<Finished, String> {
    stream_with_silence(command, what, Duration::MAX, |line| on_line(line.unwrap_or_default()))
}

/// As `stream`, and passes on `None` whenever nothing was printed for so long.
pub fn stream_with_silence(
    mut command: Command,
    what: &str,
    silence: Duration,
    mut on_line: impl FnMut(Option<&str>),
) -> Result<Finished, String> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| cannot_start(&command, what, &error))?;
    let (sender, lines) = mpsc::channel();
    forward(child.stdout.take(), sender.clone());
    forward(child.stderr.take(), sender);
    let child = register(child);
    let mut text = String::new();
    loop {
        match lines.recv_timeout(silence) {
            Ok(line) => {
                on_line(Some(&line));
                text.push_str(&line);
                text.push('\n');
            }
            Err(mpsc::RecvTimeoutError::Timeout) => on_line(None),
            // Both readers have reached the end.
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    let status = wait(&child, what)?;
    Ok(Finished { ok: status.success(), text })
}

/// Ends the children that still run; called once, before we exit.
pub fn end_all() {
    for child in lock(&RUNNING).drain(..) {
        let mut child = lock(&child);
        // A child that has ended meanwhile is none to worry about.
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn cannot_start(command: &Command, what: &str, error: &std::io::Error) -> String {
    let program = command.get_program().to_string_lossy();
    match error.kind() {
        std::io::ErrorKind::NotFound => format!("{what}: `{program}` is not installed"),
        _ => format!("{what}: `{program}` cannot start: {error}"),
    }
}

fn forward(pipe: Option<impl Read + Send + 'static>, sender: mpsc::Sender<String>) {
    let Some(pipe) = pipe else { return };
    thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line), Ok(1..)) {
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_string();
            line.clear();
            if sender.send(text).is_err() {
                return;
            }
        }
    });
}

fn register(child: Child) -> Arc<Mutex<Child>> {
    let child = Arc::new(Mutex::new(child));
    lock(&RUNNING).push(Arc::clone(&child));
    child
}

/// Waits without holding the child's lock, so that `end_all` can get at it.
fn wait(child: &Arc<Mutex<Child>>, what: &str) -> Result<ExitStatus, String> {
    let status = loop {
        match lock(child).try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => {}
            Err(error) => return Err(format!("{what}: {error}")),
        }
        thread::sleep(Duration::from_millis(20));
    };
    lock(&RUNNING).retain(|other| !Arc::ptr_eq(other, child));
    Ok(status)
}

/// A thread that panicked while it held a lock leaves nothing half-written here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::share_of;

    #[test]
    fn cargos_progress_bar_says_how_far_it_is() {
        let bar = "    Building [=======>                 ]  48/163: syn, leptos(build)";
        assert_eq!(share_of(bar), Some((48, 163)));
        for other in ["   Compiling syn v2.0.0", "warning: [x] 1/2: y", "    Building [===> ", ""] {
            assert_eq!(share_of(other), None, "{other}");
        }
    }
}
