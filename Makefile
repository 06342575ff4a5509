# `make run` starts a server to try; `make test` checks everything. Both install what is missing.

CARGO ?= cargo
# The tests across processes make network namespaces, which needs root. Building does not.
AS_ROOT := $(shell [ "$$(id -u)" -eq 0 ] || echo --config 'target."cfg(all())".runner=["sudo","-E"]')
PRIVILEGED := -p fosix-net -p fosix-tests

.PHONY: run build test lint unit interop doc fuzz bench bench-micro bench-store deny clean

run: build
	@scripts/run

build: toolchain
	$(CARGO) build --release -p fosix

test: toolchain lint unit interop doc

# Formatting and lints.
lint: toolchain
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

# Unit and property tests, and the replay of the fuzz corpora.
unit: toolchain
	$(CARGO) test --workspace --locked --exclude fosix-net --exclude fosix-tests

# Tests in network namespaces, with real sockets and real peers.
interop: toolchain
	@scripts/install-missing ip:iproute2 tcpdump:tcpdump tshark:tshark kea-dhcp4:kea-dhcp4-server kea-dhcp6:kea-dhcp6-server dhcrelay:isc-dhcp-relay dhclient:isc-dhcp-client dhcpcd:dhcpcd-base networkctl:systemd perfdhcp:kea-admin
	$(CARGO) build --release --locked -p fosix
	FOSIX_BIN=$(CURDIR)/target/release/fosix $(CARGO) test $(AS_ROOT) --locked $(PRIVILEGED)

doc: toolchain
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked

# Every fuzz target for FUZZ_RUNS executions; needs a nightly toolchain. What it finds stays out of the seed corpora.
FUZZ_RUNS ?= 1000000
fuzz: toolchain
	@scripts/install-missing c++:g++
	@$(CARGO) fuzz --version >/dev/null 2>&1 || $(CARGO) install --locked cargo-fuzz
	for target in $$($(CARGO) +nightly fuzz list); do \
		mkdir -p fuzz/target/found/$$target; \
		$(CARGO) +nightly fuzz run $$target fuzz/target/found/$$target fuzz/corpus/$$target -- -runs=$(FUZZ_RUNS) -max_len=1500 || exit 1; \
	done

# Fosix beside Kea, ISC dhcpd and an echo, all on this machine: BENCH_SECONDS a figure, BENCH_ROUNDS of each (scripts/bench).
bench: build
	@scripts/install-missing ip:iproute2 kea-dhcp4:kea-dhcp4-server kea-dhcp6:kea-dhcp6-server dhcpd:isc-dhcp-server
	@scripts/bench

# The codec's micro-benchmarks.
bench-micro: toolchain
	$(CARGO) bench -p fosix-wire

# The lease store: beside fjall, redb and a bare fdatasync loop; a start with 10 million leases; the memory that leases take.
# Takes a quarter of an hour, 5 GB of disk beside the build, and a machine that has nothing else to do. BENCH_DIR names another disk.
BENCH_DIR ?=
bench-store: toolchain
	cd benches && $(CARGO) run --release --locked --bin compare -- $(BENCH_DIR)
	cd benches && $(CARGO) run --release --locked --bin restart -- 10000000 $(BENCH_DIR)
	$(CARGO) run --release --locked -p fosix-lease --example memory -- 1000000
	$(CARGO) run --release --locked -p fosix-lease --example memory -- 10000000

# Licences, sources and advisories of everything that is linked in.
deny: toolchain
	@$(CARGO) deny --version >/dev/null 2>&1 || $(CARGO) install --locked cargo-deny
	$(CARGO) deny check

clean:
	$(CARGO) clean

.PHONY: toolchain
toolchain:
	@command -v $(CARGO) >/dev/null || { echo "no cargo: install a Rust toolchain first, https://rustup.rs" >&2; exit 1; }
	@scripts/install-missing cc:gcc
