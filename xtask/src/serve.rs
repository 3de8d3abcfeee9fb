//! A small static web server for dist/, on this machine only, under the strict content security policy.
//!
//! It leaves out what a local page does not need: TLS, ranges, compression, kept-alive connections.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const PORT_DEFAULT: u16 = 8080;
/// How many ports after the default are tried when it is taken.
const PORTS_TRIED: u16 = 50;
const CONNECTIONS_MAX: usize = 64;
const REQUEST_BYTES_MAX: usize = 16 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);
/// What a host with a strict policy would send, so that the page is known to work there.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

pub struct Server {
    listener: TcpListener,
    port: u16,
    root: PathBuf,
}

impl Server {
    /// Without a wish, the default port or the next free one; a port that was asked for has to be free.
    pub fn bind(root: &Path, wish: Option<u16>) -> Result<Self, String> {
        if let Some(port) = wish {
            return Self::listen(root, port).map_err(|error| taken(port, &error));
        }
        for port in PORT_DEFAULT..PORT_DEFAULT + PORTS_TRIED {
            match Self::listen(root, port) {
                Err(error) if error.kind() == ErrorKind::AddrInUse => {}
                other => return other.map_err(|error| taken(port, &error)),
            }
        }
        Err(format!(
            "ports {PORT_DEFAULT} to {} are all in use; choose one with --port",
            PORT_DEFAULT + PORTS_TRIED - 1
        ))
    }

    /// Any free port, for tests: two runs on one machine do not meet.
    pub fn bind_anywhere(root: &Path) -> Result<Self, String> {
        Self::listen(root, 0).map_err(|error| taken(0, &error))
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    pub fn announce(self) -> Self {
        if !self.root.join("index.html").is_file() {
            println!("note: dist/ holds no page yet; `cargo xtask build` makes one");
        }
        println!("netsplit is at {}  (Ctrl-C ends)", self.url());
        self
    }

    pub fn in_background(self) -> JoinHandle<Result<(), String>> {
        thread::spawn(move || self.forever())
    }

    pub fn forever(self) -> Result<(), String> {
        let busy = Arc::new(AtomicUsize::new(0));
        let root = Arc::new(self.root);
        for stream in self.listener.incoming() {
            // A connection that broke before it was accepted concerns nobody else.
            let Ok(stream) = stream else { continue };
            let (busy, root) = (Arc::clone(&busy), Arc::clone(&root));
            if busy.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS_MAX {
                busy.fetch_sub(1, Ordering::SeqCst);
                let _ = Answer::plain(503, "too many connections").send(stream, true);
                continue;
            }
            thread::spawn(move || {
                // A browser that went away is no error of ours.
                let _ = converse(stream, &root);
                busy.fetch_sub(1, Ordering::SeqCst);
            });
        }
        Ok(())
    }

    fn listen(root: &Path, port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port, root: root.to_path_buf() })
    }
}

fn taken(port: u16, error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => format!("port {port} is in use; choose another with --port"),
        _ => format!("port {port} cannot be used: {error}"),
    }
}

fn converse(mut stream: TcpStream, root: &Path) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        let count = stream.read(&mut chunk)?;
        if count == 0 {
            return Ok(());
        }
        request.extend_from_slice(&chunk[..count]);
        if request.len() > REQUEST_BYTES_MAX {
            return Answer::plain(431, "the request is too long").send(stream, true);
        }
    }
    let text = String::from_utf8_lossy(&request);
    let mut words = text.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let answer = match method {
        "GET" | "HEAD" => answer(root, target),
        _ => Answer::plain(405, "only GET and HEAD are answered"),
    };
    answer.send(stream, method != "HEAD")
}

struct Answer {
    status: u16,
    kind: &'static str,
    cache: &'static str,
    body: Vec<u8>,
}

impl Answer {
    fn plain(status: u16, text: &str) -> Self {
        Self { status, kind: "text/plain; charset=utf-8", cache: "no-store", body: format!("{text}\n").into_bytes() }
    }

    fn send(self, mut stream: TcpStream, with_body: bool) -> std::io::Result<()> {
        let phrase = match self.status {
            200 => "OK",
            400 => "Bad Request",
            404 => "Not Found",
            405 => "Method Not Allowed",
            431 => "Request Header Fields Too Large",
            _ => "Service Unavailable",
        };
        let allow = if self.status == 405 { "Allow: GET, HEAD\r\n" } else { "" };
        let head = format!(
            "HTTP/1.1 {} {phrase}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: {}\r\n\
             Content-Security-Policy: {POLICY}\r\nX-Content-Type-Options: nosniff\r\n{allow}Connection: close\r\n\r\n",
            self.status,
            self.kind,
            self.body.len(),
            self.cache,
        );
        stream.write_all(head.as_bytes())?;
        if with_body {
            stream.write_all(&self.body)?;
        }
        stream.flush()
    }
}

