//! Tests of the adapters behind the ports: the gateways, and Redis while it fails.

mod alone;
mod gateway_contract;
mod stripe_checkout;
mod stripe_gateway;
