//! The signature of a webhook (<https://docs.stripe.com/webhooks#verify-manually>): HMAC-SHA256 over the time of
//! sending and the raw body, in a header `t=…,v1=…`.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::kernel::hex::unhex;

/// The header with the signature.
pub const HEADER: &str = "Stripe-Signature";
/// The maximum difference between the time of sending and now, in seconds. The limit prevents anybody from recording
/// a webhook and sending it again later.
pub const TOLERANCE_SECS: i64 = 300;
/// The maximum number of signatures that are checked.
const MAX_SIGNATURES: usize = 8;
/// The maximum length of the header.
const MAX_HEADER_CHARS: usize = 2048;

/// Why a signature was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    #[error("is missing or not in the form t=…,v1=…")]
    Malformed,
    /// None of our secrets made the signature.
    #[error("does not match the body")]
    Mismatch,
    #[error("is too old or too new")]
    OutOfTime,
}

/// Checks that somebody who knows one of the secrets sent this body just now. Every comparison takes the same
/// time, whatever its result.
///
/// # Errors
/// See [`BadSignature`].
pub fn verify(
    header: Option<&str>,
    body: &[u8],
    secrets: &[String],
    now_secs: i64,
) -> Result<(), BadSignature> {
    let header = header.filter(|it| it.len() <= MAX_HEADER_CHARS).ok_or(BadSignature::Malformed)?;
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let sent = parts().find(|(name, _)| *name == "t").ok_or(BadSignature::Malformed)?.1;
    let sent_secs: i64 = sent.parse().map_err(|_| BadSignature::Malformed)?;
    let signatures: Vec<[u8; 32]> = parts()
        .filter(|(name, _)| *name == "v1")
        .take(MAX_SIGNATURES)
        .filter_map(|(_, hex)| unhex(hex))
        .collect();
    if signatures.is_empty() {
        return Err(BadSignature::Malformed);
    }
    let mut matches = false;
    for secret in secrets {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(sent.as_bytes());
        mac.update(b".");
        mac.update(body);
        for signature in &signatures {
            matches |= mac.clone().verify_slice(signature).is_ok();
        }
    }
    if !matches {
        return Err(BadSignature::Mismatch);
    }
    match now_secs.checked_sub(sent_secs) {
        Some(age) if age.saturating_abs() <= TOLERANCE_SECS => Ok(()),
        _ => Err(BadSignature::OutOfTime),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::hex::hex;

    const NOW: i64 = 1_700_000_000;
    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn sign(secret: &str, at: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
        mac.update(format!("{at}.").as_bytes());
        mac.update(BODY);
        hex(&mac.finalize().into_bytes())
    }

    fn check(header: Option<&str>, body: &[u8], said: Result<(), BadSignature>) {
        let secrets = ["whsec_new".to_owned(), "whsec_old".to_owned()];
        assert_eq!(verify(header, body, &secrets, NOW), said, "{header:?}");
    }

    #[test]
    fn either_secret_signs_while_one_replaces_the_other() {
        for secret in ["whsec_new", "whsec_old"] {
            let signature = sign(secret, &NOW.to_string());
            check(Some(&format!("t={NOW},v1={signature}")), BODY, Ok(()));
            let zeros = "0".repeat(64);
            check(Some(&format!("t={NOW},v1={zeros},v1={signature},v0=x")), BODY, Ok(()));
        }
    }

    #[test]
    fn what_nobody_of_ours_signed_is_not_believed() {
        let signature = sign("whsec_new", &NOW.to_string());
        let header = format!("t={NOW},v1={signature}");
        check(Some(&header), br#"{"id":"evt_2"}"#, Err(BadSignature::Mismatch));
        check(Some(&header), b"", Err(BadSignature::Mismatch));
        let foreign = sign("whsec_other", &NOW.to_string());
        check(Some(&format!("t={NOW},v1={foreign}")), BODY, Err(BadSignature::Mismatch));
        // The signature covers the time of sending, so nobody can make an old webhook look recent.
        let old = sign("whsec_new", &(NOW - 1000).to_string());
        check(Some(&format!("t={NOW},v1={old}")), BODY, Err(BadSignature::Mismatch));
        // v0 is Stripe's test scheme and proves nothing.
        check(Some(&format!("t={NOW},v0={signature}")), BODY, Err(BadSignature::Malformed));
    }

    #[test]
    fn five_minutes_are_the_limit_on_both_sides() {
        for (at, said) in [
            (NOW - TOLERANCE_SECS, Ok(())),
            (NOW + TOLERANCE_SECS, Ok(())),
            (NOW - TOLERANCE_SECS - 1, Err(BadSignature::OutOfTime)),
            (NOW + TOLERANCE_SECS + 1, Err(BadSignature::OutOfTime)),
            (i64::MIN, Err(BadSignature::OutOfTime)),
        ] {
            let header = format!("t={at},v1={}", sign("whsec_new", &at.to_string()));
            check(Some(&header), BODY, said);
        }
    }

    #[test]
    fn a_header_of_another_form_is_refused() {
        check(None, BODY, Err(BadSignature::Malformed));
        for header in ["", "t=", "v1=00", "t=now,v1=00", "t=1700000000,v1=zz", "===,,,="] {
            check(Some(header), BODY, Err(BadSignature::Malformed));
        }
        check(Some(&"t=1,".repeat(1000)), BODY, Err(BadSignature::Malformed));
    }
}
