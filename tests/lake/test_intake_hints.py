"""What a column of texts may be instead is said beside the preview, with what to choose."""

import pytest

from lake.intake.hints import of_texts

CLOCKS = ["31.01.2025 17:05:00", "31.01.2025 08:40:57 AM", "01.02.2025 09:00:00"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (CLOCKS, "write DD.MM.YYYY HH:MM:SS | DD.MM.YYYY HH:MM:SS AM under “Written as”"),
        (["2025-01-31", "45292", "2025-02-01"], "write YYYY-MM-DD | excel_serial under"),
        (["45292", "31/01/2025"], "'45292' and '31/01/2025' are dates written in two ways"),
        (["80 %", "0.875", "1"], "ratio as its unit: 80 % is then read as 0.8."),
        (["12,5%", "0,25"], "12,5% is then read as 0.125."),
        (["2025-W52", "2025-W53"], "2025-W53 is a week that its year does not have, so the weeks are read as text."),
        (["13/01/2025", "01/13/2025"], "the column mixes both orders"),
    ],
)
def test_a_column_of_texts_says_what_to_choose(values, said):
    (note,) = of_texts("Start", values)
    assert note.startswith("Start: ") and said in note


@pytest.mark.parametrize("values", [["Billing", "Sales"], ["80 %", "n/a"], ["01/02/2025", "3rd of May"], ["W1", "x"]])
def test_other_texts_are_texts(values):
    assert list(of_texts("Start", values)) == []
