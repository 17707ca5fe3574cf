# Two commands do the work: `make book` and `make test`. `make help` lists the others.
PYTHON ?= python3
NEWEST ?= $(PYTHON)
BOOK = .venv/book/bin/python
TEST = .venv/test/bin/python
GRADING = .venv/grading/bin/python
SUPPLY = .venv/supply/bin/python
UV = .venv/uv/bin/uv
IN_PYODIDE = --python-version 3.14 --python-platform wasm32-pyodide2025
# Trust the certificates that the system trusts, as pip does.
export UV_SYSTEM_CERTS = 1

.PHONY: book site test trials shown questions exam serve live packs grade public sbom release announce git links unpinned tools lock clean help
.DEFAULT_GOAL := help

book: .venv/book/ready  ## build the book into _build/html
	@$(BOOK) -m publish.build

site: .venv/book/ready .venv/lite/ready .venv/lite/wheels/ready .venv/node/ready  ## build the book with all its parts (needs Node and Chromium)
	@$(BOOK) -m publish.build site

# Without Node the tests of the browser door are skipped, and named.
test: .venv/test/ready .venv/supply/ready $(if $(shell command -v npm),.venv/lite/ready .venv/lite/wheels/ready .venv/node/ready)  ## install what the tests need and run them all
	@$(TEST) -m pytest

# The rebuild of the tables from their providers' files is not among them: it needs those files.
trials: site .venv/test/ready .venv/supply/ready  ## measure the ways to run the book, and try its builds; NEWEST=python3.13 names the newest Python at hand
	@$(TEST) -m trials.doors
	@$(TEST) -m trials.pyodide_versions $(NEWEST)
	@$(TEST) -m trials.alone
	@$(TEST) -m trials.supply
	@$(TEST) -m trials.speed
	@$(BOOK) -m trials.faults
	@$(BOOK) -m trials.reproducible $(NEWEST)
	@$(TEST) -m trials.mutation

shown: .venv/book/ready  ## keep anew in tests/shown what the pages show, after you looked at what changed
	@$(BOOK) -m publish.shown

questions: .venv/book/ready  ## check the question bank and write the self-checks into the chapters
	@$(BOOK) -m publish.questions

exam: .venv/book/ready  ## export the graded questions into _build/instructor, for instructors
	@$(BOOK) -m publish.questions.exports

serve: book  ## read the built book at http://127.0.0.1:8000
	@echo "Reading at http://127.0.0.1:8000 (stop with Ctrl-C)"
	@$(BOOK) -m http.server 8000 --bind 127.0.0.1 --directory _build/html

live: .venv/book/ready  ## rebuild when a source is saved, and reload the page in the browser
	@$(BOOK) -m publish.live 8000

packs: .venv/grading/ready  ## make the packs of assignments into _build/packs (SEED=..., kept secret)
	@SEED="$(SEED)" $(GRADING) -m publish.packs

grade: .venv/grading/ready  ## grade a folder of notebooks (PACK=... SUBMISSIONS=...)
	@$(GRADING) -m publish.grading "$(PACK)" "$(SUBMISSIONS)" $(OPTIONS)

git:
	@git rev-parse -q --verify HEAD >/dev/null 2>&1 || \
		{ echo "This is no clone with a commit in it, or git is missing: install git, and work in a clone of the repository."; exit 1; }

public: git  ## write the tree that may be published, without instructor/, into _build/public (needs git)
	@rm -rf _build/public && mkdir -p _build/public && git archive HEAD | tar -x -C _build/public
	@test ! -e _build/public/instructor || { echo "instructor/ is in the export: see .gitattributes"; exit 1; }
	@echo "The last commit without instructor/: $(CURDIR)/_build/public"

sbom: .venv/supply/ready  ## write the bill of materials into _build
	@$(SUPPLY) -m publish.supply _build/testing-realism.cdx.json

# Everything is built anew from the last commit without instructor/; the environments are the ones at hand.
release: public .venv/book/ready .venv/supply/ready .venv/lite/ready .venv/lite/wheels/ready .venv/node/ready  ## build the last commit as it may be published, and collect what a release offers in _build/release (needs git, Node and Chromium)
	@git diff --quiet HEAD || { echo "A release is made from the last commit, and there are changes since: commit them first."; exit 1; }
	@find _build/public -type f -exec touch -d 2026-01-01 {} +
	@ln -s ../../.venv _build/public/.venv
	@BOOK_COMMIT=$$(git rev-parse HEAD) SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(MAKE) --no-print-directory -C _build/public site sbom
	@$(BOOK) -m publish.release

