//! The mails about accounts.

use async_trait::async_trait;
use holdfast_domain::{ids::LinkId, link::LinkPurpose, message::Kind};
use holdfast_entity::messages;

use super::{links, store};
use crate::{
    kernel::{
        db::{Db, StoreError},
        keys::KeyRing,
        settings::WebAddress,
    },
    messages::{
        Letter, LetterWriter,
        letter::{Language, LetterAction, LetterFact},
    },
};

/// Writes the mails about accounts.
#[derive(Debug, Clone)]
pub struct AccountLetters {
    pub db: Db,
    pub keys: KeyRing,
    /// The address of the shop.
    pub home: WebAddress,
}

#[async_trait]
impl LetterWriter for AccountLetters {
    fn kinds(&self) -> &'static [Kind] {
        &[
            Kind::Activation,
            Kind::AccountKnown,
            Kind::Welcome,
            Kind::PasswordReset,
            Kind::PasswordChanged,
        ]
    }

    async fn write(&self, message: &messages::Model) -> Result<Option<Letter>, StoreError> {
        let language = Language::of(&message.locale);
        match message.kind {
            Kind::Activation => self.with_link(message, |id| self.activation(language, id)).await,
            Kind::PasswordReset => self.with_link(message, |id| self.reset(language, id)).await,
            Kind::AccountKnown => Ok(Some(self.known(language))),
            Kind::Welcome => Ok(Some(self.welcome(language))),
            Kind::PasswordChanged => Ok(Some(self.changed(language))),
            Kind::BookingConfirmed
            | Kind::BookingFailed
            | Kind::BookingCancelled
            | Kind::EventCancelled
            | Kind::RefundStarted => Ok(None),
        }
    }
}

impl AccountLetters {
    /// The letter with a link, as long as the link is live.
    async fn with_link(
        &self,
        message: &messages::Model,
        letter: impl FnOnce(LinkId) -> Letter + Send,
    ) -> Result<Option<Letter>, StoreError> {
        let id = LinkId(message.subject_id);
        let is_live = store::link(&self.db, id).await?.is_some();
        Ok(is_live.then(|| letter(id)))
    }

    /// The address of a page with the link's token. The part after `#` is not sent to any server, so no log contains it.
    fn page(&self, page: &str, purpose: LinkPurpose, id: LinkId) -> String {
        format!("{}{page}#{}", self.home.as_str(), links::token(&self.keys, purpose, id))
    }

    fn code(&self, language: Language, id: LinkId) -> Vec<LetterFact> {
        let label = language.pick("Code", "Code").to_owned();
        vec![LetterFact { label, value: links::code(&self.keys, id) }]
    }

    fn activation(&self, language: Language, id: LinkId) -> Letter {
        Letter {
            facts: self.code(language, id),
            action: Some(LetterAction {
                label: language.pick("Activate the account", "Activer le compte").to_owned(),
                url: self.page("/activate", LinkPurpose::Activation, id),
            }),
            notes: vec![
                language
                    .pick(
                        "The link and the code are valid for 24 hours and can be used once. If you did not register, you need to do nothing: without them, nobody can use this account.",
                        "Le lien et le code sont valables 24 heures et ne servent qu’une fois. Si vous n’avez pas créé de compte, vous n’avez rien à faire : sans eux, personne ne peut utiliser ce compte.",
                    )
                    .to_owned(),
            ],
            ..Letter::new(
                language,
                language.pick("Activate your account", "Activez votre compte").to_owned(),
                language.pick("Activate your account", "Activez votre compte"),
                language
                    .pick(
                        "Somebody, probably you, has created an account with this address. Open the link, or type the code on the page on which you registered.",
                        "Quelqu’un, sans doute vous, a créé un compte avec cette adresse. Ouvrez le lien, ou saisissez le code sur la page d’inscription.",
                    )
                    .to_owned(),
            )
        }
    }

