"""Waiting lines of calls and cases: how many people, how long a wait, how many give up."""
