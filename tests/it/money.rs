//! Tests of the ledger against the gateway's books.

mod reconcile;
