"""Bad and hostile files, each built on the spot: builders take the path to write and return it.

`texts.py`, `workbooks.py`, `parquets.py` hold the builders; `refused.py` lists files with the code that must
refuse them, for every door that takes files (the intake, the upload page, the API).
"""
