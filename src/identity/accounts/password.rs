//! The rule for passwords, and the service that scores, hashes and checks them with Argon2id (RFC 9106).
//!
//! One hash takes tens of milliseconds of a core and 19 MiB of memory. The service computes at most one hash for each
//! core at a time, away from the async threads, and reuses the memory for the next hash. A bounded number of requests
//! wait. The service refuses all other requests at once, and their clients try again later. Therefore a crowd at the
//! sign-in neither stops the other routes nor fills the memory.

use std::{
    ops::RangeInclusive,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use holdfast_domain::text::nfkc;
use tokio::sync::Semaphore;

use super::settings::Composition;
use crate::kernel::ports::Entropy;

/// The lengths of a password in characters, in the form NFKC (NIST SP 800-63B, 3.1.1.2).
const CHARS: RangeInclusive<usize> = 8..=128;
/// The maximum length of what is read as a password. Decomposed letters take several times the bytes of their form NFKC.
pub const MAX_BYTES: usize = 4_096;
/// The minimum zxcvbn score of a password: 3 of 4, "safely unguessable". zxcvbn knows 30,000 common passwords; none of them
/// has this score.
const MIN_SCORE: zxcvbn::Score = zxcvbn::Score::Three;
/// How many characters of a password, and of each word that an attacker would try first, are scored. zxcvbn's work grows
/// with the square of their number: where they look like letters and digits at once, the 100 characters that zxcvbn
/// would score cost four times as much. A password that is hard to guess proves this within these first characters.
const SCORED_CHARS: usize = 48;
/// How many requests may wait for each core. More requests would wait longer than [`MAX_WAIT`].
const WAITING_PER_CORE: usize = 64;
/// How long a request waits for its turn.
const MAX_WAIT: Duration = Duration::from_secs(4);
const SALT_BYTES: usize = 16;

/// Why a password is too weak.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    #[error("must have at least 8 characters")]
    Short,
    #[error("must have at most 128 characters")]
    Long,
    #[error("must have a lower-case letter, an upper-case letter and a digit")]
    Plain,
    /// The zxcvbn score is below `MIN_SCORE`.
    #[error("is too easy to guess")]
    Guessable,
}

/// Why a password was neither hashed nor checked. The reason is never in the password itself.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("too many passwords wait for being hashed")]
    Busy,
    #[error("a password could not be hashed or checked")]
    Fault,
}

/// The service. Clones share its semaphores and its memory.
#[derive(Debug, Clone)]
pub struct Passwords {
    entropy: Arc<dyn Entropy>,
    composition: Composition,
    /// One permit for each request that hashes or waits.
    places: Arc<Semaphore>,
    /// One permit for each request that hashes.
    turns: Arc<Semaphore>,
    memory: Arc<Mutex<Vec<Memory>>>,
}

/// The memory that one computation of a hash needs.
#[derive(Default)]
struct Memory(Vec<Block>);

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Memory of {} blocks", self.0.len())
    }
}

