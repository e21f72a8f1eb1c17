//! The part of a shell's `<head>` that the server writes: what search engines and previews read without running
//! the front end, and the first requests of the page.

use holdfast_domain::legal::Kind;
use serde_json::Value;

/// Marks the place of the head in every shell.
const PLACE: &str = "<!-- head -->";
const SITE: &str = "Holdfast";
const NEUTRAL: &str = "Choose your seats, hold them, pay, and go.";

/// The head of a page: title, description, address, data and first requests.
#[derive(Debug, Clone, Default)]
pub struct PageHead {
    title: Option<String>,
    description: String,
    /// The canonical address of the page. `None` when the page is not for search engines.
    address: Option<String>,
    data: Option<Value>,
    first: Vec<String>,
    /// The legal documents of the shop, each as `kind=version`.
    documents: Vec<String>,
}

impl PageHead {
    /// The head of a page that reveals nothing about the shown object.
    pub fn neutral() -> Self {
        Self { description: NEUTRAL.to_owned(), ..Self::default() }
    }

    /// The head of a page for everybody.
    pub fn public(title: &str, description: &str) -> Self {
        Self {
            title: Some(title.to_owned()),
            description: description.to_owned(),
            ..Self::default()
        }
    }

    /// Sets the canonical address, under which search engines list the page.
    #[must_use]
    pub fn at(self, address: &str) -> Self {
        Self { address: Some(address.to_owned()), ..self }
    }

    /// Adds a description of the shown object, in the terms of <https://schema.org>.
    #[must_use]
    pub fn described_by(self, data: Value) -> Self {
        Self { data: Some(data), ..self }
    }

    /// Adds the first requests of the page, as paths below the API's base path.
    #[must_use]
    pub fn begins_with(self, first: &[String]) -> Self {
        Self { first: first.to_vec(), ..self }
    }

    /// Adds the legal documents of the shop with their versions: every page has links to them, and some pages ask their
    /// visitors to accept them.
    #[must_use]
    pub fn with_documents<'a>(self, documents: impl Iterator<Item = (Kind, &'a str)>) -> Self {
        let named = documents.map(|(kind, version)| format!("{}={version}", kind.as_str()));
        Self { documents: named.collect(), ..self }
    }

    /// Puts the head into the shell.
    pub fn put_into(&self, shell: &str) -> String {
        shell.replacen(PLACE, &self.html(), 1)
    }

    fn html(&self) -> String {
        let title = self.title.as_deref().unwrap_or(SITE);
        let shown = if title == SITE { SITE.to_owned() } else { format!("{title} · {SITE}") };
        let mut html = format!("<title>{}</title>", escaped(&shown));
        let mut meta = |kind: &str, name: &str, content: &str| {
            html.push_str(&format!("\n<meta {kind}=\"{name}\" content=\"{}\">", escaped(content)));
        };
        meta("name", "description", &self.description);
        match &self.address {
            Some(address) => {
                meta("property", "og:type", "website");
                meta("property", "og:site_name", SITE);
                meta("property", "og:title", title);
                meta("property", "og:description", &self.description);
                meta("property", "og:url", address);
                meta("name", "twitter:card", "summary");
            }
            None => meta("name", "robots", "noindex"),
        }
        if !self.first.is_empty() {
            meta("name", "holdfast-first", &self.first.join(" "));
        }
        if !self.documents.is_empty() {
            meta("name", "holdfast-legal", &self.documents.join(" "));
        }
        if let Some(address) = &self.address {
            html.push_str(&format!("\n<link rel=\"canonical\" href=\"{}\">", escaped(address)));
        }
        if let Some(data) = &self.data {
            // The type is not that of a script, so browsers do not run the text, and the policy for scripts does not
            // apply to it.
            let json = json_in_html(data);
            html.push_str(&format!("\n<script type=\"application/ld+json\">{json}</script>"));
        }
        html
    }
}

/// Escapes a text for HTML, between tags or as the quoted value of an attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// JSON that cannot end the element around it: it contains nothing that looks like a tag, a comment or the end of
/// a line. The escaped characters occur only in strings, where JSON may write them as numbers.
fn json_in_html(data: &Value) -> String {
    let mut json = String::new();
    for letter in data.to_string().chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                json.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            letter => json.push(letter),
        }
    }
    json
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HOSTILE: &str = "\"><script>alert('1')</script><!-- \u{2028} &amp;";

    #[test]
    fn a_hostile_text_ends_neither_an_attribute_nor_a_script() {
        let head = PageHead::public(HOSTILE, HOSTILE)
            .at("https://x.test/?a=\"b")
            .described_by(json!({ "name": HOSTILE }));
        let html = head.html();
        assert_eq!(html.matches("<script").count(), 1, "{html}");
        assert_eq!(html.matches("</script>").count(), 1, "{html}");
        assert!(!html.contains("<!--"), "{html}");
        let (tags, _) = html.split_once("<script").expect("a script");
        assert_eq!(tags.matches('"').count() % 2, 0, "{html}");
        let data = html.split("ld+json\">").nth(1).and_then(|it| it.strip_suffix("</script>"));
        let data: Value = serde_json::from_str(data.expect("a script")).expect("JSON");
        assert_eq!(data["name"], HOSTILE);
        assert!(!html.split("ld+json").nth(1).expect("a script").contains('\u{2028}'));
    }

    #[test]
    fn a_page_that_says_nothing_is_not_for_search_engines() {
        let html = PageHead::neutral().html();
        assert!(html.starts_with("<title>Holdfast</title>"), "{html}");
        assert!(html.contains("noindex") && !html.contains("canonical"), "{html}");
    }

    #[test]
    fn the_head_stands_where_the_shell_has_room_for_it() {
        let shell = format!("<head>{PLACE}</head>");
        let html = PageHead::public("Gala", "A gala.").put_into(&shell);
        assert!(html.starts_with("<head><title>Gala · Holdfast</title>"), "{html}");
        assert!(html.ends_with("</head>"), "{html}");
    }
}
