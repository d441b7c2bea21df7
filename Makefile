# What one can do here; `make` alone lists it.

RUN := .venv/bin
# What drives Chromium in the tests is linked with libatomic.
TEST_PACKAGES := chromium fish groff-base libatomic1 snmpd snmp procps prometheus prometheus-alertmanager prometheus-blackbox-exporter prometheus-snmp-exporter fping iproute2 iperf3 nginx-light dnsmasq-base strace postgresql victoria-metrics zsh
BENCH_PACKAGES := $(TEST_PACKAGES) prometheus-smokeping-prober
STACK_PACKAGES := prometheus prometheus-alertmanager
DEMO ?=
STACK ?=
LOOK ?=
DEB ?=
FUZZ_SECONDS ?= 600
FUZZ_REPLIES ?= 1000000

.PHONY: help demo stack look test coverage fast drills fuzz fuzz-net-snmp sbom deb wheel lint bench schema dashboards lock venv venv-dev

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 12

demo: venv ## run the daemon on a simulated city (options: DEMO='--for 60s --fault uplink-down@SCHOOL')
	$(RUN)/schulnetz demo $(DEMO)

stack: venv ## the demo, Prometheus, Alertmanager, Grafana where installed (options: STACK='...' as DEMO)
	@tools/debian-packages "the stack" $(STACK_PACKAGES)
	$(RUN)/python -m tools.stack $(STACK)

look: venv-dev ## pictures of all boards and pages, broken and without data, into build/pictures (options: LOOK='city')
	$(RUN)/python -m tools.look $(LOOK)

test: venv-dev ## lint, check types, run every test but the drills
	@tools/debian-packages "the tests" $(TEST_PACKAGES)
	$(MAKE) --no-print-directory lint
	$(RUN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

coverage: venv-dev ## the tests once more, traced (2.5 times as dear), and which lines no test reached
	@tools/debian-packages "the tests" $(TEST_PACKAGES)
	$(RUN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report=term

fast: venv-dev ## run the tests that need no server
	$(RUN)/python -m pytest -m 'not integration'

drills: venv-dev ## a city that breaks, a siege, a fortnight within minutes, and all counts in full
	@tools/debian-packages "the drills" $(TEST_PACKAGES) debootstrap systemd-container
	$(RUN)/python -m pip install --quiet uv
	$(RUN)/python -m pytest --thorough tests/drills
	$(RUN)/python -m pytest --thorough -m thorough --ignore tests/drills

fuzz: venv-dev ## damage SNMP replies by what they reach in the decoders (options: FUZZ_SECONDS=600)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-fuzz.lock
	@mkdir -p .fuzz
	$(RUN)/python -m tests.fuzz -max_total_time=$(FUZZ_SECONDS) .fuzz tests/fuzz/corpus

fuzz-net-snmp: venv-dev ## hold our decoder against net-snmp's, by damaged replies (options: FUZZ_REPLIES=1000000)
	@tools/debian-packages "the comparison" snmp
	$(RUN)/python -m tests.fuzz.differ $(FUZZ_REPLIES)

wheel: venv-dev ## build the wheel into build/, which needs no clone
	$(RUN)/python -m tools.deb --wheel

lint: venv-dev ## ruff and mypy
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy

bench: venv-dev ## measure against the peers, in one run, into bench/README.md
	@tools/debian-packages "the benchmarks" $(BENCH_PACKAGES)
	$(RUN)/python -m bench

sbom: venv-dev ## write the bill of materials into build/sbom.cdx.json and list the licences
	$(RUN)/python tools/sbom.py build/sbom.cdx.json

deb: venv-dev ## build the Debian package into build/ (options: DEB='--version 0.1.1')
	$(RUN)/python -m pip install --quiet uv
	$(RUN)/python -m tools.deb $(DEB)

schema: venv ## write config/schools.schema.json
	$(RUN)/schulnetz schema > config/schools.schema.json

dashboards: venv-dev ## write dashboards/en and dashboards/de from the code beside them
	$(RUN)/python -m dashboards

lock: venv-dev ## pin the dependencies anew
	$(RUN)/python -m pip install --quiet uv
	$(RUN)/uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet --upgrade -o requirements.lock
	$(RUN)/uv pip compile pyproject.toml --extra build --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet --upgrade -o requirements-dev.lock

venv:
	@tools/virtual-environment requirements.lock

venv-dev:
	@tools/virtual-environment requirements-dev.lock
