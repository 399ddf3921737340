"""Read and write dates as changelogs do: ``2026-01-02``, ``2026/01/02``, ``2nd January, 2026``, ``Jan 2, 2026``."""

import re
from datetime import date, timedelta
from typing import Final

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_EPOCH: Final = date(1970, 1, 1)
_DAY_LONG: Final = 86_400
_ORDINALS: Final = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
_MONTH: Final = re.compile(rf"\b({'|'.join(month[:3] for month in _MONTHS)})[a-z]{{0,6}}")
_DAY: Final = re.compile(r"\b\d{1,2}(st|nd|rd|th)?\b")
_YEAR: Final = re.compile(r"\b\d{4}\b")
_DATE: Final = re.compile(
    r"\b\d{4}(?P<sign>[-/])\d\d(?P=sign)\d\d\b"
    rf"|\b(?:\d{{1,2}}(?:st|nd|rd|th)? )?{_MONTH.pattern}[.,]{{0,2}} (?:\d{{1,2}}(?:st|nd|rd|th)?,? )?\d{{4}}\b"
)


def parse_day(seconds: int) -> date:
    """Return the day, in UTC, of a time in seconds since the epoch; the nearest that exists, as a tag may claim any."""
    return date.min + timedelta(
        days=min(max(seconds // _DAY_LONG + _EPOCH.toordinal() - 1, 0), date.max.toordinal() - 1)
    )


def has_date(text: str) -> bool:
    """Tell whether a text has a date in it."""
    return _DATE.search(text) is not None


def format_date_like(sample: str, day: date) -> str:
    """Return the day, written as the first date in a sample; by ISO 8601 where there is none."""
    found = _DATE.search(sample)
    if found is None:
        return day.isoformat()
    if found["sign"]:
        return day.isoformat().replace("-", found["sign"])
    text = _YEAR.sub(f"{day:%Y}", _DAY.sub(lambda old: _make_day(day, ordinal=bool(old[1])), found[0]))
    return _MONTH.sub(lambda old: _parse_month(day, short=old[0] not in _MONTHS), text)


def with_date(text: str, day: date) -> str:
    """Return the text with this day instead of its first date, written in the same way."""
    return _DATE.sub(lambda found: format_date_like(found[0], day), text, count=1)


def _make_day(day: date, *, ordinal: bool) -> str:
    return f"{day.day}{_ORDINALS.get(day.day, 'th')}" if ordinal else str(day.day)


def _parse_month(day: date, *, short: bool) -> str:
    return _MONTHS[day.month - 1][: 3 if short else None]
