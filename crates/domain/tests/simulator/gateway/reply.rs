//! How the caller of the model gateway interprets a response, or its absence.

use holdfast_domain::checkout::{Authorization, Decline, Doubt, Event, Outcome, RefundId};

use super::{Answer, GatewayRequest};
use crate::rules::{Rule, Rules};

pub(super) fn understand(
    wanted: &GatewayRequest,
    answer: Result<Answer, Doubt>,
    rules: Rules,
) -> Event {
    match answer {
        Err(doubt) => in_doubt(wanted, doubt, rules),
        Ok(Answer::Fault) => in_doubt(wanted, Doubt::Faulted, rules),
        Ok(Answer::Prepared(prepared)) => Event::Prepared(Outcome::Done(prepared)),
        Ok(Answer::Granted) => Event::Authorized(Outcome::Done(Authorization::Granted)),
        Ok(Answer::ActionRequired(client_secret)) => {
            Event::Authorized(Outcome::Done(Authorization::ActionRequired { client_secret }))
        }
        Ok(Answer::Processing) => Event::Authorized(Outcome::Done(Authorization::Processing)),
        Ok(Answer::Declined) => Event::Authorized(Outcome::Refused(decline("card_declined"))),
        Ok(Answer::Captured) => Event::Captured(Outcome::Done(())),
        Ok(Answer::Voided) => Event::Voided(Outcome::Done(())),
        Ok(Answer::GaveBack(id)) => panic!("{id:?} is no answer to {wanted:?}"),
        Ok(Answer::Refused) => match wanted {
            GatewayRequest::Prepare { .. } => Event::Prepared(Outcome::Refused(decline("refused"))),
            GatewayRequest::Authorize(_) => Event::Authorized(Outcome::Refused(decline("refused"))),
            GatewayRequest::Capture(_) => Event::Captured(Outcome::Refused(())),
            GatewayRequest::Void(_) => Event::Voided(Outcome::Refused(())),
            GatewayRequest::GiveBack(..) => panic!("a refund is understood elsewhere"),
        },
    }
}

pub(super) fn understand_refund(answer: Result<Answer, Doubt>) -> Outcome<RefundId, String> {
    match answer {
        Err(doubt) => Outcome::Unknown(doubt),
        Ok(Answer::Fault) => Outcome::Unknown(Doubt::Faulted),
        Ok(Answer::GaveBack(id)) => Outcome::Done(id),
        Ok(Answer::Refused) => Outcome::Refused("charge_not_refundable".to_owned()),
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
