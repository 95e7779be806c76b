# The two commands of the README, and what a developer repeats.
PYTHON ?= python3

run:
	exec $(PYTHON) manage.py up

test:
	exec $(PYTHON) manage.py test

# What needs no database, browser or process of its own: under three minutes.
quick:
	exec $(PYTHON) manage.py test -m quick -n 2 --dist loadfile

.PHONY: run test quick
