"""Personal data that shows in its form: numbers, addresses, dates of birth, plates. Patterns only, no dictionary."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class PersonalKind(StrEnum):
    """What is taken out of a copy; the value in capitals is what stands for it."""

    NAME = "name"  # with its title
    EMAIL = "email"
    PHONE = "phone"
    ADDRESS = "address"  # house, flat or PO box, with the town and postcode that follow
    POSTCODE = "postcode"  # alone
    REFERENCE = "reference"  # of a case, an account, a permit
    NINO = "nino"  # National Insurance number
    DOB = "dob"  # a date, where a birth is spoken of
    BANK = "bank"  # sort code, account number, IBAN
    PLATE = "plate"  # of a vehicle


@dataclass(frozen=True, kw_only=True, order=True)
class Personal:
    """A span of personal data: `text[start:end]`."""

    start: int
    end: int
    kind: PersonalKind


_K = PersonalKind
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_DATE = (
    rf"(?:\d{{4}}-\d{{1,2}}-\d{{1,2}}|\d{{1,2}}[/.\-]\d{{1,2}}[/.\-](?:\d{{4}}|\d{{2}})"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+\d{{4}})"
)
_POSTCODE = r"\b[A-Za-z]{1,2}\d[A-Za-z\d]?\s?\d[A-Za-z]{2}\b"
_STREETS = (
    "street|st|road|rd|avenue|ave|lane|close|drive|crescent|grove|terrace|place|way|row|walk|gardens|court|house|hill|rise|"
    "view|mews|parade|square|yard|green|gate|park|lodge|towers?|heights|cottages?|wharf|wharfside|point|villas?|mansions?|"
    "bank|buildings|quay|croft|meadows?|path|bungalows?"
)
_CAP = r"[A-Z][a-z]+(?:['\u2019][a-z]+)?"
_NOT_PLACE = rf"(?!(?i:{_MONTH}|monday|tuesday|wednesday|thursday|friday|saturday|sunday|years?|days?)\b)"
_PLACE = rf"{_NOT_PLACE}{_CAP}(?:[ ]{_CAP}){{0,3}}"
_SMALL_STREET = rf"(?:[a-z]+[ ]){{1,2}}(?i:{_STREETS})\b"
_TAIL = rf"(?:,[ ]{_CAP}(?:[ ]{_CAP})?)?(?:,?\s+{_POSTCODE})?"
_HOUSE_NUMBER = r"(?:(?i:number|no\.?)[ ])?\b\d{1,4}[A-Za-z]?"
_UNIT = r"\b(?i:flat|apartment|apt\.?|unit)[ ](?:\d{1,4}[A-Za-z]?|[A-Z])\b"
_NAMED = (
    rf"\b(?:The[ ])?(?:{_CAP}[ ]){{0,2}}{_CAP}[ ]"
    r"(?:House|Court|Cottages?|Lodge|Towers?|Forge|Mansions?|Villas?|Bungalow)\b"
)
_ADDRESS = (
    rf"(?:{_UNIT}(?:,[ ](?:{_HOUSE_NUMBER}[ ])?{_PLACE})?|{_HOUSE_NUMBER}[ ](?:{_PLACE}|{_SMALL_STREET})"
    rf"|{_NAMED}(?:,[ ]{_PLACE})?|\b(?i:p\.?o\.?[ ]box)[ ]\d+){_TAIL}"
)
_OF_A_REFERENCE = (
    r"(?i:ref(?:erence)?s?|case|job(?:[ ]no)?|work[ ]order|application|tenancy|account|complaint|invoice|bill[ ]no"
    r"|permit|incident|claim|statement|badge|pass|crime|ours|yours|grant|licence)\b"
)
_IDENTIFIER = r"(?:[A-Z]{1,3}[ ])?(?=[A-Za-z/\-]*\d)[A-Za-z0-9]+(?:[/\-][A-Za-z0-9]+)*(?:[ ]\d[\d ]*\d)?"
_BANK_WORDS = re.compile(
    r"\b(?:bank|sort[ ]?code|sort|acc(?:ount|t)?|iban|refund|details|compensation)\b", re.IGNORECASE
)

_ANYWHERE: tuple[tuple[PersonalKind, re.Pattern[str]], ...] = (
    (_K.EMAIL, re.compile(r"(?<![\w.+\-'])[\w.+\-']{1,64}@[\w\-]+(?:\.[\w\-]+)+")),
    (_K.BANK, re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){3,7}(?:[ ]?[A-Z0-9]{1,3})?\b")),
    (_K.NINO, re.compile(r"\b[A-Za-z]{2}[ ]?\d{2}[ ]?\d{2}[ ]?\d{2}[ ]?[A-Da-d]\b")),
    (_K.PHONE, re.compile(r"(?<![\w/\-])(?:\+44[ \-]?(?:\(0\))?|\(?0)\d(?:[ \-()]{0,2}\d){8,9}(?![\d/])")),
    (
        _K.DOB,
        re.compile(
            rf"(?:\b(?i:d\.?o\.?b\.?|born|birth|birthday|turned[ ]18))\b[^.\n\d]{{0,30}}?(?P<it>{_DATE})", re.IGNORECASE
        ),
    ),
    (_K.PLATE, re.compile(r"\b(?:[A-Z]{2}\d{2}[ ]?[A-Z]{3}|[A-Z]\d{1,3}[ ][A-Z]{3})\b")),
    (_K.ADDRESS, re.compile(_ADDRESS)),
    (_K.POSTCODE, re.compile(_POSTCODE)),
    (
        _K.REFERENCE,
        re.compile(rf"\b{_OF_A_REFERENCE}(?:[ ](?i:no|number|num|is|for|the|was))*\.?:?[ ]*#?(?P<it>{_IDENTIFIER})"),
    ),
    (_K.REFERENCE, re.compile(r"\b[A-Z]{1,5}(?:[\-/ ]\d[\dA-Z]*|\d{4,}[\dA-Z]*)(?:[\-/]\w+)*\b")),
    (_K.REFERENCE, re.compile(r"\b\d{2}/\d{4,5}/[A-Z]{2,4}\b|\b\d{9,}\b|\b[A-Z]{2,6}(?:-[A-Z]+)?-?\d{4,}[\w\-/]*")),
)
_NEAR_BANK_WORDS = re.compile(r"(?<![\d/\-])(?:\d{2}[ \-]\d{2}[ \-]\d{2}|\d{8})(?![\d/\-])")


def by_form(text: str) -> Iterator[Personal]:
    """Spans by their form; they may overlap, and what comes first counts."""
    if _BANK_WORDS.search(text):
        yield from (_personal(_K.BANK, found) for found in _NEAR_BANK_WORDS.finditer(text))
    for kind, pattern in _ANYWHERE:
        for found in pattern.finditer(text):
            if kind is not _K.REFERENCE or _is_long_enough(found):
                yield _personal(kind, found)


def _is_long_enough(found: re.Match[str]) -> bool:
    """A reference has four characters with two digits; a year or a house number is none."""
    words = found["it"] if "it" in found.re.groupindex else found[0]
    digits = sum(letter.isdigit() for letter in words)
    return len(words) >= 4 and digits >= 2 and not re.fullmatch(r"(?:19|20)\d\d", words)


def _personal(kind: PersonalKind, found: re.Match[str]) -> Personal:
    start, end = found.span("it" if "it" in found.re.groupindex else 0)
    return Personal(start=start, end=end, kind=kind)
