//! The mail with the code by which the holder of a link may change the booking.

use async_trait::async_trait;
use holdfast_domain::{ids::BookingId, message::Kind};
use holdfast_entity::messages;

use super::code;
use crate::{
    kernel::{
        db::{Db, StoreError},
        keys::{KeyRing, MacPurpose},
    },
    messages::{
        Letter, LetterWriter,
        letter::{Language, LetterFact},
    },
    shop::bookings,
};

/// Writes the mails with codes.
#[derive(Debug, Clone)]
pub struct CodeLetters {
    pub db: Db,
    pub keys: KeyRing,
}

#[async_trait]
impl LetterWriter for CodeLetters {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::BookingCode]
    }

    async fn write(&self, message: &messages::Model) -> Result<Option<Letter>, StoreError> {
        let id = BookingId(message.subject_id);
        let Some(code) = code::live_code(&self.db, id).await? else { return Ok(None) };
        let booking = bookings::find(&self.db, id).await?;
        let language = Language::of(&message.locale);
        let code = self.keys.code(MacPurpose::BookingCode, code);
        Ok(booking.map(|booking| with_code(language, code, booking.reference)))
    }
}

fn with_code(language: Language, code: String, reference: String) -> Letter {
    let fact = |label: &str, value| LetterFact { label: label.to_owned(), value };
    Letter {
        facts: vec![
            fact(language.pick("Code", "Code"), code),
            fact(language.pick("Reference", "Référence"), reference),
        ],
        notes: vec![
            language
                .pick(
                    "The code is valid for 15 minutes and can be used once. If you did not ask for it, you need to do nothing, and nobody can change your booking. Give the code to nobody.",
                    "Le code est valable 15 minutes et ne sert qu’une fois. Si vous ne l’avez pas demandé, vous n’avez rien à faire et personne ne peut modifier votre réservation. Ne donnez ce code à personne.",
                )
                .to_owned(),
        ],
        ..Letter::new(
            language,
            language.pick("Your code", "Votre code").to_owned(),
            language.pick("Change your booking", "Modifier votre réservation"),
            language
                .pick(
                    "Somebody, probably you, wants to change your booking. Type this code on the page of the booking.",
                    "Quelqu’un, sans doute vous, veut modifier votre réservation. Saisissez ce code sur la page de la réservation.",
                )
                .to_owned(),
        )
    }
}
