"""Amounts of several currencies: which columns hold amounts, and which say in which currency they are.

Amounts in EUR and USD add up to a number of nothing. A contract does not say what is money, so it is told by the values
of a text column, which are all codes of ISO 4217, and by what a column of numbers is called.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from lake.contract import Column
from lake.contract.words import NUMBER_FORMS

CODES = frozenset(
    {
        "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD",
        "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY",
        "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP",
        "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HRK", "HTG", "HUF", "IDR", "ILS",
        "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD",
        "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU",
        "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN",
        "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK",
        "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP",
        "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VED", "VES", "VND", "VUV", "WST", "XAF",
        "XCD", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG",
    }
)  # fmt: skip
_AMOUNTS = frozenset(
    {
        "amount", "amounts", "amt", "price", "prices", "cost", "costs", "revenue", "turnover", "sales", "spend",
        "spending", "charge", "charges", "fee", "fees", "payment", "payments", "salary", "wage", "wages",
        "expense", "expenses", "profit", "discount", "balance", "invoiced", "money", "betrag", "preis", "kosten",
        "umsatz", "gebuehr", "gebuhr", "zahlung", "saldo", "montant", "prix", "cout", "importe", "precio", "coste",
        "importo", "prezzo", "costo", "kwota", "cena", "koszt", "bedrag", "prijs", "belopp", "pris", "beloeb",
        "dmbtr", "wrbtr", "netwr",
    }
)  # fmt: skip
_PERHAPS = frozenset(
    {
        "net", "gross", "total", "value", "sum", "netto", "brutto", "wert", "summe", "gesamt", "order", "line",
        "item", "invoice", "unit",
    }
)  # fmt: skip
_OTHER = frozenset(
    {
        "pct", "percent", "percentage", "rate", "share", "count", "number", "no", "qty", "quantity", "id", "code",
        "weight", "kg", "days", "hours", "minutes", "units", "items", "center", "centre", "index",
    }
)  # fmt: skip
_CONVERTS = frozenset(
    {
        "rate", "rates", "fx", "kurs", "wechselkurs", "exchange", "conversion", "factor", "taux", "tipo", "cambio",
    }
)  # fmt: skip


def amounts_together(columns: Collection[Column], currency: str, of_money: bool = False) -> list[Column]:
    """Those of `columns`, whose values are put together into one number, that are amounts of whatever currency a row
    is in; empty where they are of one currency, or converted on the way.

    currency: the name of the column that says it. of_money: the number is said to be of money, whatever it reads.
    """
    numbers = [column for column in columns if column.type.numeric]
    if any(_is_settled(column, currency) for column in numbers):
        return []
    return [column for column in numbers if _is_amount(column, of_money)]


def _is_settled(column: Column, currency: str) -> bool:
    """Of one currency, by its unit, its sign or its name; or what converts; or calculated with regard to it."""
    signs = set(column.number_forms) - NUMBER_FORMS
    if column.unit.upper() in CODES or len(signs) == 1:
        return True
    read = re.split(r"[\W_]+", column.formula.lower())
    if any(word in _CONVERTS for word in read) or re.search(rf"\b{re.escape(currency)}\b", column.formula):
        return True
    return any(word in _CONVERTS or word.upper() in CODES for word in _words(column))


def _is_amount(column: Column, of_money: bool) -> bool:
    words = _words(column)
    if column.unit or any(word in _OTHER for word in words):
        return False
    if of_money or any(word in _AMOUNTS for word in words):
        return True
    return bool(words) and all(word in _PERHAPS for word in words)


def _words(column: Column) -> list[str]:
    return column.name.lower().split("_")
