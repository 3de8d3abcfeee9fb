//! The words of a step: paragraphs, `*emphasis*` and `` `code` ``, and nothing else.

use crate::error::InputError;

/// Paragraphs are parted by an empty line.
pub type Paragraph = Vec<Span>;

/// A stretch of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// As it is.
    Plain(String),
    /// Between two `*`.
    Emphasis(String),
    /// Between two `` ` ``; a `*` in there is a star.
    Code(String),
}

impl Span {
    /// The text without its marks.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Plain(text) | Self::Emphasis(text) | Self::Code(text) => text,
        }
    }
}

/// Reads words. Line breaks within a paragraph are blanks.
pub fn parse(text: &str) -> Result<Vec<Paragraph>, InputError> {
    let mut paragraphs: Vec<Vec<&str>> = vec![Vec::new()];
    for line in text.lines().map(str::trim) {
        match (line, paragraphs.last_mut()) {
            ("", Some(last)) if last.is_empty() => {}
            ("", _) => paragraphs.push(Vec::new()),
            (line, Some(last)) => last.push(line),
            (line, None) => paragraphs.push(vec![line]),
        }
    }
    paragraphs.retain(|lines| !lines.is_empty());
    paragraphs.into_iter().map(|lines| spans(&lines.join(" "))).collect()
}

/// The paragraphs as plain text.
#[must_use]
pub fn plain(paragraphs: &[Paragraph]) -> String {
    let text = |paragraph: &Paragraph| paragraph.iter().map(Span::text).collect::<String>();
    paragraphs.iter().map(text).collect::<Vec<_>>().join("\n\n")
}

fn spans(text: &str) -> Result<Paragraph, InputError> {
    let mut spans = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['*', '`']) {
        let mark = &rest[at..=at];
        let (before, behind) = (&rest[..at], &rest[at + 1..]);
        let Some(end) = behind.find(mark).filter(|&end| end > 0) else {
            let shown: String = rest[at..].chars().take(20).collect();
            return Err(InputError::new("", format!("has a {mark} without its partner, at \"{shown}\"")));
        };
        if !before.is_empty() {
            spans.push(Span::Plain(before.to_owned()));
        }
        let inner = behind[..end].to_owned();
        spans.push(if mark == "*" { Span::Emphasis(inner) } else { Span::Code(inner) });
        rest = &behind[end + 1..];
    }
    if !rest.is_empty() {
        spans.push(Span::Plain(rest.to_owned()));
    }
    Ok(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_emphasis_and_code_are_read() {
        let words = parse("\nOne *two* three,\nand `a * b`.\n\n\nNext.\n").unwrap();
        assert_eq!(
            words,
            [
                vec![
                    Span::Plain("One ".into()),
                    Span::Emphasis("two".into()),
                    Span::Plain(" three, and ".into()),
                    Span::Code("a * b".into()),
                    Span::Plain(".".into()),
                ],
                vec![Span::Plain("Next.".into())],
            ]
        );
        assert_eq!(plain(&words), "One two three, and a * b.\n\nNext.");
        // Nothing else is a mark.
        assert_eq!(parse("<b>_x_</b>").unwrap(), [vec![Span::Plain("<b>_x_</b>".into())]]);
    }

    #[test]
    fn a_mark_without_its_partner_is_an_error() {
        for text in ["a *b", "a `b", "**", "a*\n\n*b", "ü*"] {
            let problem = parse(text).unwrap_err().problem;
            assert!(problem.contains("without its partner"), "{text}: {problem}");
        }
    }
}
