//! HTML of Markdown that cannot do more than show a text: HTML in the text is shown as it was typed, pictures become their
//! descriptions, and only links that lead to a page or to a mailbox stay links.

use pulldown_cmark::{CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, html};

/// The HTML of a Markdown text. The page has a heading of level 1 already, so the highest headings of the text have level 2,
/// whatever level their author gave them.
pub fn html(markdown: &str) -> String {
    let highest = Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(|event| {
        if let Event::Start(Tag::Heading { level, .. }) = event { Some(level) } else { None }
    });
    let highest = highest.min().unwrap_or(HeadingLevel::H1);
    let placed = move |level| below_title(level, highest);
    // Whether each open link stays a link. Links do not contain links, and pictures contain their descriptions.
    let mut open = Vec::new();
    let events =
        Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(move |event| match event {
            Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
            Event::Start(Tag::Heading { level, id, classes, attrs }) => {
                Some(Event::Start(Tag::Heading { level: placed(level), id, classes, attrs }))
            }
            Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(placed(level)))),
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                // The address of a link of this type is an e-mail address, to which `mailto:` is added.
                let stays = link_type == LinkType::Email || is_harmless(&dest_url);
                open.push(stays);
                stays.then_some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
            }
            Event::End(TagEnd::Link) => {
                open.pop().unwrap_or_default().then_some(Event::End(TagEnd::Link))
            }
            event @ (Event::Start(_)
            | Event::End(_)
            | Event::Text(_)
            | Event::Code(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::SoftBreak
            | Event::HardBreak
            | Event::Rule
            | Event::TaskListMarker(_)) => Some(event),
        });
    let mut text = String::new();
    html::push_html(&mut text, events);
    text
}

/// The level of a heading in the page, if the highest headings of the text have the level `highest`.
fn below_title(level: HeadingLevel, highest: HeadingLevel) -> HeadingLevel {
    let depth = level as usize - highest as usize;
    HeadingLevel::try_from(HeadingLevel::H2 as usize + depth).unwrap_or(HeadingLevel::H6)
}

/// Whether a link leads to a web page or a mailbox. Browsers ignore spaces and control characters before a scheme, so an
/// address must begin with the scheme itself, or with the `/` of a page of the shop.
fn is_harmless(address: &CowStr<'_>) -> bool {
    let has = |scheme: &str| {
        address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    // `//` and `/\` begin the address of another server (WHATWG URL, 4.4).
    let is_page = has("/") && !has("//") && !has("/\\");
    is_page || ["http://", "https://", "mailto:"].into_iter().any(has)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(markdown: &str, wanted: &str) {
        assert_eq!(html(markdown).trim_end(), wanted, "{markdown}");
    }

    #[test]
    fn a_text_keeps_its_form() {
        check(
            "# Seats\n\n*Held* for ten minutes.",
            "<h2>Seats</h2>\n<p><em>Held</em> for ten minutes.</p>",
        );
        check("###### Low", "<h2>Low</h2>");
        check("## High\n\n### Low", "<h2>High</h2>\n<h3>Low</h3>");
        check("# High\n\n###### Low", "<h2>High</h2>\n<h6>Low</h6>");
        check("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>");
        let table = html("| name | kept |\n| --- | --- |\n| a | b |");
        assert!(table.starts_with("<table><thead><tr><th>name</th>"), "{table}");
    }

    #[test]
    fn html_is_shown_as_it_was_typed() {
        check("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;");
        check("a <img src=x onerror=alert(1)> b", "<p>a &lt;img src=x onerror=alert(1)&gt; b</p>");
        check("a &lt;b&gt; c", "<p>a &lt;b&gt; c</p>");
    }

    #[test]
    fn only_links_to_pages_and_mailboxes_stay_links() {
        for good in
            ["https://example.org/a?b=c", "HTTP://example.org", "mailto:a@example.org", "/privacy"]
        {
            check(&format!("[x]({good})"), &format!("<p><a href=\"{good}\">x</a></p>"));
        }
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "&#106;avascript:alert(1)",
            "<\u{1}javascript:alert(1)>",
            "other",
            "//other.example",
            "/\\\\other.example",
        ] {
            check(&format!("[x]({bad})"), "<p>x</p>");
        }
        check("<a@example.org>", "<p><a href=\"mailto:a@example.org\">a@example.org</a></p>");
        check("<javascript:alert(1)>", "<p>javascript:alert(1)</p>");
        check(
            "<https://example.org>",
            "<p><a href=\"https://example.org\">https://example.org</a></p>",
        );
        check(
            "[x](https://example.org \"a\\\" onclick=\\\"b\")",
            "<p><a href=\"https://example.org\" title=\"a&quot; onclick=&quot;b\">x</a></p>",
        );
    }

    #[test]
    fn pictures_become_their_descriptions() {
        check("![the *hall*](https://example.org/hall.png)", "<p>the <em>hall</em></p>");
        check("[![hall](a.png)](javascript:x)", "<p>hall</p>");
    }
}
