//! Applies a patch to a source whose version is pinned: each hunk has to fit exactly, and in one place only.
//!
//! It reads the usual unified format, and leaves out what a pinned source does not need: places that have moved, new
//! files and removed ones.

use std::path::Path;

use crate::files;

/// Applies a patch to the files below a folder.
pub fn apply(patch: &str, folder: &Path) -> Result<(), String> {
    for part in patch.split("\n+++ b/").skip(1) {
        let (name, hunks) = part.split_once('\n').ok_or("the patch names a file and has nothing for it")?;
        let place = folder.join(name);
        let mut text = files::read_text(&place)?;
        for hunk in hunks.split("\n--- a/").next().unwrap_or_default().split("@@\n").skip(1) {
            text = replaced(&text, hunk).map_err(|problem| format!("{}: {problem}", place.display()))?;
        }
        files::write(&place, text.as_bytes())?;
    }
    Ok(())
}

fn replaced(text: &str, hunk: &str) -> Result<String, String> {
    let (mut old, mut new) = (String::new(), String::new());
    for line in hunk.lines().take_while(|line| !line.starts_with("@@ ")) {
        let (mark, rest) = line.split_at_checked(1).unwrap_or((" ", ""));
        for (side, other) in [(&mut old, "+"), (&mut new, "-")] {
            if mark != other {
                side.push_str(rest);
                side.push('\n');
            }
        }
    }
    match text.matches(&old).count() {
        1 => Ok(text.replacen(&old, &new, 1)),
        count => Err(format!("a hunk of the patch fits in {count} places")),
    }
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn a_hunk_fits_in_one_place_or_not_at_all() {
        let hunk = " a\n-b\n+c\n+d\n e\n@@ -9,1 +9,1 @@\n x\n";
        assert_eq!(replaced("a\nb\ne\nf\n", hunk).as_deref(), Ok("a\nc\nd\ne\nf\n"));
        assert!(replaced("a\nB\ne\n", hunk).is_err_and(|problem| problem.contains("0 places")));
        assert!(replaced("a\nb\ne\na\nb\ne\n", hunk).is_err_and(|problem| problem.contains("2 places")));
    }
}
