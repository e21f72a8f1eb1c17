# syntax=docker/dockerfile:1
# One image with one binary, which contains the pages. It is built for the platform that builds it.

FROM rust:1.95-bookworm AS build
# A Node version that is still maintained; Debian 12 has Node 18.
COPY --from=node:22-bookworm-slim /usr/local/bin /usr/local/bin
COPY --from=node:22-bookworm-slim /usr/local/lib/node_modules /usr/local/lib/node_modules
# No versions of packages, here and below: Debian removes a version from its archive when it fixes it.
# hadolint ignore=DL3008
RUN rustup target add wasm32-unknown-unknown \
 && apt-get update && apt-get install -y --no-install-recommends zopfli && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
ENV HOLDFAST_CACHE=/cache/holdfast CARGO_TARGET_DIR=/cache/target HOLDFAST_WASM_TARGET_DIR=/cache/wasm
# The caches stay with the builder; the needed files are copied out of them.
RUN --mount=type=cache,target=/cache \
    --mount=type=cache,target=/usr/local/cargo/registry \
    scripts/frontend.sh \
 && cargo build --release --locked -p holdfast --bin holdfast \
 && install -D /cache/target/release/holdfast /out/holdfast

FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates tini \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/holdfast --create-home holdfast
COPY --from=build /out/holdfast /usr/local/bin/holdfast
USER 10001:10001
WORKDIR /var/lib/holdfast
# Production: the program refuses to start without a database, its secrets and a real gateway.
ENV HOLDFAST_ENV=production HOLDFAST_BIND=0.0.0.0:8080 HOLDFAST_DATA_DIR=/var/lib/holdfast/data
EXPOSE 8080
# tini: the server does not adopt and reap the children of other processes.
ENTRYPOINT ["/usr/bin/tini", "--", "holdfast"]
CMD ["serve"]
