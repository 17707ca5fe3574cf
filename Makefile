# Two commands do the work: `make book` and `make test`. `make help` lists the others.
PYTHON ?= python3
BOOK = .venv/book/bin/python
TEST = .venv/test/bin/python
UV = .venv/uv/bin/uv
# Trust the certificates that the system trusts, as pip does.
export UV_SYSTEM_CERTS = 1

.PHONY: book questions exam test serve lock clean help
.DEFAULT_GOAL := help

book: .venv/book/ready  ## build the book into _build/html
	@$(BOOK) -m publish.build

test: .venv/test/ready  ## install what the tests need and run them all
	@$(TEST) -m pytest

questions: .venv/book/ready  ## check the question bank and write the self-checks into the chapters
	@$(BOOK) -m publish.questions

exam: .venv/book/ready  ## export the graded questions into _build/instructor, for instructors
	@$(BOOK) -m publish.questions.exports

serve: book  ## read the built book at http://127.0.0.1:8000
	@echo "Reading at http://127.0.0.1:8000 (stop with Ctrl-C)"
	@$(BOOK) -m http.server 8000 --bind 127.0.0.1 --directory _build/html

lock: $(UV)  ## write the lock files anew from pyproject.toml
	@$(UV) pip compile -q pyproject.toml --group book --universal --generate-hashes --no-emit-index-url --no-header -o locks/book.txt
	@$(UV) pip compile -q pyproject.toml --group test --universal --generate-hashes --no-emit-index-url --no-header -o locks/test.txt
	@$(UV) pip compile -q pyproject.toml --group binder --universal --generate-hashes --no-emit-index-url --no-header -o binder/requirements.txt

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

$(UV): locks/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed; name one with: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv module is missing: install it (on Debian and Ubuntu: apt-get install python3-venv)"; exit 1; }
	@$(PYTHON) -m venv .venv/uv
	@.venv/uv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r locks/uv.txt
	@touch $@
