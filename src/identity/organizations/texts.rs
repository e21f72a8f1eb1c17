//! What an organization says about itself, checked.

use holdfast_contract::organizations::{NewOrganization, OrganizationChange};
use holdfast_domain::{email::EmailAddress, text};
use holdfast_entity::organizations;
use poem::http::Uri;

use super::OrganizationError;

/// The maximum length of a name, in characters.
const MAX_NAME: usize = 200;
/// The maximum length of a website's address, in characters.
const MAX_WEBSITE: usize = 300;

/// What an organization says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationTexts {
    pub name: String,
    pub legal_name: Option<String>,
    pub contact_email: Option<String>,
    pub website: Option<String>,
}

impl OrganizationTexts {
    /// The texts of an application.
    ///
    /// # Errors
    /// When a field is malformed.
    pub fn of_new(new: &NewOrganization) -> Result<Self, OrganizationError> {
        Ok(Self {
            name: name("name", &new.name)?,
            legal_name: Some(name("legal_name", &new.legal_name)?),
            contact_email: Some(contact(&new.contact_email)?),
            website: new.website.as_deref().map(website).transpose()?.flatten(),
        })
    }

    /// The texts of an organization.
    pub fn of_stored(stored: &organizations::Model) -> Self {
        Self {
            name: stored.name.clone(),
            legal_name: stored.legal_name.clone(),
            contact_email: stored.contact_email.clone(),
            website: stored.website.clone(),
        }
    }

    /// The texts after the change.
    ///
    /// # Errors
    /// When a field is malformed.
    pub fn changed(self, change: &OrganizationChange) -> Result<Self, OrganizationError> {
        let OrganizationChange { name: new_name, legal_name, contact_email, website: site } =
            change;
        Ok(Self {
            name: new_name.as_deref().map_or(Ok(self.name), |typed| name("name", typed))?,
            legal_name: match legal_name {
                Some(typed) => Some(name("legal_name", typed)?),
                None => self.legal_name,
            },
            contact_email: match contact_email {
                Some(typed) => Some(contact(typed)?),
                None => self.contact_email,
            },
            website: match site {
                Some(typed) => website(typed)?,
                None => self.website,
            },
        })
    }
}

fn name(field: &'static str, typed: &str) -> Result<String, OrganizationError> {
    text::line(typed, MAX_NAME).map_err(|fault| OrganizationError::Field(field, fault.to_string()))
}

fn contact(typed: &str) -> Result<String, OrganizationError> {
    let address = EmailAddress::parse(typed);
    let address =
        address.map_err(|fault| OrganizationError::Field("contact_email", fault.to_string()))?;
    Ok(address.to_string())
}

/// The address of a website; `None` for an empty text.
fn website(typed: &str) -> Result<Option<String>, OrganizationError> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    let refused = |fault: String| OrganizationError::Field("website", fault);
    let line = text::line(typed, MAX_WEBSITE).map_err(|fault| refused(fault.to_string()))?;
    let uri: Option<Uri> = line.parse().ok();
    let is_web = uri.as_ref().is_some_and(|uri| {
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        matches!(uri.scheme_str(), Some("http" | "https"))
            && !authority.is_empty()
            && !authority.contains('@')
    });
    if is_web {
        Ok(Some(line))
    } else {
        Err(refused("must be an address such as https://example.org".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_website_is_an_address_of_the_web() {
        let read = |typed: &str| website(typed).ok().flatten();
        assert_eq!(
            read(" https://club.example/a?b=c ").as_deref(),
            Some("https://club.example/a?b=c")
        );
        assert_eq!(read("http://club.example").as_deref(), Some("http://club.example"));
        assert!(matches!(website("  "), Ok(None)));
        for wrong in [
            "club.example",
            "javascript:alert(1)",
            "https://",
            "ftp://club.example",
            "https://user@club.example",
            "data:text/html,x",
            "//club.example",
            "https://a b",
        ] {
            assert!(website(wrong).is_err(), "{wrong}");
        }
    }
}
