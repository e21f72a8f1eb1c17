//! The server of Holdfast: seats are held, paid for and sold, each at most once.
//!
//! The folders say who uses the code in them: `shop` is for buyers, `desk` for organizers and administrators,
//! `identity` for users with an account, `catalogue` for everybody who looks at events. `money` keeps the books. All
//! of them use `kernel`. A slice has its HTTP in `api.rs`, its use cases in files named by their verb, and its SQL in
//! `store.rs`. `access` decides who may see and change which objects, `live` numbers changes and sends them, and
//! `site` sends the pages. Rules that are true without a computer are in `holdfast-domain`. Calls that leave the
//! process go through `kernel::ports` to `adapters`, which only `app` names. `docs/ARCHITECTURE.md` walks through the
//! code.

pub mod access;
pub mod adapters;
pub mod app;
pub mod catalogue;
pub mod desk;
pub mod http;
pub mod identity;
pub mod kernel;
pub mod legal;
pub mod live;
pub mod messages;
pub mod money;
pub mod settings;
pub mod shop;
pub mod site;
pub mod slice;
