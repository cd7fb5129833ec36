# The commands of the project; CI uses the same ones.
#
#   make run     install what is missing, build, start the service, post an example, show the answer
#   make test    build and pass every test
#   make build   the program at build/release/cellblock
#   make test-vm the tests in a virtual machine with cgroup v2; slow
#   make test-ordinary-user  the hostile suite against a service of a user without rights
#   make bench   the performance table; BENCH_FLAGS=--table-only for its first part
#   make picture the README's picture, from a run of the table
#   make soak    SOAK_EXECUTIONS one after the other, and what has grown
#   make test-deb   the Debian package, installed into a clean Debian; test-container  the image, in a container; slow
#   make test-monitoring  a real Prometheus over a running service, with the shipped configuration and rules
#   make test-manifests   Kubernetes, Cloud Run and Grafana against their schemas
#   make dist    the sources as a reproducible tarball, with checksum and bill of materials
#   make test-cpython   CPython's own regression tests inside cells, all of them: half an hour
#   make format  rewrite the C++ sources in the project's style; lint checks style, scripts and clang-tidy
#   make asan tsan   the C++ tests under the sanitizers
#   make tsan-load   the server under the thread sanitizer and under load
#   make fuzz    every fuzz target for FUZZ_SECONDS

JOBS ?= $(shell nproc)
CPP := $(shell git ls-files --cached --others --exclude-standard 'src/*.cpp' 'src/*.hpp' 'fuzz/*.cpp' 'bench/*.?pp')
FUZZ_SECONDS ?= 600
SOAK_EXECUTIONS ?= 200000
SH := $(shell grep -ls '^.!/bin/sh' .ci/run scripts/* tests/vm/* tests/container/* packaging/*/*)

.PHONY: run build test test-vm test-ordinary-user test-deb test-container test-manifests test-monitoring dist test-cpython asan tsan asan-build tsan-build tsan-load fuzz bench picture soak format lint deps clean

deps:
	@scripts/install-deps

build: deps
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j $(JOBS)

run: build
	@scripts/run-example

test: build
	@ctest --test-dir build/release --output-on-failure $(CTEST_FLAGS)

test-vm: build
	@scripts/test-vm

test-ordinary-user: build
	@scripts/test-ordinary-user

test-deb: build
	@scripts/test-deb

test-container: deps
	@scripts/test-container

test-manifests:
	@scripts/test-manifests

test-monitoring: build
	@scripts/test-monitoring

dist:
	@scripts/dist

test-cpython: build
	@/usr/bin/python3 tests/cpython/run.py

asan tsan: %: %-build
	@ctest --test-dir build/$@ --output-on-failure -L unit -j $(JOBS) $(CTEST_FLAGS)

asan-build tsan-build: %-build: deps
	@cmake --preset $* >/dev/null
	@cmake --build --preset $* -j $(JOBS)

# The helper programs are those of the ordinary build.
tsan-load: build
	@cmake --preset tsan >/dev/null
	@cmake --build --preset tsan -j $(JOBS) --target cellblock helpers
	@CELLBLOCK_BINARY=$(CURDIR)/build/tsan/cellblock CELLBLOCK_TIME_FACTOR=5 \
	  /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/tsan

fuzz: deps
	@scripts/install-deps fuzz
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz -j $(JOBS)
	@scripts/fuzz $(FUZZ_SECONDS)

bench: build
	@scripts/install-deps bench
	@/usr/bin/python3 bench/bench.py $(BENCH_FLAGS)

# The README's picture and what it is drawn from.
picture: build
	@scripts/install-deps bench
	@/usr/bin/python3 bench/bench.py --table-only --figures docs/figures/bench.json
	@/usr/bin/python3 bench/picture.py docs/figures/bench.json docs/figures/bench.svg

soak: build
	@scripts/install-deps bench
	@/usr/bin/python3 bench/soak.py $(SOAK_EXECUTIONS)

format:
	@clang-format -i $(CPP)

lint: build
	@clang-format --dry-run --Werror $(CPP)
	@shellcheck $(SH)
	@scripts/tidy $(JOBS)

clean:
	@rm -rf build
