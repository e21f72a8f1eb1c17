//! How often passwords are tried at the sign-in. Strange browsers count together for each account, a browser in which the user
//! has signed in before counts apart, and each network address counts for all accounts together.
//!
//! Only wrong passwords count. Many guesses at once tell no more than allowed, because a guess is judged once more after its
//! password was checked: see [`Accounts::log_in`]. An address without an account is counted like any other, so that nobody
//! learns by the refusals which accounts exist.

use std::net::IpAddr;

use holdfast_domain::{
    actor::Actor,
    email::{EmailAddress, as_once_stored},
    ids::UserId,
    link::{HOUR_MS, MAX_TRIES, TryKind},
    message::Kind,
};
use holdfast_entity::users;

use super::{
    Accounts, DAY_MS,
    known_devices::{self, Secured},
    links,
    log_in::LogInError,
    store::{self, Tries},
};
use crate::{
    http::client,
    kernel::{
        audit::{self, AuditRecord},
        db::{self, StoreError},
    },
    messages::{NewMessage, post, posted},
};

/// Where a sign-in comes from.
#[derive(Debug, Clone, Default)]
pub struct SignInSender {
    /// `None` over a connection without an address.
    pub address: Option<IpAddr>,
    /// The cookie that tells for which accounts the browser is known.
    pub devices: Option<String>,
}

/// Whose wrong passwords count for a sign-in, and how many there may be within an hour.
#[derive(Debug)]
pub(super) struct Guesser {
    /// The account, if there is one.
    user: Option<UserId>,
    counts: Vec<(UserId, TryKind, i32)>,
}

impl Accounts {
    /// Whose wrong passwords count for a sign-in to this account, or to the typed address if it has none.
    pub(super) fn guesser(
        &self,
        user: Option<&users::Model>,
        typed: &str,
        sender: &SignInSender,
    ) -> Guesser {
        let id = user.map(|user| user.id);
        let Some(most_of_network) = self.tries_of_network else {
            return Guesser { user: id, counts: Vec::new() };
        };
        let keys = &self.sessions.keys;
        let device = user.and_then(|user| {
            known_devices::known(keys, sender.devices.as_deref()?, Secured::of(user))
        });
        let counts = match device {
            // The owner may share the network with whoever guesses.
            Some(device) => vec![(UserId(device), TryKind::KnownDevice, MAX_TRIES)],
            None => {
                // The address counts, also of an account: otherwise whoever registers it would begin anew, and so tell that
                // there was none.
                let address = form(user.map_or(typed, |user| &user.email));
                let account = links::counted(keys, &address);
                let network = sender.address.map(|address| {
                    let id = links::counted(keys, &client::network(address).to_string());
                    (id, TryKind::Network, most_of_network)
                });
                network.into_iter().chain([(account, TryKind::SignIn, MAX_TRIES)]).collect()
            }
        };
        Guesser { user: id, counts }
    }

    /// Refuses the sign-in of somebody who has guessed too often, whatever the password is.
    ///
    /// # Errors
    /// When there were too many wrong passwords within this hour, or the database fails.
    pub(super) async fn may_sign_in(&self, guesser: &Guesser) -> Result<(), LogInError> {
        for (id, kind, most) in &guesser.counts {
            let tries = store::tries_so_far(&self.base.db, *id, *kind, HOUR_MS).await?;
            if let Some(Tries { ends_in_ms, .. }) = tries.filter(|tries| tries.number >= *most) {
                return Err(refusal(*kind, ends_in_ms));
            }
        }
        Ok(())
    }

    /// Counts a wrong password. Returns what its sender is told: one who has guessed too often does not learn that it was wrong.
    pub(super) async fn count_wrong(&self, guesser: &Guesser) -> Result<LogInError, StoreError> {
        let mut told = LogInError::Wrong;
        for (id, kind, most) in &guesser.counts {
            let tries = store::count_try(&self.base.db, *id, *kind, HOUR_MS).await?;
            if let (true, TryKind::SignIn, Some(user)) = (tries.number == *most, kind, guesser.user)
            {
                self.tell_refusal(user);
            }
            if tries.number > *most {
                told = refusal(*kind, tries.ends_in_ms);
            }
        }
        Ok(told)
    }

    /// Records that sign-ins to the account are refused, and tells its user at most once a day. No answer waits for this, so
    /// the time of an answer does not tell whether the account exists.
    fn tell_refusal(&self, user: UserId) {
        let accounts = self.clone();
        let telling = async move {
            if let Err(error) = accounts.record_refusal(user).await {
                tracing::error!(%error, "refused sign-ins were not told to the user");
            }
        };
        if self.asked.start(&self.base.tasks, telling).is_err() {
            tracing::warn!("refused sign-ins are not told to the user: too much work waits");
        }
    }

    async fn record_refusal(&self, id: UserId) -> Result<(), StoreError> {
        let entropy = self.base.entropy.clone();
        self.base
            .db
            .transact(move |tx| {
                let entropy = entropy.clone();
                Box::pin(async move {
                    let found = store::lock_user(tx, id).await?;
                    let Some(user) = found.filter(|user| user.status.may_sign_in()) else {
                        return Ok(());
                    };
                    let (nobody, about) = (Actor::Guest(None), ("user", id.0));
                    let entry = AuditRecord::new(&*entropy, nobody, "sign_in.refused", about, &());
                    audit::record(tx, &entry).await?;
                    let now = db::now(tx).await?;
                    let told = posted(tx, &[Kind::SignInsRefused], &[id.0]).await?;
                    if told.iter().any(|mail| now - mail.created_at < DAY_MS) {
                        return Ok(());
                    }
                    let instance = entropy.id().to_string();
                    let mail =
                        NewMessage::once(Kind::SignInsRefused, id.0, &user.email, &user.locale);
                    post(tx, &*entropy, [NewMessage { instance, ..mail }], now).await
                })
            })
            .await
    }
}

/// The answer to a sign-in that is refused by this count until the next hour.
fn refusal(kind: TryKind, wait_ms: i64) -> LogInError {
    let by = match kind {
        TryKind::KnownDevice => "device",
        TryKind::Network => "network",
        TryKind::SignIn
        | TryKind::Code
        | TryKind::Password
        | TryKind::Address
        | TryKind::LookUp => "account",
    };
    metrics::counter!("holdfast_sign_ins_refused_total", "by" => by).increment(1);
    LogInError::TooOften { wait_ms }
}

/// The form in which a typed address is counted.
fn form(typed: &str) -> String {
    EmailAddress::parse(typed)
        .map_or_else(|_| as_once_stored(typed), |address| address.as_str().to_owned())
}
