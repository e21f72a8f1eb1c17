//! Links and codes in mails: whoever has one has read the mail, and so has proved the address.

/// The purpose of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkPurpose {
    /// The user has forgotten the password and sets a new one.
    PasswordReset,
    /// The address of a new account is the user's.
    Activation,
    /// The user wants another address, and it is the user's.
    EmailChange,
    /// The user's address was changed, and the owner of the former address takes the change back.
    EmailRestore,
}

words! { LinkPurpose {
    PasswordReset = "password_reset",
    Activation = "activation",
    EmailChange = "email_change",
    EmailRestore = "email_restore",
} }

/// The time between two mails for the same purpose to the same user, in milliseconds.
pub const PAUSE_MS: i64 = 60 * 1000;

/// The number of mails with the same link that come a minute apart. Later ones come an hour apart, as long as the link
/// is fresh.
pub const MAX_MAILS: i32 = 5;

/// A link that is valid for at least this time is sent again, in milliseconds: otherwise whoever asks for mails all the
/// time would end each link before its user reads the mail.
pub const LEFT_MS: i64 = 30 * 60 * 1000;

/// What somebody tries who wants to get at an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TryKind {
    /// The code of a mail.
    Code,
    /// The present password of a signed-in user.
    Password,
    /// A new address, to which a mail goes.
    Address,
    /// An address whose bookings somebody looks up. The links go there.
    LookUp,
    /// The password at the sign-in, from a browser in which the user has not signed in before. All these browsers count
    /// together.
    SignIn,
    /// The password at the sign-in, from one browser in which the user has signed in before.
    KnownDevice,
    /// Passwords at the sign-in, of whatever accounts, from one network address.
    Network,
}

words! { TryKind {
    Code = "code",
    Password = "password",
    Address = "address",
    LookUp = "look_up",
    SignIn = "sign_in",
    KnownDevice = "known_device",
    Network = "network",
} }

/// The number of mails that users can have sent to one new address within an hour, all users together: the address may be a
/// stranger's.
pub const MAX_ADDRESS_MAILS: i32 = 5;

/// How often one kind of secret is tried for one account within an hour. A code has six digits, so whoever tries ten codes
/// an hour all the time has found one after about eleven years on average.
pub const MAX_TRIES: i32 = 10;

/// The hour of [`MAX_TRIES`], in milliseconds.
pub const HOUR_MS: i64 = 60 * 60 * 1000;

impl LinkPurpose {
    /// Whether the mail has a code beside the link.
    pub const fn has_code(self) -> bool {
        match self {
            Self::PasswordReset | Self::Activation | Self::EmailChange => true,
            Self::EmailRestore => false,
        }
    }

    /// How long a link and its code are valid, in milliseconds.
    pub const fn lasts_ms(self) -> i64 {
        match self {
            Self::PasswordReset | Self::EmailChange => HOUR_MS,
            Self::Activation => 24 * HOUR_MS,
            // Whoever is robbed of an account may read mails only after the weekend.
            Self::EmailRestore => 72 * HOUR_MS,
        }
    }
}

/// The code with six digits of these random bytes.
pub fn code_of(bytes: [u8; 8]) -> String {
    format!("{:06}", u64::from_be_bytes(bytes) % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_six_digits() {
        assert_eq!(code_of([0; 8]), "000000");
        assert_eq!(code_of(1_000_042_u64.to_be_bytes()), "000042");
        assert_eq!(code_of([255; 8]).len(), 6);
    }
}
