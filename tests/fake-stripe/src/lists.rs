//! The calls that only read: single objects, pages (<https://docs.stripe.com/api/pagination>) and searches.

use serde_json::{Value, json};

use crate::{
    answer::StripeAnswer,
    books::{Books, Form},
};

/// The page size without the parameter `limit`.
const LIMIT: usize = 10;
/// The largest page size that a caller may ask for.
const MAX_LIMIT: usize = 100;

fn expands(form: &Form) -> bool {
    form.get("expand").and_then(Value::as_array).is_some_and(|list| {
        list.iter().any(|path| path == "data.latest_charge" || path == "latest_charge")
    })
}

fn created_matches(form: &Form, created: i64) -> bool {
    let Some(created_at) = form.get("created") else { return true };
    let bound = |name: &str| created_at.get(name)?.as_str()?.parse::<i64>().ok();
    bound("gte").is_none_or(|least| created >= least)
        && bound("gt").is_none_or(|below| created > below)
        && bound("lte").is_none_or(|most| created <= most)
        && bound("lt").is_none_or(|above| created < above)
}

/// One page of objects, which are given newest first.
fn page(url: &str, form: &Form, newest_first: Vec<Value>) -> Result<StripeAnswer, StripeAnswer> {
    let limit = match form.get("limit").and_then(Value::as_str).map(str::parse::<usize>) {
        None => LIMIT,
        Some(Ok(limit)) if (1..=MAX_LIMIT).contains(&limit) => limit,
        Some(_) => {
            return Err(StripeAnswer::invalid(
                "Invalid limit",
                Some("parameter_invalid_integer"),
                Some("limit"),
            ));
        }
    };
    let place = |id: &str| newest_first.iter().position(|object| object["id"] == id);
    let start = match form.get("starting_after").and_then(Value::as_str) {
        None => 0,
        Some(id) => match place(id) {
            Some(at) => at + 1,
            None => return Err(StripeAnswer::missing("object", id, "starting_after")),
        },
    };
    let has_more = newest_first.len() > start + limit;
    let data: Vec<Value> = newest_first.into_iter().skip(start).take(limit).collect();
    Ok(StripeAnswer::ok(
        json!({ "object": "list", "url": url, "has_more": has_more, "data": data }),
    ))
}

impl Books {
    /// `GET /v1/payment_intents/:id`: one intent, by its id.
    pub fn retrieve(&self, id: &str, form: &Form) -> Result<StripeAnswer, StripeAnswer> {
        let at = self
            .position(id)
            .ok_or_else(|| StripeAnswer::missing("payment_intent", id, "intent"))?;
        Ok(StripeAnswer::ok(self.intents[at].to_json(expands(form))))
    }

    /// `GET /v1/payment_intents`: a page of intents, newest first.
    pub fn list(&self, form: &Form) -> Result<StripeAnswer, StripeAnswer> {
        let found = self.intents.iter().rev();
        let found = found.filter(|intent| created_matches(form, intent.created));
        page("/v1/payment_intents", form, found.map(|it| it.to_json(expands(form))).collect())
    }

    /// `GET /v1/payment_intents/search`, only for queries of the form `metadata['key']:'value'`. Intents younger than
    /// the lag of the search index are not found.
    pub fn search(&self, form: &Form, now: i64) -> Result<StripeAnswer, StripeAnswer> {
        let query = form.get("query").and_then(Value::as_str).unwrap_or_default();
        let Some((name, value)) = query
            .strip_prefix("metadata['")
            .and_then(|rest| rest.strip_suffix('\''))
            .and_then(|rest| rest.split_once("']:'"))
        else {
            return Err(StripeAnswer::invalid(
                "We were unable to parse your search query.",
                None,
                Some("query"),
            ));
        };
        let data: Vec<Value> = self
            .intents
            .iter()
            .rev()
            .filter(|intent| intent.created + self.search_lag_secs <= now)
            .filter(|intent| intent.metadata.get(name).and_then(Value::as_str) == Some(value))
            .map(|intent| intent.to_json(false))
            .collect();
        Ok(StripeAnswer::ok(
            json!({ "object": "search_result", "url": "/v1/payment_intents/search",
            "has_more": false, "next_page": null, "data": data }),
        ))
    }

    /// `GET /v1/refunds/:id`: one refund, by its id.
    pub fn retrieve_refund(&self, id: &str) -> Result<StripeAnswer, StripeAnswer> {
        let refund = self.refunds.iter().find(|refund| refund.id == id);
        refund
            .map(|it| StripeAnswer::ok(it.to_json()))
            .ok_or_else(|| StripeAnswer::missing("refund", id, "refund"))
    }

    /// `GET /v1/refunds`: a page of refunds, newest first.
    pub fn list_refunds(&self, form: &Form) -> Result<StripeAnswer, StripeAnswer> {
        let wanted = form.get("payment_intent").and_then(Value::as_str);
        let found = self.refunds.iter().rev();
        let found = found.filter(|refund| wanted.is_none_or(|id| refund.intent == id));
        page("/v1/refunds", form, found.map(|refund| refund.to_json()).collect())
    }

    /// `GET /v1/events/:id`: one event, by its id.
    pub fn retrieve_event(&self, id: &str) -> Result<StripeAnswer, StripeAnswer> {
        let event = self.events.iter().find(|event| event["id"] == id);
        event
            .cloned()
            .map(StripeAnswer::ok)
            .ok_or_else(|| StripeAnswer::missing("event", id, "event"))
    }

    /// `GET /v1/events`: a page of events, newest first.
    pub fn list_events(&self, form: &Form) -> Result<StripeAnswer, StripeAnswer> {
        page("/v1/events", form, self.events.iter().rev().cloned().collect())
    }
}
