"""Rules that find signals: siblings with one signature, `Rule.find(run)`, gathered into the sets of `sets.py`.

To add a rule: a module here with a function that returns a `Rule`, an entry in a set, a case in
`tests/analytics/test_spc_rules.py`, a line in `docs/algorithms/control-charts.md`.
"""