impl Passwords {
    /// A service that uses every core.
    pub fn new(entropy: Arc<dyn Entropy>, composition: Composition) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { composition, ..Self::with(entropy, cores, cores * WAITING_PER_CORE) }
    }

    fn with(entropy: Arc<dyn Entropy>, turns: usize, waiting: usize) -> Self {
        Self {
            entropy,
            composition: Composition::Any,
            places: Arc::new(Semaphore::new(turns + waiting)),
            turns: Arc::new(Semaphore::new(turns)),
            memory: Arc::default(),
        }
    }

    /// Judges the password by the rule. `known` contains the words that an attacker would try first, such as the name
    /// and the address.
    ///
    /// # Errors
    /// When the service is busy, or its task dies.
    pub async fn judge(
        &self,
        password: &str,
        known: &[&str],
    ) -> Result<Result<(), Weakness>, PasswordError> {
        let password = match self.check_form(password) {
            Ok(password) => scored(&password),
            Err(weakness) => return Ok(Err(weakness)),
        };
        let known: Vec<String> = known.iter().map(|word| scored(word)).collect();
        self.in_turn(move |_| {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let is_strong = zxcvbn::zxcvbn(&password, &known).score() >= MIN_SCORE;
            if is_strong { Ok(()) } else { Err(Weakness::Guessable) }
        })
        .await
    }

    /// Hashes with Argon2id, with the library's parameters (19 MiB, 2 passes: OWASP's first choice) and a fresh salt;
    /// returns the hash as a PHC string.
    ///
    /// # Errors
    /// When the service is busy, or its task dies.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        let mut salt = [0; SALT_BYTES];
        self.entropy.fill(&mut salt);
        let password = nfkc(&password);
        self.in_turn(move |memory| hash(&password, &salt, memory))
            .await?
            .ok_or(PasswordError::Fault)
    }

    /// Whether the hash belongs to the password. Without a hash, the same work is done and the answer is no, so that
    /// the time does not tell whether an account exists.
    ///
    /// # Errors
    /// When the service is busy, or its task dies.
    pub async fn matches(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, PasswordError> {
        self.in_turn(move |memory| match hash {
            Some(known) => {
                let form = nfkc(&password);
                let mut is_match = |form: &str| is_match(form, &known, memory).unwrap_or(false);
                // An older hash is of the password as it was typed.
                is_match(&form) || (form != password && is_match(&password))
            }
            None => {
                let form = nfkc(&password);
                self::hash(&form, &[0; SALT_BYTES], memory);
                if form != password {
                    self::hash(&password, &[0; SALT_BYTES], memory);
                }
                false
            }
        })
        .await
    }

    /// The password in the form in which it is scored and hashed.
    fn check_form(&self, password: &str) -> Result<String, Weakness> {
        if password.len() > MAX_BYTES {
            return Err(Weakness::Long);
        }
        let password = nfkc(password);
        match password.chars().count() {
            count if count < *CHARS.start() => return Err(Weakness::Short),
            count if count > *CHARS.end() => return Err(Weakness::Long),
            _ => {}
        }
        let has = |test: fn(char) -> bool| password.chars().any(test);
        let is_mixed =
            || has(char::is_lowercase) && has(char::is_uppercase) && has(|c| c.is_ascii_digit());
        if self.composition == Composition::Mixed && !is_mixed() {
            return Err(Weakness::Plain);
        }
        Ok(password)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _place = self.places.try_acquire().map_err(|_| PasswordError::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned();
        let turn = tokio::time::timeout(MAX_WAIT, turn).await.map_err(|_| PasswordError::Busy)?;
        let turn = turn.map_err(|_| PasswordError::Fault)?;
        let idle = Arc::clone(&self.memory);
        let work = move || {
            // The permit is held until the work ends, even if nobody waits for the result any more.
            let _turn = turn;
            let lock = || idle.lock().unwrap_or_else(PoisonError::into_inner);
            let mut memory = lock().pop().unwrap_or_default();
            let done = work(&mut memory);
            lock().push(memory);
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| PasswordError::Fault)
    }
}

fn scored(text: &str) -> String {
    text.chars().take(SCORED_CHARS).collect()
}

fn hash(password: &str, salt: &[u8], memory: &mut Memory) -> Option<String> {
    let params = Params::default();
    let output = output(password, salt, Algorithm::Argon2id, Version::V0x13, &params, memory)?;
    let phc = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).ok()?,
        salt: Some(Salt::new(salt).ok()?),
        hash: Some(output),
    };
    Some(phc.to_string())
}

/// Whether the password has this hash, with the parameters of the hash. `None` when the text is not an Argon2 hash.
fn is_match(password: &str, known: &str, memory: &mut Memory) -> Option<bool> {
    let known = PasswordHash::new(known).ok()?;
    let algorithm = Algorithm::new(known.algorithm).ok()?;
    let version = Version::try_from(known.version?).ok()?;
    let params = Params::try_from(&known).ok()?;
    // `Output` compares in constant time.
    Some(
        output(password, known.salt.as_ref()?, algorithm, version, &params, memory)?
            == known.hash?,
    )
}

fn output(
    password: &str,
    salt: &[u8],
    algorithm: Algorithm,
    version: Version,
    params: &Params,
    memory: &mut Memory,
) -> Option<Output> {
    let mut bytes = [0; Output::MAX_LENGTH];
    let bytes = bytes.get_mut(..params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN))?;
    memory.0.resize(params.block_count(), Block::default());
    Argon2::new(algorithm, version, params.clone())
        .hash_password_into_with_memory(password.as_bytes(), salt, bytes, &mut memory.0)
        .ok()?;
    Output::new(bytes).ok()
}

#[cfg(test)]
mod tests {
    use argon2::PasswordVerifier as _;

    use super::*;
    use crate::adapters::system::SystemEntropy;

    fn passwords() -> Passwords {
        Passwords::new(Arc::new(SystemEntropy), Composition::Any)
    }

    #[tokio::test]
    async fn weak_passwords_are_named() {
        let passwords = passwords();
        let check = async |password: &str| {
            passwords.judge(password, &["anna@example.org"]).await.expect("the service is idle")
        };
        assert_eq!(check("Ab1").await, Err(Weakness::Short));
        assert_eq!(check("Password1").await, Err(Weakness::Guessable));
        // zxcvbn gives these a score of 2.
        for guessable in ["Summer2024!", "Welcome2024!", "holdfast1"] {
            assert_eq!(check(guessable).await, Err(Weakness::Guessable), "{guessable}");
        }
        assert_eq!(check(&"Aa1".repeat(100)).await, Err(Weakness::Long));
        assert_eq!(check(&"x9ü-".repeat(33)).await, Err(Weakness::Long));
        // 128 letters, each of three decomposed characters.
        let decomposed = "\u{1112}\u{1161}\u{11ab}".repeat(128);
        assert_eq!(check(&decomposed).await, Err(Weakness::Guessable));
        assert_eq!(check("Demo-pass-1").await, Ok(()));
        assert_eq!(check("correct horse battery staple").await, Ok(()));
        let mixed = Passwords { composition: Composition::Mixed, ..passwords.clone() };
        let check = async |password: &str| mixed.judge(password, &[]).await.expect("idle");
        assert_eq!(check("correct horse battery staple").await, Err(Weakness::Plain));
        assert_eq!(check("correct-Horse7-battery").await, Ok(()));
    }

