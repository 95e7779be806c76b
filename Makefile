# The two commands of the README, and what a developer repeats.
PYTHON ?= python3

run:
	exec $(PYTHON) manage.py up

test:
	exec $(PYTHON) manage.py test

.PHONY: run test
