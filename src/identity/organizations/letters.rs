//! The mails about organizations.

use async_trait::async_trait;
use holdfast_domain::{
    access::{MembershipRole, OrganizationStatus},
    ids::{InvitationId, OrganizationId},
    message::Kind,
};
use holdfast_entity::messages;

use super::{invite, store};
use crate::{
    identity::memberships,
    kernel::{
        db::{Db, StoreError},
        keys::KeyRing,
        settings::WebAddress,
    },
    messages::{
        Letter, LetterWriter,
        letter::{Language, LetterAction},
    },
};

/// Writes the mails about organizations.
#[derive(Debug, Clone)]
pub struct OrganizationLetters {
    pub db: Db,
    pub keys: KeyRing,
    /// The address of the shop.
    pub home: WebAddress,
}

#[async_trait]
impl LetterWriter for OrganizationLetters {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Invitation, Kind::OrganizationDecided]
    }

    async fn write(&self, message: &messages::Model) -> Result<Option<Letter>, StoreError> {
        let language = Language::of(&message.locale);
        match message.kind {
            Kind::Invitation => self.invitation(language, InvitationId(message.subject_id)).await,
            Kind::OrganizationDecided => {
                self.decided(language, OrganizationId(message.subject_id)).await
            }
            Kind::BookingConfirmed
            | Kind::BookingFailed
            | Kind::BookingCancelled
            | Kind::EventCancelled
            | Kind::EventMoved
            | Kind::RefundStarted
            | Kind::BookingLinks
            | Kind::BookingCode
            | Kind::SignInsRefused
            | Kind::Activation
            | Kind::AccountKnown
            | Kind::Welcome
            | Kind::PasswordReset
            | Kind::PasswordChanged
            | Kind::EmailChange
            | Kind::EmailChanged
            | Kind::EmailReplaced
            | Kind::AccountErased => Ok(None),
        }
    }
}

impl OrganizationLetters {
    /// The letter with the link, as long as the invitation is open.
    async fn invitation(
        &self,
        language: Language,
        id: InvitationId,
    ) -> Result<Option<Letter>, StoreError> {
        let Some(invitation) = store::invitations::find(&self.db, id).await? else {
            return Ok(None);
        };
        let found = memberships::organization(&self.db, invitation.organization_id).await?;
        let Some(organization) = found else { return Ok(None) };
        let (name, role) = (&organization.name, role_name(language, invitation.role));
        let subject = language.pick(format!("{name} invites you"), format!("{name} vous invite"));
        // The part after `#` is not sent to any server, so no log contains it.
        let url = format!("{}/invitation#{}", self.home.as_str(), invite::token(&self.keys, id));
        Ok(Some(Letter {
            action: Some(LetterAction {
                label: language.pick("Accept the invitation", "Accepter l’invitation").to_owned(),
                url,
            }),
            notes: vec![
                language
                    .pick(
                        "The link is valid for seven days, for an account with this address. If you have none, create one first. If you do not know the organization, you need to do nothing.",
                        "Le lien est valable sept jours, pour un compte avec cette adresse. Si vous n’en avez pas, créez-en d’abord un. Si vous ne connaissez pas l’organisation, vous n’avez rien à faire.",
                    )
                    .to_owned(),
            ],
            ..Letter::new(
                language,
                subject.clone(),
                subject,
                language.pick(
                    format!("{name} invites you to be a member, as {role}."),
                    format!("{name} vous invite à devenir membre, en tant que {role}."),
                ),
            )
        }))
    }

    /// The letter about the decision that the organization has at this moment.
    async fn decided(
        &self,
        language: Language,
        id: OrganizationId,
    ) -> Result<Option<Letter>, StoreError> {
        let Some(organization) = memberships::organization(&self.db, id).await? else {
            return Ok(None);
        };
        let name = &organization.name;
        Ok(match organization.status {
            OrganizationStatus::Applied => None,
            OrganizationStatus::Active => Some(Letter {
                action: Some(LetterAction {
                    label: language.pick("Open the desk", "Ouvrir le bureau").to_owned(),
                    url: format!("{}/desk/organizations", self.home.as_str()),
                }),
                ..Letter::new(
                    language,
                    language.pick(format!("{name} is approved"), format!("Votre organisation {name} est acceptée")),
                    language.pick("Your organization is approved", "Votre organisation est acceptée"),
                    language.pick(
                        format!("{name} can have events now. Invite the people who work with you."),
                        format!("{name} peut désormais proposer des événements. Invitez les personnes qui travaillent avec vous."),
                    ),
                )
            }),
            OrganizationStatus::Refused => Some(Letter::new(
                language,
                language.pick(
                    format!("Your application for {name}"),
                    format!("Votre demande pour {name}"),
                ),
                language.pick("Your application was refused", "Votre demande a été refusée"),
                organization.reason.unwrap_or_default(),
            )),
        })
    }
}

fn role_name(language: Language, role: MembershipRole) -> &'static str {
    match role {
        MembershipRole::Owner => language.pick("owner", "propriétaire"),
        MembershipRole::Manager => language.pick("manager", "gestionnaire"),
        MembershipRole::Seller => language.pick("seller", "vendeur"),
        MembershipRole::Viewer => language.pick("viewer", "observateur"),
        MembershipRole::Controller => language.pick("controller", "contrôleur"),
    }
}
