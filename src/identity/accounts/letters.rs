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
        &[Kind::PasswordReset, Kind::PasswordChanged]
    }

    async fn write(&self, message: &messages::Model) -> Result<Option<Letter>, StoreError> {
        let language = Language::of(&message.locale);
        match message.kind {
            Kind::PasswordReset => {
                let id = LinkId(message.subject_id);
                let is_live = store::link(&self.db, id).await?.is_some();
                Ok(is_live.then(|| self.reset(language, id)))
            }
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
    fn reset(&self, language: Language, id: LinkId) -> Letter {
        // The part after `#` is not sent to any server, so no log contains the token.
        let token = links::token(&self.keys, LinkPurpose::PasswordReset, id);
        let url = format!("{}/reset#{token}", self.home.as_str());
        Letter {
            facts: vec![LetterFact {
                label: language.pick("Code", "Code").to_owned(),
                value: links::code(&self.keys, id),
            }],
            action: Some(LetterAction {
                label: language.pick("Choose a new password", "Choisir un mot de passe").to_owned(),
                url,
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
