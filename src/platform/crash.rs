//! What a visitor sees when the app itself fails: the picture stays, and a message says what
//! happened, with the link to the run.

use std::cell::RefCell;

thread_local! {
    static LINK: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Remembers the link to the run as it is now.
pub fn remember_link(link: String) {
    LINK.with_borrow_mut(|known| *known = link);
}

/// Shows panics on the page. Nothing else of the app is trusted to work by then, so the message
/// is made from plain elements.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        let _ = show(&info.to_string());
        web_sys::console::error_1(&info.to_string().into());
    }));
}

fn show(what: &str) -> Option<()> {
    let document = web_sys::window()?.document()?;
    if document.get_element_by_id("crash").is_some() {
        return None;
    }
    let element = |tag: &str, text: &str| {
        let element = document.create_element(tag).ok()?;
        element.set_text_content(Some(text));
        Some(element)
    };
    let panel = element("div", "")?;
    panel.set_id("crash");
    let _ = panel.set_attribute("role", "alert");
    let link = LINK.try_with(|link| link.try_borrow().map(|link| link.clone()).unwrap_or_default()).unwrap_or_default();
    let anchor = element("a", "Open this run again")?;
    let _ = anchor.set_attribute("href", &link);
    let _ = anchor.set_attribute("target", "_blank");
    let parts = [
        element("h2", "netsplit has stopped")?,
        element("p", "This is a defect of netsplit, not of your run. What is on the page stays as it was.")?,
        element("pre", what)?,
        anchor,
    ];
    for part in &parts {
        panel.append_child(part).ok()?;
    }
    document.body()?.append_child(&panel).ok()?;
    Some(())
}
