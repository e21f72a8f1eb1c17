//! The texts of the mails about one booking: confirmed, failed, cancelled, called off, refunded.

use holdfast_domain::ids::LineId;
use holdfast_entity::booking_lines;

use super::{Amounts, BookingSubject, CancelDetail, EVENT_CANCELLED, words::reason};
use crate::messages::{
    Letter,
    letter::{LetterAction, LetterFact},
};

impl BookingSubject<'_> {
    pub(super) fn confirmed(&self, lines: &[booking_lines::Model]) -> Letter {
        let (language, reference) = (self.language, &self.booking.reference);
        let live: Vec<_> =
            lines.iter().filter(|line| line.cancelled_at.is_none()).cloned().collect();
        let what = self.names(&live);
        let total = self.money(self.booking.total_minor);
        let paragraph = match self.booking.total_minor {
            0 => language.pick(
                "Your places are booked. There is nothing to pay.".to_owned(),
                "Vos places sont réservées. Il n’y a rien à payer.".to_owned(),
            ),
            _ => language.pick(
                format!("Your places are booked, and your payment of {total} has arrived."),
                format!("Vos places sont réservées et votre paiement de {total} est arrivé."),
            ),
        };
        Letter {
            groups: self.groups(&live, Amounts::Shown),
            facts: vec![
                self.reference(),
                LetterFact { label: language.pick("Total", "Total").to_owned(), value: total },
            ],
            action: Some(self.show()),
            notes: vec![
                language
                    .pick(
                        "Keep the reference at hand. The attached file adds the dates to your calendar.",
                        "Gardez la référence à portée de main. Le fichier joint ajoute les dates à votre agenda.",
                    )
                    .to_owned(),
            ],
            calendar: Some(self.calendar(&live)),
            ..Letter::new(
                language,
                language.pick(
                    format!("Your booking for {what} ({reference})"),
                    format!("Votre réservation pour {what} ({reference})"),
                ),
                language.pick("Your booking is confirmed", "Votre réservation est confirmée"),
                paragraph,
            )
        }
    }

    pub(super) fn failed(&self, lines: &[booking_lines::Model]) -> Letter {
        let (language, what) = (self.language, self.names(lines));
        let failure = self.booking.failure.as_deref().unwrap_or_default();
        let why = reason(failure);
        let event = lines.first().and_then(|line| self.events.get(&line.event_id));
        Letter {
            groups: self.groups(lines, Amounts::Hidden),
            facts: vec![self.reference()],
            action: event.filter(|_| failure != EVENT_CANCELLED).map(|event| LetterAction {
                label: language.pick("Choose places again", "Choisir à nouveau").to_owned(),
                url: format!("{}/events/{}", self.home.as_str(), event.slug),
            }),
            ..Letter::new(
                language,
                language.pick(
                    format!("Your booking for {what} did not succeed"),
                    format!("Votre réservation pour {what} n’a pas abouti"),
                ),
                language.pick("Your booking did not succeed", "Votre réservation n’a pas abouti"),
                language.pick(why.0, why.1).to_owned(),
            )
        }
    }

    pub(super) fn cancelled(
        &self,
        lines: &[booking_lines::Model],
        detail: &CancelDetail,
    ) -> Letter {
        let (language, reference) = (self.language, &self.booking.reference);
        let gone = concerned(lines, &detail.lines);
        let what = self.names(&gone);
        Letter {
            action: Some(self.show()),
            ..self.about_cancelled(
                &gone,
                detail,
                language.pick(
                    format!("Cancelled: {what} ({reference})"),
                    format!("Annulation : {what} ({reference})"),
                ),
                language.pick("Your places are cancelled", "Vos places sont annulées"),
                language
                    .pick(
                        "The tickets for these places are no longer valid.",
                        "Les billets pour ces places ne sont plus valables.",
                    )
                    .to_owned(),
            )
        }
    }

    pub(super) fn called_off(
        &self,
        lines: &[booking_lines::Model],
        detail: &CancelDetail,
    ) -> Letter {
        let language = self.language;
        let gone = concerned(lines, &detail.lines);
        let what = self.names(&gone);
        self.about_cancelled(
            &gone,
            detail,
            language.pick(format!("{what} will not take place"), format!("{what} n’aura pas lieu")),
            language.pick("The event is cancelled", "L’événement est annulé"),
            language.pick(
                format!("The organizer cancelled {what}. Your tickets are no longer valid."),
                format!("L’organisateur a annulé {what}. Vos billets ne sont plus valables."),
            ),
        )
    }

    fn about_cancelled(
        &self,
        gone: &[booking_lines::Model],
        detail: &CancelDetail,
        subject: String,
        heading: &str,
        paragraph: String,
    ) -> Letter {
        let mut letter = Letter {
            groups: self.groups(gone, Amounts::Hidden),
            facts: vec![self.reference()],
            ..Letter::new(self.language, subject, heading, paragraph)
        };
        if detail.refund_minor > 0 {
            letter.paragraphs.push(self.refund_text(detail.refund_minor));
        } else if self.booking.total_minor > 0 {
            let text = self.language.pick(
                "No money is returned for this cancellation.",
                "Cette annulation ne donne lieu à aucun remboursement.",
            );
            letter.paragraphs.push(text.to_owned());
        }
        letter
    }

    pub(super) fn refunded(&self, detail: &CancelDetail) -> Letter {
        let (language, reference) = (self.language, &self.booking.reference);
        Letter {
            facts: vec![self.reference()],
            action: Some(self.show()),
            notes: vec![
                language
                    .pick("Your tickets stay valid.", "Vos billets restent valables.")
                    .to_owned(),
            ],
            ..Letter::new(
                language,
                language.pick(
                    format!("A refund for your booking {reference}"),
                    format!("Un remboursement pour votre réservation {reference}"),
                ),
                language.pick("A refund is on its way", "Un remboursement est en cours"),
                self.refund_text(detail.refund_minor),
            )
        }
    }

    fn refund_text(&self, minor: i64) -> String {
        let amount = self.money(minor);
        self.language.pick(
            format!(
                "{amount} goes back to your payment method. Banks take up to ten days to show it."
            ),
            format!(
                "{amount} retournent sur le moyen de paiement utilisé. La banque met jusqu’à dix jours à l’afficher."
            ),
        )
    }
}

fn concerned(lines: &[booking_lines::Model], ids: &[LineId]) -> Vec<booking_lines::Model> {
    lines.iter().filter(|line| ids.contains(&line.id)).cloned().collect()
}
