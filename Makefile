# The two main commands are `make run` and `make test`. Each first installs what it needs.

# quick, or release for a longer first build and a faster server.
RUN_PROFILE ?= quick
SEEDS ?= 10000
CHECKOUTS ?= 10000
SEED ?= 4711
CLUSTER_PORT ?= 8080
OPENAPI_FILE ?= docs/openapi.json
GROUPS ?=
# How long and how often `make onsale` measures, and with how many viewers of the stream.
ROUNDS ?= 3
SECONDS ?= 8
VIEWERS ?= 10000
# How many events of 20,000 seats its last part has, and how many holds that makes.
EVENTS ?= 500
CHURN ?= 1000000
FEATURES := --features holdfast/failpoints

.DEFAULT_GOAL := help
.PHONY: help run test bench onsale cluster simulate record fmt lint openapi settings clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/^([a-z]+):.*## (.*)/  make \1	\2/' | expand -t 20

run: ## Build everything and serve it on http://127.0.0.1:8080 (SQLite, demo data)
	@RUN_PROFILE=$(RUN_PROFILE) scripts/run.sh

test: ## Run every group of tests, or selected groups: GROUPS="unit browser"
	@scripts/setup.sh test
	@scripts/test.sh $(GROUPS)

bench: ## Measure the server: prints a table, writes target/bench.json
	@scripts/setup.sh bench
	@scripts/bench.sh

onsale: ## Measure a sale under a crowd: ROUNDS, SECONDS, VIEWERS, EVENTS, CHURN; writes target/onsale.json
	@scripts/setup.sh bench
	@scripts/onsale.sh --rounds $(ROUNDS) --seconds $(SECONDS) --viewers $(VIEWERS) \
	  --events $(EVENTS) --churn $(CHURN)

cluster: ## Run PostgreSQL, three Redis nodes and two servers behind nginx on this machine
	@scripts/setup.sh cluster
	@RUN_PROFILE=$(RUN_PROFILE) scripts/cluster.sh --port $(CLUSTER_PORT)

simulate: ## Run the simulator with SEEDS seeds (default 10000)
	SEEDS=$(SEEDS) cargo test --release -p holdfast-domain --test simulator no_seed -- --nocapture

record: ## Run CHECKOUTS checkouts over PostgreSQL with random faults and kills from SEED
	@scripts/setup.sh test
	CHECKOUTS=$(CHECKOUTS) SEED=$(SEED) scripts/record.sh

fmt: ## Format the code
	cargo fmt --all

lint: ## Check the format and run clippy; warnings are errors
	@scripts/test.sh format lint

openapi: ## Write the OpenAPI document to OPENAPI_FILE
	@mkdir -p $(dir $(OPENAPI_FILE)) frontend/dist
	cargo run --quiet $(FEATURES) -- openapi > $(OPENAPI_FILE).new
	@mv $(OPENAPI_FILE).new $(OPENAPI_FILE)

settings: ## Write .env.example and the table of settings in docs/OPERATIONS.md
	@mkdir -p frontend/dist
	cargo run --quiet $(FEATURES) -- settings > .env.example.new
	@mv .env.example.new .env.example
	cargo run --quiet $(FEATURES) -- settings --table-in docs/OPERATIONS.md > docs/OPERATIONS.md.new
	@mv docs/OPERATIONS.md.new docs/OPERATIONS.md

clean: ## Remove all build output (not ./data)
	cargo clean
	rm -rf frontend/dist tests/browser/node_modules tests/browser/out tests/clients/node_modules load-tests/out target