announce:  ## offer what is in _build/release as the release of a tag on GitHub (TAG=v1.2.0; needs gh)
	@test -n "$(TAG)" || { echo "Which edition? Name its tag: make announce TAG=v1.2.0"; exit 1; }
	@command -v gh >/dev/null || { echo "gh, the command line of GitHub, is missing: install it, or upload what is in _build/release by hand."; exit 1; }
	@test -f _build/release/SHA256SUMS || { echo "There is no release yet: run make release first."; exit 1; }
	@gh release create "$(TAG)" --verify-tag --title "$(TAG)" --notes-file _build/release/NOTES.md _build/release/*

links: book  ## ask every address outside the book whether it answers, and report; never fails for what it finds
	@$(BOOK) -m publish.links

unpinned: .venv/book/ready  ## build with the newest version of everything, and report; never fails for what it finds
	@$(BOOK) -m trials.unpinned

# Under CI, where the machine is thrown away, Ubuntu's ban on the namespaces that bubblewrap needs is lifted too.
tools:  ## install with apt-get what the checks need beside Python: a browser, Node, bubblewrap and epubcheck
	@lacking=""; \
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || lacking="chromium"; \
	command -v npm >/dev/null || lacking="$$lacking nodejs npm"; \
	command -v bwrap >/dev/null || lacking="$$lacking bubblewrap"; \
	command -v epubcheck >/dev/null || lacking="$$lacking epubcheck"; \
	root=""; test "$$(id -u)" = 0 || root=sudo; \
	if test -n "$$lacking"; then $$root apt-get update -qq && $$root apt-get install -y -qq --no-install-recommends $$lacking >/dev/null; fi; \
	if test -n "$$CI" && ! bwrap --unshare-all --ro-bind / / true 2>/dev/null; then $$root sysctl -qw kernel.apparmor_restrict_unprivileged_userns=0 || true; fi

lock: $(UV)  ## write the lock files anew from pyproject.toml
	@$(UV) pip compile -q pyproject.toml --group book --universal --generate-hashes --no-emit-index-url --no-header -o locks/book.txt
	@$(UV) pip compile -q pyproject.toml --group test --universal --generate-hashes --no-emit-index-url --no-header -o locks/test.txt
	@$(UV) pip compile -q pyproject.toml --group grading --universal --generate-hashes --no-emit-index-url --no-header -o locks/grading.txt
	@$(UV) pip compile -q pyproject.toml --group binder --universal --generate-hashes --no-emit-index-url --no-header -o binder/requirements.txt
	@$(UV) pip compile -q pyproject.toml --group lite --universal --generate-hashes --no-emit-index-url --no-header -o locks/lite.txt
	@$(UV) pip compile -q pyproject.toml --group kernel $(IN_PYODIDE) --generate-hashes --no-emit-index-url --no-header -o locks/kernel.txt
	@$(UV) pip compile -q pyproject.toml --group pyodide --universal --generate-hashes --no-emit-index-url --no-header -o locks/pyodide.txt
	@$(UV) pip compile -q pyproject.toml --group supply --universal --generate-hashes --no-emit-index-url --no-header -o locks/supply.txt
	@cd publish && npm install --silent --package-lock-only --omit-lockfile-registry-resolved

clean:  ## delete what was built and installed
	@rm -rf _build .venv

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/'

# One environment per purpose, made from its lock file with hashes.
.venv/%/ready: locks/%.txt $(UV)
	@echo "Making the environment .venv/$* (once; it is kept)"
	@$(PYTHON) -m venv --clear .venv/$*
	@$(UV) pip install -q --python .venv/$* --compile-bytecode --require-hashes -r $<
	@touch $@

# The wheels that the kernel of the browser door starts from: pure Python, for the browser's Python.
.venv/lite/wheels/ready: locks/kernel.txt .venv/lite/ready
	@rm -rf .venv/lite/wheels
	@.venv/uv/bin/python -m pip download -qq --disable-pip-version-check --no-deps --require-hashes \
		--only-binary=:all: --python-version 3.14 --implementation py --abi none --platform any -d .venv/lite/wheels -r $<
	@touch $@

# What comes from npm: the core of Pyodide, and what shows slides.
.venv/node/ready: publish/package.json publish/package-lock.json
	@command -v npm >/dev/null || \
		{ echo "Node is missing: install it with npm (on Debian and Ubuntu: apt-get install nodejs npm). Only make site needs it."; exit 1; }
	@mkdir -p .venv/node && cp publish/package.json publish/package-lock.json .venv/node/
	@cd .venv/node && npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@

$(UV): locks/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed; name one with: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv module is missing: install it (on Debian and Ubuntu: apt-get install python3-venv)"; exit 1; }
	@$(PYTHON) -m venv .venv/uv
	@.venv/uv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r locks/uv.txt
	@touch $@
