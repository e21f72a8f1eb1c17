//! Limits on how many requests one sender may send to the API: 429, the problem `too-many-requests`, and `Retry-After`.
//! All nodes count together.
//!
//! A request with a valid token is counted for its user or guest, and any other for its network address, because many
//! people can share one address. Some routes have a stricter limit besides: it counts the address whoever sends, because
//! whoever guesses passwords has many names. Calls of other systems that carry a signature, such as the webhooks of a payment
//! gateway, are never limited.

mod headers;
pub mod settings;

use std::{sync::Arc, time::Duration};

use holdfast_contract::problem::ProblemType;
use holdfast_domain::{ids::Buyer, rate::Level};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result, http::Method};

use self::{
    headers::whole_secs,
    settings::{Limit, LimitSettings, RateLimits},
};
use super::{
    auth::Bearer,
    client,
    overload::Turn,
    problem::ApiProblem,
    route::{RoutePattern, as_read, below_api},
};
use crate::kernel::ports::{RateLimiter, limiter::Count};

/// How the requests of a route are counted, if not like any other.
#[derive(Debug)]
pub struct LimitRule {
    pub route: RoutePattern,
    pub counted: CountedAs,
}

/// The ways of counting a request.
#[derive(Debug, Clone, Copy)]
pub enum CountedAs {
    /// Under no limit: the sender is another system and proves it by a signature.
    Free,
    /// As a read: it changes nothing, or only what repeating it changes.
    Read,
    /// Under this limit too, for its network address, whoever sends it.
    Strict(Limit),
    /// Under this limit instead of that of other requests, for its network address, if it comes without a valid token.
    Strangers(Limit),
}

/// The limits of all senders; a middleware. Cheap to clone. It stands inside the layers that add the request's data, because
/// it reads tokens and addresses, and inside [`super::overload`]: what a busy node refuses is not counted.
#[derive(Debug, Clone)]
pub struct Limits(Option<Arc<Limiting>>);

#[derive(Debug)]
struct Limiting {
    settings: LimitSettings,
    rules: Vec<&'static LimitRule>,
    limiter: Arc<dyn RateLimiter>,
}

/// A sender, and the limits under which a request is counted for that sender.
type Counts = (String, Vec<Count>);

impl Limits {
    /// Counts by these rules, unless the settings say that no limit applies.
    pub fn new(
        settings: &LimitSettings,
        rules: impl IntoIterator<Item = &'static LimitRule>,
        limiter: Arc<dyn RateLimiter>,
    ) -> Self {
        let limiting =
            || Limiting { settings: settings.clone(), rules: rules.into_iter().collect(), limiter };
        Self((settings.rate_limits == RateLimits::On).then(|| Arc::new(limiting())))
    }
}

impl Limiting {
    /// The senders of this request, and how it is counted for each.
    async fn counts(&self, request: &mut Request) -> Vec<Counts> {
        let Some(path) = below_api(request.uri().path()) else { return Vec::new() };
        let rule = self.rules.iter().find(|rule| rule.route.is_for(request.method(), path));
        let counted = rule.map(|rule| rule.counted);
        if matches!(counted, Some(CountedAs::Free)) {
            return Vec::new();
        }
        let is_read =
            *as_read(request.method()) == Method::GET || matches!(counted, Some(CountedAs::Read));
        // The route itself refuses an invalid token.
        let bearer = Bearer::of(request).await.ok();
        let known = bearer.as_ref().and_then(Bearer::buyer).and_then(named);
        if let Some(bearer) = bearer {
            request.extensions_mut().insert(bearer);
        }
        let (mut of_address, mut senders) = (Vec::new(), Vec::new());
        match (&known, counted) {
            (Some(_), _) => {}
            (None, Some(CountedAs::Strangers(limit))) => of_address.push(self.count(limit)),
            (None, _) if is_read => of_address.push(self.count(Limit::READS)),
            (None, _) => of_address.push(self.count(Limit::REQUESTS)),
        }
        if let Some(CountedAs::Strict(limit)) = counted {
            of_address.push(self.count(limit));
        }
        // A request without an address comes over a socket of this machine.
        if let Some(address) = client::address(request).filter(|_| !of_address.is_empty()) {
            senders.push((format!("address:{}", client::network(address)), of_address));
        }
        senders.extend(known.map(|name| (name, vec![self.count(Limit::KNOWN)])));
        senders
    }

    fn count(&self, limit: Limit) -> Count {
        Count { name: limit.name, quota: limit.quota(&self.settings), cost: 1 }
    }

    /// Counts the request for one sender after the other, until one refuses it. Returns the levels, and the count that
    /// refuses. Only a strict route has two senders.
    async fn spend(
        &self,
        senders: Vec<Counts>,
    ) -> (Vec<(Count, Level)>, Option<(Count, Duration)>) {
        let mut levels = Vec::new();
        for (sender, counts) in senders {
            let counted = self.limiter.count(&sender, &counts).await;
            let refused = counted.refused.map(|(at, wait)| (counts[at].clone(), wait));
            levels.extend(counts.into_iter().zip(counted.levels));
            if refused.is_some() {
                return (levels, refused);
            }
        }
        (levels, None)
    }
}

/// The name under which a buyer is counted.
fn named(buyer: Buyer) -> Option<String> {
    match buyer {
        Buyer::User(user) => Some(format!("user:{user}")),
        Buyer::Guest(guest) => Some(format!("guest:{guest}")),
        Buyer::Door(_) | Buyer::Comp(_) => None,
    }
}

fn refusal(count: &Count, wait: Duration) -> ApiProblem {
    metrics::counter!("holdfast_limited_total", "limit" => count.name).increment(1);
    let secs = whole_secs(wait).max(1);
    let detail = format!(
        "Too many requests came from you or your network. Nothing was done. Try again in {secs} s."
    );
    ApiProblem::new(ProblemType::TooManyRequests, detail)
        .with_limit(Some(count.quota.units.get().into()), Some(0))
        .retry_after(secs)
}

/// The endpoint that [`Limits`] wraps.
#[derive(Debug)]
pub struct Limited<E> {
    inner: E,
    limits: Limits,
}

impl<E: Endpoint> Middleware<E> for Limits {
    type Output = Limited<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Limited { inner, limits: self.clone() }
    }
}

impl<E: Endpoint> Endpoint for Limited<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let Some(limiting) = &self.limits.0 else {
            return self.inner.call(request).await.map(IntoResponse::into_response);
        };
        let senders = limiting.counts(&mut request).await;
        if senders.is_empty() {
            return self.inner.call(request).await.map(IntoResponse::into_response);
        }
        let turn = request.extensions().get::<Turn>().cloned().unwrap_or_default();
        let (levels, refused) = limiting.spend(senders).await;
        let mut response = match refused {
            Some((count, wait)) => {
                turn.withdraw();
                refusal(&count, wait).into_response()
            }
            None => self.inner.call(request).await?.into_response(),
        };
        headers::add(response.headers_mut(), &levels);
        Ok(response)
    }
}