    #[tokio::test]
    async fn no_common_password_is_taken() {
        let passwords = passwords();
        let common =
            ["qwertyuiop", "1q2w3e4r5t", "iloveyou1", "football123", "p@ssw0rd", "letmein123"];
        for password in common {
            let judged = passwords.judge(password, &[]).await.expect("idle");
            assert_eq!(judged, Err(Weakness::Guessable), "{password}");
        }
    }

    /// A keyboard may write one letter in several ways, for example in full width.
    #[tokio::test]
    async fn a_password_is_the_same_however_a_keyboard_writes_it() {
        let passwords = passwords();
        let typed = "Ｄｅｍｏ-pass-ﬁne-e\u{301}";
        let hash = passwords.hash("Demo-pass-fine-é".into()).await.expect("hashes");
        let is = async |password: &str, hash: &str| {
            passwords.matches(password.into(), Some(hash.to_owned())).await.expect("idle")
        };
        assert!(is(typed, &hash).await && is("Demo-pass-fine-é", &hash).await);
        // A hash from before passwords had one form.
        let older = self::hash(typed, &[7; SALT_BYTES], &mut Memory::default()).expect("hashes");
        assert!(is(typed, &older).await && !is("Demo-pass-fine-é", &older).await);
    }

    #[tokio::test]
    async fn a_hash_matches_its_password_alone() {
        let passwords = passwords();
        let hash = passwords.hash("Demo-pass-1".into()).await.expect("hashes");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let check = async |password: &str, hash: Option<String>| {
            passwords.matches(password.into(), hash).await.expect("the service is idle")
        };
        assert!(check("Demo-pass-1", Some(hash.clone())).await);
        assert!(!check("demo-pass-1", Some(hash.clone())).await);
        assert!(!check("Demo-pass-1", None).await);
        assert!(!check("Demo-pass-1", Some("$2b$12$nothing".into())).await);
        // The library's own verification accepts the hashes that this service writes.
        assert_eq!(Argon2::default().verify_password(b"Demo-pass-1", hash.as_str()), Ok(()));
        assert_eq!(passwords.memory.lock().expect("no panic").len(), 1, "memory is used again");
    }

    #[tokio::test]
    async fn hashes_with_other_parameters_are_read() {
        let params = Params::new(2_048, 3, 2, Some(16)).expect("parameters");
        let other = Argon2::new(Algorithm::Argon2i, Version::V0x10, params);
        let hash = argon2::PasswordHasher::<PasswordHash>::hash_password_with_salt(
            &other,
            b"Demo-pass-1",
            b"a salt of its own",
        );
        let hash = hash.expect("hashes").to_string();
        let passwords = passwords();
        assert!(passwords.matches("Demo-pass-1".into(), Some(hash.clone())).await.expect("idle"));
        assert!(!passwords.matches("Demo-pass-2".into(), Some(hash)).await.expect("idle"));
    }

    #[tokio::test]
    async fn who_finds_every_place_taken_is_told_at_once_and_memory_is_bounded() {
        let passwords = Passwords::with(Arc::new(SystemEntropy), 2, 3);
        let crowd = (0..40).map(|_| passwords.hash("Demo-pass-1".into()));
        let heard = futures_util::future::join_all(crowd).await;
        let busy = heard.iter().filter(|hash| matches!(hash, Err(PasswordError::Busy))).count();
        assert_eq!((heard.iter().filter(|hash| hash.is_ok()).count(), busy), (5, 35));
        assert_eq!(passwords.memory.lock().expect("no panic").len(), 2);
    }

    #[tokio::test]
    async fn a_long_password_is_scored_by_its_beginning() {
        let passwords = passwords();
        let check = async |password: &str, known: &str| {
            passwords.judge(password, &[known]).await.expect("the service is idle")
        };
        let strong = "correct-Horse7-battery";
        assert_eq!(check(strong, "").await, Ok(()));
        // The characters after the beginning do not count, however hard they are to guess.
        let beginning = "aA1".repeat(SCORED_CHARS / 3);
        assert_eq!(beginning.len(), SCORED_CHARS);
        assert_eq!(check(&(beginning + strong), "").await, Err(Weakness::Guessable));
        // The same holds for a word that an attacker would try first.
        let word: String = strong.chars().cycle().take(SCORED_CHARS).collect();
        assert_eq!(check(&word, "").await, Ok(()));
        assert_eq!(check(&word, &(word.clone() + "-and-more")).await, Err(Weakness::Guessable));
    }
}