/// The answer to a path. What is missing is missing: an asset's URL is never answered with a page.
fn answer(root: &Path, target: &str) -> Answer {
    let Some(inside) = inside(target) else {
        return Answer::plain(400, "this path is not allowed");
    };
    let missing = || Answer::plain(404, "there is no such file");
    // A link inside dist/ must not lead out of it either.
    let (Ok(root), Ok(file)) = (root.canonicalize(), root.join(&inside).canonicalize()) else {
        return missing();
    };
    if !file.starts_with(&root) || !file.is_file() {
        return missing();
    }
    match fs::read(&file) {
        Ok(body) => Answer { status: 200, kind: mime(&inside), cache: cache(&inside), body },
        Err(_) => missing(),
    }
}

/// The file that a request's target names, relative to the root; `None` for anything that could lead out of it.
fn inside(target: &str) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next()?.strip_prefix('/')?;
    let path = percent_decoded(path)?;
    if path.contains(['\\', '\0', ':']) {
        return None;
    }
    let mut file = PathBuf::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        if part == "." || part == ".." {
            return None;
        }
        file.push(part);
    }
    if path.is_empty() || path.ends_with('/') {
        file.push("index.html");
    }
    Some(file)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = tail;
            continue;
        }
        let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
        // `from_str_radix` alone would take a sign for a digit.
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &tail[2..];
    }
    String::from_utf8(bytes).ok()
}

fn mime(file: &Path) -> &'static str {
    match file.extension().and_then(|ext| ext.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        "txt" | "toml" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// A name with a hash in it never changes its content; everything else is asked for again.
fn cache(file: &Path) -> &'static str {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let is_hash = |part: &str| part.len() >= 12 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let html = name.ends_with(".html");
    if !html && name.split(['-', '.', '_']).any(is_hash) { "public, max-age=31536000, immutable" } else { "no-cache" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_inside() {
        for (target, file) in [
            ("/", "index.html"),
            ("/?lab=raft-election&t=3.2s", "index.html"),
            ("/a/b.js", "a/b.js"),
            ("//a", "a"),
            ("/a%20b.svg", "a b.svg"),
            ("/sub/", "sub/index.html"),
            ("/..a/b", "..a/b"),
        ] {
            assert_eq!(inside(target), Some(PathBuf::from(file)), "{target}");
        }
    }

    #[test]
    fn a_path_that_leads_out_is_refused() {
        for target in [
            "",
            "index.html",
            "http://elsewhere/",
            "/..",
            "/../Cargo.toml",
            "/a/../../b",
            "/%2e%2e/Cargo.toml",
            "/..%2fCargo.toml",
            "/a\\..\\b",
            "/%5c..%5cb",
            "/c:/windows",
            "/a%00b",
            "/%",
            "/%2",
            "/%+1",
            "/%ff",
        ] {
            assert_eq!(inside(target), None, "{target}");
        }
    }

    #[test]
    fn only_hashed_names_are_kept_for_ever() {
        assert!(cache(Path::new("netsplit-0123456789abcdef.wasm")).contains("immutable"));
        assert!(cache(Path::new("main-b1c2d3e4f5a6b7.css")).contains("immutable"));
        assert_eq!(cache(Path::new("index.html")), "no-cache");
        assert_eq!(cache(Path::new("boot.js")), "no-cache");
        assert_eq!(cache(Path::new("x-0123456789abcdef.html")), "no-cache");
    }

    /// Talks to a real server over a real connection.
    fn ask(request: &str) -> String {
        let server = Server::bind_anywhere(&crate::paths::root().join("assets")).expect("a free port");
        let port = server.port;
        server.in_background();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the server listens");
        stream.write_all(request.as_bytes()).expect("the server reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the server answers");
        answer
    }

    #[test]
    fn it_answers_with_type_and_policy() {
        let answer = ask("GET /boot.js HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("Content-Type: text/javascript"), "{answer}");
        assert!(answer.contains(&format!("Content-Security-Policy: {POLICY}\r\n")), "{answer}");
        assert!(answer.contains("X-Content-Type-Options: nosniff\r\n"), "{answer}");
        assert!(answer.contains("window.netsplit"), "{answer}");
    }

    #[test]
    fn head_has_no_body_and_post_is_refused() {
        let answer = ask("HEAD /boot.js HTTP/1.1\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
        let answer = ask("POST / HTTP/1.1\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 405 ") && answer.contains("Allow: GET, HEAD\r\n"), "{answer}");
    }

    #[test]
    fn a_missing_asset_is_missing() {
        let answer = ask("GET /gone-0123456789abcdef.wasm HTTP/1.1\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 404 ") && answer.contains("text/plain"), "{answer}");
    }

    #[test]
    fn the_next_free_port_is_taken_only_without_a_wish() {
        let first = Server::bind_anywhere(Path::new(".")).expect("a free port");
        let error = Server::bind(Path::new("."), Some(first.port)).err().expect("the port is taken");
        assert_eq!(error, format!("port {} is in use; choose another with --port", first.port));
    }
}
