"""Who may do what with clocks: rows for `tests.matrix.table`. The agreement of another unit is not there at all."""

from tests.matrix.table import Resource

from .resources import AUTHORS, Address, an_agreement


def its_code(unit):
    agreement = an_agreement(unit)
    return Address(agreement.code, agreement.code)


P, A = "/agreements/{}", "/api/v1/clocks"
CLOCKS = [
    Resource("open cases", "get", f"{P}/board/", its_code),
    Resource("the cases of a period", "get", f"{P}/cases/", its_code),
    Resource("the comparison with the source", "get", f"{P}/compare/", its_code),
    Resource("the replay of a version", "get", f"{P}/replay/", its_code, AUTHORS, door="define"),
    Resource("running the clocks", "post", f"{P}/run/", its_code, AUTHORS, status=302, door="define"),
    Resource("API: clocks", "get", f"{A}/", its_code, is_list=True, marker=lambda found: f'"{found.code}"'),
    Resource("API: the clocks of an agreement", "get", f"{A}/{{}}/", its_code),
    Resource("API: open cases", "get", f"{A}/{{}}/board/", its_code),
    Resource("API: the cases", "get", f"{A}/{{}}/cases/", its_code),
    Resource("API: warnings", "get", f"{A}/{{}}/warnings/", its_code),
    Resource("API: the replay of a version", "get", f"{A}/{{}}/replay/", its_code, AUTHORS),
    Resource("API: running the clocks", "post", f"{A}/{{}}/run/", its_code, AUTHORS, status=202, door="define"),
]