    fn known(&self, language: Language) -> Letter {
        Letter {
            action: Some(LetterAction {
                label: language.pick("Sign in", "Se connecter").to_owned(),
                url: format!("{}/login", self.home.as_str()),
            }),
            notes: vec![
                language
                    .pick(
                        "If you have forgotten your password, you can choose a new one there. If you did not register, you need to do nothing: your account stays as it is.",
                        "Si vous avez oublié le mot de passe, la page vous permet d’en choisir un nouveau. Si ce n’était pas vous, vous n’avez rien à faire : votre compte reste le même.",
                    )
                    .to_owned(),
            ],
            ..Letter::new(
                language,
                language.pick("You have an account", "Vous avez déjà un compte").to_owned(),
                language.pick("You have an account", "Vous avez déjà un compte"),
                language
                    .pick(
                        "Somebody, probably you, wanted to create an account with this address. You already have one. Sign in instead.",
                        "Quelqu’un, sans doute vous, a voulu créer un compte avec cette adresse. Il en existe déjà un : connectez-vous.",
                    )
                    .to_owned(),
            )
        }
    }

    fn welcome(&self, language: Language) -> Letter {
        Letter {
            action: Some(LetterAction {
                label: language.pick("Your bookings", "Vos réservations").to_owned(),
                url: format!("{}/bookings", self.home.as_str()),
            }),
            ..Letter::new(
                language,
                language.pick("Your account is active", "Votre compte est activé").to_owned(),
                language.pick("Welcome", "Bienvenue"),
                language
                    .pick(
                        "Your account is active. Your bookings and tickets are in one place now, on every device on which you sign in.",
                        "Votre compte est activé. Vos réservations et vos billets sont désormais réunis, sur chaque appareil où vous vous connectez.",
                    )
                    .to_owned(),
            )
        }
    }

    fn reset(&self, language: Language, id: LinkId) -> Letter {
        Letter {
            facts: self.code(language, id),
            action: Some(LetterAction {
                label: language.pick("Choose a new password", "Choisir un mot de passe").to_owned(),
                url: self.page("/reset", LinkPurpose::PasswordReset, id),
            }),
            notes: vec![
                language
                    .pick(
                        "The link and the code are valid for one hour and can be used once. If you did not ask for them, you need to do nothing: your password stays as it is.",
                        "Le lien et le code sont valables une heure et ne servent qu’une fois. Si vous ne les avez pas demandés, vous n’avez rien à faire : votre mot de passe reste le même.",
                    )
                    .to_owned(),
            ],
            ..Letter::new(
                language,
                language.pick("Choose a new password", "Choisir un nouveau mot de passe").to_owned(),
                language.pick("Choose a new password", "Choisir un nouveau mot de passe"),
                language
                    .pick(
                        "Somebody, probably you, has asked for a new password for your account. Open the link, or type the code on the page on which you asked.",
                        "Quelqu’un, sans doute vous, a demandé un nouveau mot de passe pour votre compte. Ouvrez le lien, ou saisissez le code sur la page de la demande.",
                    )
                    .to_owned(),
            )
        }
    }

    fn changed(&self, language: Language) -> Letter {
        Letter {
            action: Some(LetterAction {
                label: language.pick("It was not me", "Ce n’était pas moi").to_owned(),
                url: format!("{}/forgot", self.home.as_str()),
            }),
            ..Letter::new(
                language,
                language.pick("Your password was changed", "Votre mot de passe a été modifié").to_owned(),
                language.pick("Your password was changed", "Votre mot de passe a été modifié"),
                language
                    .pick(
                        "The password of your account was changed, and your other sessions have ended. If it was not you, ask for a new password at once.",
                        "Le mot de passe de votre compte a été modifié et vos autres sessions sont terminées. Si ce n’était pas vous, demandez aussitôt un nouveau mot de passe.",
                    )
                    .to_owned(),
            )
        }
    }
}
