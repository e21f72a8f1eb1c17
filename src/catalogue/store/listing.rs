//! The list of events: conditions, order and pages as SQL.

use holdfast_domain::{
    ids::{EventId, OrganizationId},
    text,
};
use sea_orm::Value;

use super::events::{EventSnapshot, MOMENT};
use crate::{
    catalogue::list_events::{EventQuery, Sort, Stage},
    kernel::db::{self, Dialect, Sql, StoreError},
};

/// A page of events, with one event more if there is a next page. Drafts are found only in the organizations
/// `drafts_of`; with `None`, in all organizations.
pub async fn page(
    sql: &impl Sql,
    wanted: &EventQuery,
    drafts_of: Option<&[OrganizationId]>,
) -> Result<Vec<EventSnapshot>, StoreError> {
    let mut query = Query {
        dialect: sql.writing().dialect(),
        sql: format!("{MOMENT} LEFT JOIN event_texts t ON t.event_id = e.id WHERE TRUE"),
        values: Vec::new(),
    };
    stage(&mut query, wanted.stage, drafts_of);
    if let Some(category) = &wanted.category {
        query.and("COALESCE(t.category, lower(e.category)) = ?", [text::folded(category).into()]);
    }
    if let Some(from) = wanted.from {
        query.and("e.starts_at >= ?", [from.into()]);
    }
    if let Some(to) = wanted.to {
        query.and("e.starts_at < ?", [to.into()]);
    }
    if let Some(place) = &wanted.place {
        let contains = "COALESCE(t.place, lower(e.place)) LIKE ? ESCAPE '!'";
        query.and(contains, [pattern(place).into()]);
    }
    if let Some(text) = &wanted.q {
        let contains = "COALESCE(t.searched, lower(e.name || ' ' || e.place || ' ' || e.description \
             || ' ' || e.category)) LIKE ? ESCAPE '!'";
        query.and(contains, [pattern(text).into()]);
    }
    order(&mut query, wanted.sort, wanted.after);
    query.sql.push_str(&format!(" LIMIT {}", wanted.limit + 1));
    sql.list(&query.sql, query.values).await
}

/// The event has no available seat, no seat whose hold has lapsed, and no section with a free place.
const NOTHING_LEFT: &str = "NOT EXISTS (SELECT 1 FROM seats s WHERE s.event_id = e.id \
        AND (s.status = 'available' OR (s.status = 'held' AND s.expires_at <= {now}))) \
    AND NOT EXISTS (SELECT 1 FROM sections g WHERE g.event_id = e.id AND g.kind = 'general' \
        AND g.capacity - g.held - g.sold - g.blocked + COALESCE((SELECT SUM(i.admits) \
            FROM reservation_items i WHERE i.event_id = g.event_id AND i.section_id = g.id \
            AND i.kind = 'general' AND i.state = 'held' AND i.expires_at <= {now}), 0) > 0)";

/// The event was published at some time. A draft that was cancelled stays hidden.
const SHOWN: &str = "EXISTS (SELECT 1 FROM publications p WHERE p.event_id = e.id)";

fn stage(query: &mut Query, stage: Stage, drafts_of: Option<&[OrganizationId]>) {
    const LIVE: &str = "e.status IN ('upcoming', 'on_sale') AND e.ends_at > {now}";
    let condition = match stage {
        Stage::Any => {
            format!(
                "e.status NOT IN ('draft', 'archived') AND (e.status <> 'cancelled' OR {SHOWN})"
            )
        }
        Stage::OnSale => format!("{LIVE} AND e.sale_starts_at <= {{now}}"),
        Stage::SoldOut => format!("{LIVE} AND e.sale_starts_at <= {{now}} AND {NOTHING_LEFT}"),
        Stage::Upcoming => format!("{LIVE} AND e.sale_starts_at > {{now}}"),
        Stage::Past => "(e.status = 'completed' OR \
            (e.status IN ('upcoming', 'on_sale') AND e.ends_at <= {now}))"
            .to_owned(),
        Stage::Free => format!(
            "{LIVE} AND EXISTS (SELECT 1 FROM offers f WHERE f.event_id = e.id \
             AND f.price_minor = 0 AND f.withdrawn_at IS NULL)"
        ),
        Stage::Cancelled => format!("e.status = 'cancelled' AND {SHOWN}"),
        Stage::Draft => {
            format!("(e.status = 'draft' OR (e.status = 'cancelled' AND NOT {SHOWN}))")
        }
    };
    query.and(&condition, []);
    match (stage, drafts_of) {
        (Stage::Draft, Some([])) => query.and("FALSE", []),
        (Stage::Draft, Some(organizations)) => {
            let organizations = db::set(query.dialect, organizations.iter().copied());
            query.and("e.organization_id {among_ids ?}", [organizations]);
        }
        (
            Stage::Any
            | Stage::OnSale
            | Stage::SoldOut
            | Stage::Upcoming
            | Stage::Past
            | Stage::Free
            | Stage::Cancelled
            | Stage::Draft,
            _,
        ) => {}
    }
}

/// The cursor is the id of the last event of a page. The position of that event in the order is read from its row.
fn order(query: &mut Query, sort: Sort, after: Option<EventId>) {
    let (column, falling) = match sort {
        Sort::StartsAt => ("e.starts_at", false),
        Sort::StartsAtFalling => ("e.starts_at", true),
        // An event without written texts stands first.
        Sort::Name => ("COALESCE(t.sort_key, '')", false),
        Sort::NameFalling => ("COALESCE(t.sort_key, '')", true),
        Sort::CreatedAtFalling => ("e.created_at", true),
    };
    let (beyond, direction) = if falling { ("<", "DESC") } else { (">", "ASC") };
    if let Some(after) = after {
        query.and(
            &format!(
                "({column}, e.id) {beyond} (SELECT {column}, e.id FROM events e \
                 LEFT JOIN event_texts t ON t.event_id = e.id WHERE e.id = ?)"
            ),
            [after.into()],
        );
    }
    query.sql.push_str(&format!(" ORDER BY {column} {direction}, e.id {direction}"));
}

/// A statement that grows condition by condition.
struct Query {
    dialect: Dialect,
    sql: String,
    values: Vec<Value>,
}

impl Query {
    /// Adds a condition in which each `?` stands for the next value.
    fn and<const N: usize>(&mut self, condition: &str, values: [Value; N]) {
        let mut parts = condition.split('?');
        let mut text = parts.next().unwrap_or("").to_owned();
        for (part, value) in parts.zip(values) {
            self.values.push(value);
            text.push_str(&format!("${}{part}", self.values.len()));
        }
        self.sql.push_str(" AND ");
        self.sql.push_str(&text);
    }
}

/// The pattern for a text that contains this text, whatever its case and accents; `!` escapes.
fn pattern(text: &str) -> String {
    db::pattern_around(&text::folded(text))
}
