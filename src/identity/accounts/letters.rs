//! The mails about accounts.

use async_trait::async_trait;
use holdfast_domain::{ids::LinkId, link::LinkPurpose, message::Kind};
use holdfast_entity::messages;

use super::{links, store};
use crate::{
    kernel::{
        db::{Db, StoreError},
        keys::{KeyRing, MacPurpose},
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
            Kind::EmailChange,
            Kind::EmailChanged,
            Kind::EmailReplaced,
            Kind::AccountErased,
            Kind::SignInsRefused,
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
            Kind::EmailChange => self.with_link(message, |id| self.new_email(language, id)).await,
            Kind::EmailChanged => Ok(Some(self.email_changed(language))),
            Kind::EmailReplaced => self.email_replaced(message, language).await.map(Some),
            Kind::AccountErased => Ok(Some(erased(language))),
            Kind::SignInsRefused => Ok(Some(self.refused(language))),
            Kind::BookingConfirmed
            | Kind::BookingFailed
            | Kind::BookingCancelled
            | Kind::EventCancelled
            | Kind::EventMoved
            | Kind::RefundStarted
            | Kind::BookingLinks
            | Kind::BookingCode
            | Kind::Invitation
            | Kind::OrganizationDecided => Ok(None),
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
        let is_live = store::find_link(&self.db, id).await?.is_some();
        Ok(is_live.then(|| letter(id)))
    }

    /// The address of a page with the link's token. The part after `#` is not sent to any server, so no log contains it.
    fn page(&self, page: &str, purpose: LinkPurpose, id: LinkId) -> String {
        format!("{}{page}#{}", self.home.as_str(), links::token(&self.keys, purpose, id))
    }

    fn code(&self, language: Language, id: LinkId) -> Vec<LetterFact> {
        let label = language.pick("Code", "Code").to_owned();
        vec![LetterFact { label, value: self.keys.code(MacPurpose::AccountCode, id) }]
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
                        "If you have forgotten your password, you can choose a new one there. If it was not you, you need to do nothing: your account stays as it is.",
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
                        "Somebody, probably you, wanted to use this address for an account. There is one with it already. Sign in instead.",
                        "Quelqu’un, sans doute vous, a voulu utiliser cette adresse pour un compte. Il en existe déjà un : connectez-vous.",
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

    fn refused(&self, language: Language) -> Letter {
        Letter {
            action: Some(LetterAction {
                label: language.pick("Choose a new password", "Choisir un mot de passe").to_owned(),
                url: format!("{}/forgot", self.home.as_str()),
            }),
            notes: vec![
                language
                    .pick(
                        "If it was not you, you need to do nothing: your password was not found. Where you have signed in before, you can still sign in. Elsewhere, choose a new password to sign in at once.",
                        "Si ce n’était pas vous, vous n’avez rien à faire : votre mot de passe n’a pas été trouvé. Là où vous vous êtes déjà connecté, vous pouvez toujours vous connecter. Ailleurs, choisissez un nouveau mot de passe pour vous connecter aussitôt.",
                    )
                    .to_owned(),
                language
                    .pick(
                        "You get this mail at most once a day.",
                        "Vous recevez ce message au plus une fois par jour.",
                    )
                    .to_owned(),
            ],
            ..Letter::new(
                language,
                language
                    .pick("Many wrong passwords for your account", "De nombreux mots de passe erronés")
                    .to_owned(),
                language.pick("Many wrong passwords", "De nombreux mots de passe erronés"),
                language
                    .pick(
                        "Somebody has tried many wrong passwords for your account. Until the next full hour, nobody can sign in from a browser in which you have not signed in before.",
                        "Quelqu’un a essayé de nombreux mots de passe erronés pour votre compte. Jusqu’à la prochaine heure pleine, personne ne peut se connecter depuis un navigateur où vous ne vous êtes pas encore connecté.",
                    )
                    .to_owned(),
            )
        }
    }

    fn new_email(&self, language: Language, id: LinkId) -> Letter {
        Letter {
            facts: self.code(language, id),
            action: Some(LetterAction {
                label: language.pick("Use this address", "Utiliser cette adresse").to_owned(),
                url: self.page("/email", LinkPurpose::EmailChange, id),
            }),
            notes: vec![
                language
                    .pick(
                        "The link and the code are valid for one hour and can be used once. If it was not you, you need to do nothing: without them, nobody uses this address.",
                        "Le lien et le code sont valables une heure et ne servent qu’une fois. Si ce n’était pas vous, vous n’avez rien à faire : sans eux, personne n’utilise cette adresse.",
                    )
                    .to_owned(),
            ],
            ..Letter::new(
                language,
                language.pick("Confirm your new address", "Confirmez votre nouvelle adresse").to_owned(),
                language.pick("Confirm your new address", "Confirmez votre nouvelle adresse"),
                language
                    .pick(
                        "Somebody, probably you, wants to use this address for an account. Open the link, or type the code on the page of your account.",
                        "Quelqu’un, sans doute vous, veut utiliser cette adresse pour un compte. Ouvrez le lien, ou saisissez le code sur la page de votre compte.",
                    )
                    .to_owned(),
            )
        }
    }

    fn email_changed(&self, language: Language) -> Letter {
        Letter {
            action: Some(LetterAction {
                label: language.pick("Your account", "Votre compte").to_owned(),
                url: format!("{}/account", self.home.as_str()),
            }),
            ..Letter::new(
                language,
                language.pick("Your address was changed", "Votre adresse a été modifiée").to_owned(),
                language.pick("Your address was changed", "Votre adresse a été modifiée"),
                language
                    .pick(
                        "Your account has this address now. Sign in with it from now on.",
                        "Votre compte a désormais cette adresse. Connectez-vous avec elle à partir de maintenant.",
                    )
                    .to_owned(),
            )
        }
    }

    /// The letter to the former address. It has the link that takes the change back, if that link restores this address.
    async fn email_replaced(
        &self,
        message: &messages::Model,
        language: Language,
    ) -> Result<Letter, StoreError> {
        let link = store::find_link(&self.db, LinkId(message.subject_id)).await?;
        let link = link.filter(|link| link.address.as_deref() == Some(&message.recipient));
        let mut letter = Letter::new(
            language,
            language.pick("Your address was changed", "Votre adresse a été modifiée").to_owned(),
            language.pick("Your address was changed", "Votre adresse a été modifiée"),
            language
                .pick(
                    "Your account has another address now. This one no longer signs you in.",
                    "Votre compte a désormais une autre adresse. Celle-ci ne permet plus de vous connecter.",
                )
                .to_owned(),
        );
        if let Some(link) = link {
            letter.action = Some(LetterAction {
                label: language.pick("It was not me", "Ce n’était pas moi").to_owned(),
                url: self.page("/email", LinkPurpose::EmailRestore, link.id),
            });
            let note = language.pick(
                "If it was not you, open the link within three days: the account gets this address back, all devices are signed out, and a mail asks you for a new password.",
                "Si ce n’était pas vous, ouvrez le lien dans les trois jours : le compte retrouve cette adresse, tous les appareils sont déconnectés et un message vous demande un nouveau mot de passe.",
            );
            letter.notes.push(note.to_owned());
        }
        Ok(letter)
    }
}

fn erased(language: Language) -> Letter {
    Letter::new(
        language,
        language.pick("Your account was erased", "Votre compte a été supprimé").to_owned(),
        language.pick("Your account was erased", "Votre compte a été supprimé"),
        language
            .pick(
                "Your account and what named you in it were erased. Tickets that you have bought stay valid. Keep them, because no mail tells you of a change any more.",
                "Votre compte et ce qui vous y nommait ont été supprimés. Les billets que vous avez achetés restent valables. Gardez-les, car aucun message ne vous annoncera plus de changement.",
            )
            .to_owned(),
    )
}
