//! Binds a wasm of cargo's to JavaScript, as wasm-bindgen's command line tool does, and cuts it into chunks before where
//! that is asked for.
//!
//!     netsplit-split IN.wasm OUT NAME [LINK]
//!
//! writes NAME.js and NAME_bg.wasm into the folder OUT. With LINK, which is what NAME.js will import the loaders of chunks
//! from, each split point's functions and all that only they need go to `split_POINT.wasm` beside. Both steps are in one
//! program because wasm-bindgen throws away what the linker knew, so that cutting has to come first.
//!
//! What it cuts by is in `splitter.patch`: what two split points need is a part of the main file.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["--version"] => {
            println!("netsplit-split {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        [input, out, name] => bind(Path::new(input), Path::new(out), name, false),
        [input, out, name, link] => split(Path::new(input), Path::new(out), name, link),
        _ => Err("netsplit-split IN.wasm OUT NAME [LINK]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn split(input: &Path, out: &Path, name: &str, link: &str) -> Result<(), Box<dyn Error>> {
    let wasm = fs::read(input)?;
    let main = out.join("main.wasm");
    let mut options = wasm_split_cli_support::Options::new(&wasm);
    options.output_dir = out;
    options.main_out_path = &main;
    options.link_name = link;
    wasm_split_cli_support::transform(options).map_err(|problem| format!("{problem:#}"))?;
    // The page has a loader of its own.
    fs::remove_file(out.join(link))?;
    bind(&main, out, name, true)?;
    Ok(fs::remove_file(main)?)
}

fn bind(input: &Path, out: &Path, name: &str, is_split: bool) -> Result<(), Box<dyn Error>> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).out_name(name).web(true)?.typescript(false);
    // Chunks refer to what the main file has by the names that the linker gave it.
    bindgen.keep_lld_exports(is_split).demangle(!is_split);
    Ok(bindgen.generate(out)?)
}
