//! The cookies of the site (RFC 6265bis): the refresh token, which account this browser has registered, and for which accounts
//! it is known. No script can read them, and no other site's page sends them with a request that changes something.

use cookie::{Cookie, SameSite, time::Duration};
use holdfast_domain::session::SessionLength;
use poem::{IntoResponse, Request, Response, http::header};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaResponses, Registry},
    types::Type,
};

use crate::kernel::settings::WebAddress;

/// A cookie of this installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SiteCookie {
    name: &'static str,
    is_secure: bool,
}

impl SiteCookie {
    /// The cookie with the refresh token, of the site at this address.
    pub fn session(site: &WebAddress) -> Self {
        Self::of(site, ["__Host-holdfast-session", "holdfast-session"])
    }

    /// The cookie that tells which account this browser has registered.
    pub fn registration(site: &WebAddress) -> Self {
        Self::of(site, ["__Host-holdfast-registration", "holdfast-registration"])
    }

    /// The cookie that tells for which accounts this browser is known.
    pub fn devices(site: &WebAddress) -> Self {
        Self::of(site, ["__Host-holdfast-devices", "holdfast-devices"])
    }

    /// Browsers accept the first name's prefix only with `Secure`, without `Domain`, and for the whole site, so that no
    /// neighbour of the shop's host name can set the cookie. The second is for sites without encryption, in development.
    fn of(site: &WebAddress, [secure, plain]: [&'static str; 2]) -> Self {
        let is_secure = site.is_https();
        Self { name: if is_secure { secure } else { plain }, is_secure }
    }

    fn with(self, value: String) -> cookie::CookieBuilder<'static> {
        Cookie::build((self.name, value))
            .path("/")
            .http_only(true)
            .secure(self.is_secure)
            .same_site(SameSite::Lax)
    }

    /// The cookie with this value, which the browser keeps for this time.
    pub fn kept(self, value: String, kept_ms: i64) -> Cookie<'static> {
        self.with(value).max_age(Duration::milliseconds(kept_ms)).build()
    }

    /// The cookie with this refresh token. The browser keeps it as long as the session lasts.
    pub fn set(self, token: String, length: SessionLength) -> Cookie<'static> {
        match length {
            SessionLength::Browser => self.with(token).build(),
            SessionLength::Remembered => self.kept(token, length.idle_ms()),
        }
    }

    /// A cookie that removes the cookie.
    pub fn removed(self) -> Cookie<'static> {
        self.with(String::new()).max_age(Duration::ZERO).build()
    }

    /// The value that the request carries.
    pub fn read(self, request: &Request) -> Option<String> {
        let headers = request.headers().get_all(header::COOKIE).iter();
        let cookies = headers.filter_map(|value| value.to_str().ok()).flat_map(Cookie::split_parse);
        let mut ours = cookies.flatten().filter(|cookie| cookie.name() == self.name);
        ours.next().map(|cookie| cookie.value().to_owned())
    }
}

/// A response that also sets cookies.
#[derive(Debug)]
pub struct WithCookies<T> {
    pub cookies: Vec<Cookie<'static>>,
    pub response: T,
}

impl<T: IntoResponse> IntoResponse for WithCookies<T> {
    fn into_response(self) -> Response {
        let mut response = self.response.into_response();
        for cookie in self.cookies {
            if let Ok(value) = cookie.to_string().parse() {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        }
        response
    }
}

impl<T: ApiResponse> ApiResponse for WithCookies<T> {
    fn meta() -> MetaResponses {
        let mut meta = T::meta();
        for response in &mut meta.responses {
            response.headers.push(MetaHeader {
                name: "Set-Cookie".to_owned(),
                description: Some("Cookies that scripts cannot read.".to_owned()),
                required: true,
                deprecated: false,
                schema: String::schema_ref(),
            });
        }
        meta
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie(site: &str) -> SiteCookie {
        SiteCookie::session(&WebAddress::parse(site).expect("an address"))
    }

    #[test]
    fn an_encrypted_site_has_a_cookie_that_its_neighbours_cannot_set() {
        let secure = cookie("https://tickets.example.org");
        let text = secure.set("token".to_owned(), SessionLength::Browser).to_string();
        assert_eq!(text, "__Host-holdfast-session=token; HttpOnly; SameSite=Lax; Secure; Path=/");
        let plain = cookie("http://127.0.0.1:8080").set("t".to_owned(), SessionLength::Remembered);
        assert_eq!(
            plain.to_string(),
            "holdfast-session=t; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000"
        );
        assert!(secure.removed().to_string().ends_with("Path=/; Max-Age=0"));
    }

    #[test]
    fn the_token_is_found_among_other_cookies() {
        let request = |cookies: &str| Request::builder().header("Cookie", cookies).finish();
        let (secure, plain) = (cookie("https://a.example"), cookie("http://127.0.0.1"));
        let both = request("a=b; holdfast-session=plain; __Host-holdfast-session=secure");
        assert_eq!(secure.read(&both).as_deref(), Some("secure"));
        assert_eq!(plain.read(&both).as_deref(), Some("plain"));
        assert_eq!(secure.read(&request("holdfast-session=plain")), None);
        assert_eq!(plain.read(&Request::builder().finish()), None);
    }
}
