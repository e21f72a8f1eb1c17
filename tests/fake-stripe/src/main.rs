//! `fake-stripe`: the fake as a separate program.
//!
//! `FAKE_STRIPE_BIND` (default 127.0.0.1:12111) is the address on which it listens. `FAKE_STRIPE_WEBHOOK_URL` and
//! `FAKE_STRIPE_WEBHOOK_SECRET` say where and with which secret it sends webhooks. SIGINT or SIGTERM ends it.

use holdfast_fake_stripe::{FakeStripe, Target};

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let bind = variable("FAKE_STRIPE_BIND").unwrap_or_else(|| "127.0.0.1:12111".to_owned());
    let fake = FakeStripe::start(bind.parse()?).await?;
    if let Some(url) = variable("FAKE_STRIPE_WEBHOOK_URL") {
        let secret = variable("FAKE_STRIPE_WEBHOOK_SECRET").unwrap_or_default();
        fake.send_webhooks_to(Target { url, secret });
    }
    println!("{}", fake.url());
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = tokio::signal::ctrl_c() => (),
        _ = terminate.recv() => (),
    }
    Ok(())
}
