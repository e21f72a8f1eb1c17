//! The rule for passwords, and hashing with Argon2id (RFC 9106) outside the async threads.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

pub const MIN_CHARS: usize = 8;
/// The maximum length of a password. Hashing a longer password would be wasted work.
pub const MAX_BYTES: usize = 256;
/// The minimum zxcvbn score of a password: 2 of 4, "somewhat guessable".
const MIN_SCORE: zxcvbn::Score = zxcvbn::Score::Two;

/// Why a password is too weak.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    #[error("must have at least 8 characters")]
    Short,
    #[error("must have at most 256 bytes")]
    Long,
    #[error("must have a lower-case letter, an upper-case letter and a digit")]
    Plain,
    /// The zxcvbn score is below `MIN_SCORE`.
    #[error("is too easy to guess")]
    Guessable,
}

/// A password could not be hashed or checked: a fault of the server, not of the password.
#[derive(Debug, thiserror::Error)]
#[error("a password could not be hashed or checked")]
pub struct HashFault;

/// Checks the rule. `known` contains the words that an attacker would try first, such as the name and the
/// address.
///
/// # Errors
/// The first weakness.
pub fn check_rule(password: &str, known: &[&str]) -> Result<(), Weakness> {
    if password.chars().count() < MIN_CHARS {
        return Err(Weakness::Short);
    }
    if password.len() > MAX_BYTES {
        return Err(Weakness::Long);
    }
    let has = |test: fn(char) -> bool| password.chars().any(test);
    if !(has(char::is_lowercase) && has(char::is_uppercase) && has(|c| c.is_ascii_digit())) {
        return Err(Weakness::Plain);
    }
    if zxcvbn::zxcvbn(password, known).score() < MIN_SCORE {
        return Err(Weakness::Guessable);
    }
    Ok(())
}

/// Hashes with Argon2id, with the library's parameters (19 MiB, 2 passes: OWASP's first choice) and a fresh salt.
///
/// # Errors
/// When the operating system gives no randomness or the task dies.
pub async fn hash(password: String) -> Result<String, HashFault> {
    tokio::task::spawn_blocking(move || {
        Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())
    })
    .await
    .map_err(|_| HashFault)?
    .map_err(|_| HashFault)
}

/// Whether the hash belongs to the password. Without a hash, the same work is done and the answer is no, so that
/// the time does not tell whether an account exists.
///
/// # Errors
/// When the task dies.
pub async fn matches(password: String, hash: Option<String>) -> Result<bool, HashFault> {
    tokio::task::spawn_blocking(move || match hash {
        Some(hash) => PasswordHash::new(&hash)
            .map(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
            .unwrap_or(false),
        None => {
            Argon2::default().hash_password(password.as_bytes()).ok();
            false
        }
    })
    .await
    .map_err(|_| HashFault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_named() {
        let check = |password: &str| check_rule(password, &["anna@example.org"]);
        assert_eq!(check("Ab1"), Err(Weakness::Short));
        assert_eq!(check("abcdefgh1"), Err(Weakness::Plain));
        assert_eq!(check("Password1"), Err(Weakness::Guessable));
        assert_eq!(check(&"Aa1".repeat(100)), Err(Weakness::Long));
        assert_eq!(check("Demo-pass-1"), Ok(()));
        assert_eq!(check("correct-Horse7-battery"), Ok(()));
    }

    #[tokio::test]
    async fn a_hash_matches_its_password_alone() {
        let hash = hash("Demo-pass-1".into()).await.expect("hashes");
        assert!(hash.starts_with("$argon2id$"));
        assert_eq!(matches("Demo-pass-1".into(), Some(hash.clone())).await.ok(), Some(true));
        assert_eq!(matches("demo-pass-1".into(), Some(hash)).await.ok(), Some(false));
        assert_eq!(matches("Demo-pass-1".into(), None).await.ok(), Some(false));
    }
}
