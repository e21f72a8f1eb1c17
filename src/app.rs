//! The composition root: it makes the parts of the program, passes them to the slices and serves them. Only this
//! unit names adapters (`wiring`) and lists slices (`slices`).

mod demo;
pub mod development;
mod docs_page;
mod document;
mod serving;
mod slices;
mod wiring;

use std::sync::Arc;

use holdfast_migration::{Migrator, MigratorTrait};

pub use self::{
    serving::RunningServer,
    slices::{Slices, check, invariants, sealed},
};
use crate::{
    access::Access,
    adapters::system::SystemEntropy,
    catalogue::{Catalogue, create_event::HoldTimes, lifecycle, reads::Pace},
    desk::{administration::Administration, bookings::EventBookings},
    http::{auth::Users, cookie::SiteCookie, limits::Limits, tokens::Tokens},
    identity::{
        accounts::{Accounts, standing::StoredUsers},
        organizations::Organizations,
        sessions::Sessions,
    },
    kernel::{
        base::Base,
        db::{Db, settings::DatabaseUrl},
        keys::rotation,
        passes::{self, Pass},
        settings::SettingsError,
        upkeep,
    },
    legal::Legal,
    live::LiveChanges,
    messages::Post,
    money::ledger::{Ledger, reconcile::Difference},
    settings::{Config, RedisUrls},
    shop::{
        adoption::Adoption,
        cancellation::Cancellations,
        links::BookingLinks,
        moves::Moves,
        reservations::{
            Reservations,
            forget::ForgetCursor,
            hold::{HoldQueue, Looks},
            terms::TermsCache,
        },
    },
    site::Pages,
    slice::SharedParts,
};

/// Reads the settings. In development, a missing secret is generated.
///
/// # Errors
/// Names every wrong value, otherwise the first broken rule between settings.
pub fn load_settings() -> Result<Config, SettingsError> {
    Config::load(&SystemEntropy)
}

/// The program with all its parts, ready to serve or to work.
#[derive(Debug, Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub base: Base,
    pub slices: Slices,
    live: LiveChanges,
    pub post: Post,
    shared: SharedParts,
    limits: Limits,
    pages: Pages,
}

impl App {
    /// Serves these pages in addition to the API.
    #[must_use]
    pub fn with_pages(self, pages: Pages) -> Self {
        Self { pages, ..self }
    }

