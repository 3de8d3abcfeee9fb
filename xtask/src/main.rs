//! Everything a person does by command: `cargo xtask run`, `cargo xtask test` and the rest.
//!
//! This file reads the command line and hands over. What it leaves out on purpose: any dependency, so that the
//! first command on a fresh machine compiles in seconds.

mod browser;
mod build;
mod bundle;
mod files;
mod hash;
mod lab;
mod parity;
mod patch;
mod paths;
mod proc;
mod serve;
mod setup;
mod shots;
mod sweep;
mod symbols;
mod systems;
mod test;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  run [--port N] [--watch]   set up, build, and serve the page; --watch rebuilds when a source changes
  test [fast|sim|page|lab]   run the tests; without an argument, every test there is
       fast                  formatting, lints and native tests, in under two minutes once warm
       sim                   the simulator's tests and seed sweeps, optimised
       page                  the page in a real browser
       lab ID                what one lab needs after a change: its family's tests, and its own of the common ones
  build [--draft]            build the page into dist/ and hold its sizes to the budgets; --draft is for looking at it while at work
  serve [--port N]           serve dist/ as it is, under the strict content security policy
  parity                     compare native and browser digests, and bisect to the first step that differs
  sweep [--seeds N]          20,000 seeds of every correct lab, and how often each mistake is found
  new-lab FAMILY ID          write a system that works, from the template, to go on from
  remove-lab ID              take a system away again
  shots                      take screenshots of named states into shots/
  frames                     what a frame costs, beside a calibration loop in the same page
  help                       this text

Environment:
  NETSPLIT_CACHE      where tools are kept (default: the user's cache directory, in netsplit/)
  NETSPLIT_CHROMIUM   the Chromium to use (default: searched for, then installed where possible)
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = dispatch(&args);
    // A tool may still be building in the background when a command fails early.
    proc::end_all();
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// False for a failure that has been reported already.
fn dispatch(args: &[String]) -> Result<bool, String> {
    let command = args.first().map_or("help", String::as_str);
    let rest = args.get(1..).unwrap_or_default();
    if rest.iter().any(|arg| arg == "--help" || arg == "-h") {
        print!("{HELP}");
        return Ok(true);
    }
    let done = match command {
        "test" => return test::command(rest),
        "sweep" => return sweep::command(rest),
        "run" => run(rest),
        "build" => {
            let care = match rest {
                [one] if one == "--draft" => build::Care::Draft,
                _ => {
                    takes_nothing(command, rest)?;
                    build::Care::Publish
                }
            };
            let needs = if care == build::Care::Draft { setup::Needs::draft() } else { setup::Needs::BUILD };
            setup::Tools::start(needs)?.wait()?;
            build::page(care).and_then(|()| if care == build::Care::Publish { build::weigh() } else { Ok(()) })
        }
        "serve" => {
            let options = ServeOptions::parse(command, rest, false)?;
            serve::Server::bind(&paths::dist(), options.port)?.announce().forever()
        }
        "parity" => {
            takes_nothing(command, rest)?;
            parity::command()
        }
        "new-lab" => lab::new(rest),
        "remove-lab" => lab::remove(rest),
        // Trunk calls it; see Trunk.toml.
        "gather" => {
            takes_nothing(command, rest)?;
            systems::gather_for_trunk()
        }
        "shots" | "frames" => {
            takes_nothing(command, rest)?;
            shots::command(command)
        }
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(format!("there is no command `{other}`; `cargo xtask help` lists them")),
    };
    done.map(|()| true)
}

/// Sets up, builds, serves; with `--watch`, builds again whenever a source changed. Where the page as it is published is not
/// there yet, a draft is served first, because it is there minutes sooner.
fn run(args: &[String]) -> Result<(), String> {
    let options = ServeOptions::parse("run", args, true)?;
    let published = build::is_current(build::Care::Publish)?;
    let tools = setup::Tools::start(if published { setup::Needs::BUILD } else { setup::Needs::draft() })?;
    let care = if published { build::Care::Publish } else { build::Care::Draft };
    if !published {
        // The tools compile at the same time, and are not needed before this is done.
        build::prepare(care)?;
    }
    tools.wait()?;
    build::page(care)?;
    let serving = serve::Server::bind(&paths::dist(), options.port)?.announce().in_background();
    if !options.watch {
        if !published {
            publish_behind();
        }
        return serving.join().unwrap_or_else(|_| Err("the server ended unexpectedly".into()));
    }
    println!("watching the sources; reload the page after a build");
    let mut seen = build::inputs_hash()?;
    loop {
        std::thread::sleep(std::time::Duration::from_secs(1));
        let now = build::inputs_hash()?;
        if now == seen {
            continue;
        }
        seen = now;
        // A mistake in a half-written source must not end the watch.
        if let Err(message) = build::page(build::Care::Draft) {
            eprintln!("xtask: {message}");
        }
    }
}

/// Puts the page as it is published in the place of a draft that is being served. The draft stays where that fails.
fn publish_behind() {
    println!("this is a draft, large and slow; the page as it is published takes some minutes more");
    let tools = setup::Tools::start(setup::Needs::BUILD).and_then(setup::Tools::wait);
    match tools.and_then(|()| build::page(build::Care::Publish)) {
        Ok(()) => println!("the page as it is published is there now: reload to see it"),
        Err(message) => eprintln!("xtask: {message}; the draft stays"),
    }
}

struct ServeOptions {
    port: Option<u16>,
    watch: bool,
}

impl ServeOptions {
    fn parse(command: &str, args: &[String], watchable: bool) -> Result<Self, String> {
        let mut options = Self { port: None, watch: false };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--port" => {
                    let value = args.next().ok_or("--port needs a number")?;
                    let port = value.parse().ok().filter(|port| *port > 0);
                    options.port = Some(port.ok_or(format!("--port: `{value}` is not a port (1 to 65535)"))?);
                }
                "--watch" if watchable => options.watch = true,
                other => {
                    return Err(format!("`{command}` does not know `{other}`; `cargo xtask help` lists what it knows"));
                }
            }
        }
        Ok(options)
    }
}

fn takes_nothing(command: &str, args: &[String]) -> Result<(), String> {
    match args.first() {
        None => Ok(()),
        Some(other) => Err(format!("`{command}` takes no argument, and got `{other}`")),
    }
}
