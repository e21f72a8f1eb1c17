//! Tests of the adapters behind the ports: the gateways, the limiters, TLS to the stores, and Redis while it fails.

mod alone;
mod gateway_contract;
mod limiter_contract;
mod stripe_checkout;
mod stripe_gateway;
mod tls;