    /// Assembles the program and migrates the schema of the database.
    ///
    /// # Errors
    /// When a setting cannot be used, or the database does not respond.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let app = Self::assemble(config).await?;
        Migrator::up(app.base.db.writer(), None).await?;
        Ok(app)
    }

    async fn assemble(config: Config) -> anyhow::Result<Self> {
        let base = wiring::base(&config).await?;
        let live = LiveChanges::new(base.clone(), wiring::broker(&config, &base)?);
        let gateway = wiring::gateway(&config, &base)?;
        let users: Arc<dyn Users> = Arc::new(StoredUsers::new(base.db.clone()));
        let (keys, home) = (config.keys.ring.clone(), &config.network.public_url);
        let access = Access::new(base.db.clone(), Arc::clone(&users), keys.clone());
        let legal = Legal::new(base.db.clone(), &config.legal, config.node.environment);
        let reservations = Reservations {
            base: base.clone(),
            locks: wiring::locks(&config, &base)?,
            terms: TermsCache::new(base.db.clone()),
            relay: live.relay.clone(),
            looks: Looks::default(),
            queue: HoldQueue::default(),
            holds_per_minute: config.holds.limit_per_minute(config.limits.rate_limits),
            expire_every: config.holds.expiry_pass,
            forgotten: ForgetCursor::default(),
        };
        let (checkouts, refunds) = gateway.checkouts(&base, &live.relay, &legal);
        let cancellations = Cancellations {
            checkouts: checkouts.clone(),
            refunds: refunds.clone(),
            relay: live.relay.clone(),
        };
        let sessions =
            Sessions { base: base.clone(), keys: keys.clone(), cookie: SiteCookie::session(home) };
        let accounts = Accounts::new(
            base.clone(),
            sessions.clone(),
            legal.clone(),
            &config.accounts,
            config.limits.rate_limits,
            home,
        );
        let slices = Slices {
            legal,
            accounts: accounts.clone(),
            sessions,
            organizations: Organizations { base: base.clone(), keys: keys.clone() },
            catalogue: Catalogue::new(
                base.clone(),
                access.clone(),
                hold_times(&config)?,
                config.events.event_pass,
                Pace::of(config.events.state_age),
                &live,
            ),
            reservations,
            bookings: EventBookings { cancellations: cancellations.clone() },
            administration: Administration {
                base: base.clone(),
                bookings: checkouts.bookings.clone(),
                accounts,
            },
            ledger: Ledger { db: base.db.clone(), gateway: Arc::clone(&checkouts.gateway) },
            refunds,
            checkouts,
            cancellations,
            links: BookingLinks::new(base.clone(), keys, home.clone()),
            moves: Moves { base: base.clone() },
            adoption: Adoption::new(base.clone()),
        };
        let mailer = wiring::mailer(&config, &base);
        let post = Post::new(base.clone(), Arc::clone(&mailer), slices.writers(home), home.clone());
        let mut personal = slices.personal();
        personal.push(Arc::new(post.clone()));
        // Kept mails come last, because they follow the messages.
        personal.extend(mailer.personal());
        let shared = SharedParts {
            access,
            users,
            adopt: Arc::new(slices.adoption.clone()),
            tokens: Arc::new(Tokens::new(&config.tokens, Arc::clone(&base.clock))),
            sagas: slices.sagas(),
            personal,
            retention_every: config.events.event_pass,
        };
        let limiter = wiring::limiter(&config, &base)?;
        let limits = Limits::new(&config.limits, slices::limited(), limiter);
        let config = Arc::new(config);
        Ok(Self { config, base, slices, live, post, shared, limits, pages: Pages::NONE })
    }

    /// Connects to the database without migrating it.
    ///
    /// # Errors
    /// When the database does not respond.
    pub async fn store(config: &Config) -> anyhow::Result<Db> {
        Ok(wiring::base(config).await?.db)
    }

    /// Encrypts every encrypted column anew under the first key of the ring; returns how many values have changed.
    ///
    /// # Errors
    /// When the ring does not name the key of a value, or the database does not respond.
    pub async fn rotate_keys(config: &Config) -> anyhow::Result<u64> {
        let base = wiring::base(config).await?;
        let columns = slices::sealed().copied();
        Ok(rotation::rotate(&base.db, &config.keys.ring, &*base.entropy, columns).await?)
    }

    /// Compares the gateway's payments of the last `days` days with ours and returns every difference. Migrates
    /// nothing.
    ///
    /// # Errors
    /// When the gateway or the database does not respond.
    pub async fn reconcile(config: Config, days: u16) -> anyhow::Result<Vec<Difference>> {
        Ok(Self::assemble(config).await?.slices.ledger.differences(days).await?)
    }

    /// The OpenAPI document. It needs no configured database.
    ///
    /// # Errors
    /// Never in practice: an empty database in memory always starts.
    pub async fn document(mut config: Config) -> anyhow::Result<String> {
        config.database.url = DatabaseUrl::in_memory();
        config.redis.urls = RedisUrls::default();
        Ok(Self::assemble(config).await?.documentation().document().to_owned())
    }

    /// Starts the work beside requests: the relay, the tail of the log, the periodic passes.
    async fn start_background(&self) -> anyhow::Result<()> {
        self.live.start();
        // Events may have begun or ended while no node ran.
        lifecycle::pass(&self.base).await?;
        let clock = Arc::clone(&self.base.clock);
        passes::start(&self.base.tasks, clock, self.passes()).await?;
        Ok(())
    }

    /// Every periodic pass of the program.
    pub fn passes(&self) -> Vec<Pass> {
        let kinds: Vec<&'static str> = self.shared.sagas.iter().map(|saga| saga.kind()).collect();
        let retention_every = self.shared.retention_every;
        let mut passes = upkeep::passes(&self.base.db, &kinds, retention_every);
        passes.extend(self.live.passes(retention_every));
        passes.extend(self.post.passes(retention_every));
        passes.extend(self.slices.passes(&self.shared));
        passes
    }
}

fn hold_times(config: &Config) -> anyhow::Result<HoldTimes> {
    Ok(HoldTimes {
        seconds: i64::try_from(config.holds.ttl.as_secs())?,
        cap_seconds: i64::try_from(config.holds.cap.as_secs())?,
    })
}
