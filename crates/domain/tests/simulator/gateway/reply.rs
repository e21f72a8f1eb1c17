//! How the caller of the model gateway interprets a response, or its absence.

use holdfast_domain::checkout::{Authorization, Decline, Doubt, Event, Outcome, RefundId};

use super::{GatewayAnswer, GatewayRequest};
use crate::rules::{Rule, Rules};

pub(super) fn understand(
    wanted: &GatewayRequest,
    answer: Result<GatewayAnswer, Doubt>,
    rules: Rules,
) -> Event {
    match answer {
        Err(doubt) => in_doubt(wanted, doubt, rules),
        Ok(GatewayAnswer::Fault) => in_doubt(wanted, Doubt::Faulted, rules),
        Ok(GatewayAnswer::Prepared(prepared)) => Event::Prepared(Outcome::Done(prepared)),
        Ok(GatewayAnswer::Granted) => Event::Authorized(Outcome::Done(Authorization::Granted)),
        Ok(GatewayAnswer::ActionRequired(client_secret)) => {
            Event::Authorized(Outcome::Done(Authorization::ActionRequired { client_secret }))
        }
        Ok(GatewayAnswer::Processing) => {
            Event::Authorized(Outcome::Done(Authorization::Processing))
        }
        Ok(GatewayAnswer::Declined) => {
            Event::Authorized(Outcome::Refused(decline("card_declined")))
        }
        Ok(GatewayAnswer::Captured) => Event::Captured(Outcome::Done(())),
        Ok(GatewayAnswer::Voided) => Event::Voided(Outcome::Done(())),
        Ok(GatewayAnswer::GaveBack(id)) => panic!("{id:?} is no answer to {wanted:?}"),
        Ok(GatewayAnswer::Refused) => match wanted {
            GatewayRequest::Prepare { .. } => Event::Prepared(Outcome::Refused(decline("refused"))),
            GatewayRequest::Authorize(_) => Event::Authorized(Outcome::Refused(decline("refused"))),
            GatewayRequest::Capture(_) => Event::Captured(Outcome::Refused(())),
            GatewayRequest::Void(_) => Event::Voided(Outcome::Refused(())),
            GatewayRequest::GiveBack(..) => panic!("a refund is understood elsewhere"),
        },
    }
}

pub(super) fn understand_refund(answer: Result<GatewayAnswer, Doubt>) -> Outcome<RefundId, String> {
    match answer {
        Err(doubt) => Outcome::Unknown(doubt),
        Ok(GatewayAnswer::Fault) => Outcome::Unknown(Doubt::Faulted),
        Ok(GatewayAnswer::GaveBack(id)) => Outcome::Done(id),
        Ok(GatewayAnswer::Refused) => Outcome::Refused("charge_not_refundable".to_owned()),
        Ok(other) => panic!("{other:?} is no answer to a refund"),
    }
}

fn in_doubt(wanted: &GatewayRequest, doubt: Doubt, rules: Rules) -> Event {
    let known = rules.keep(Rule::UnknownStaysUnknown);
    match wanted {
        GatewayRequest::Prepare { .. } if known => Event::Prepared(Outcome::Unknown(doubt)),
        GatewayRequest::Prepare { .. } => Event::Prepared(Outcome::Refused(decline("timeout"))),
        GatewayRequest::Authorize(_) if known => Event::Authorized(Outcome::Unknown(doubt)),
        GatewayRequest::Authorize(_) => Event::Authorized(Outcome::Refused(decline("timeout"))),
        GatewayRequest::Capture(_) if known => Event::Captured(Outcome::Unknown(doubt)),
        GatewayRequest::Capture(_) => Event::Captured(Outcome::Refused(())),
        GatewayRequest::Void(_) => Event::Voided(Outcome::Unknown(doubt)),
        GatewayRequest::GiveBack(..) => panic!("a refund is understood elsewhere"),
    }
}

fn decline(code: &str) -> Decline {
    Decline { code: code.to_owned() }
}
