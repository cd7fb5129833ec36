from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal, getcontext
from fractions import Fraction
from zoneinfo import ZoneInfo


def main():
    getcontext().prec = 40
    start = datetime(2024, 3, 30, 12, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    after = start + timedelta(days=1)
    return {
        "third": str(Decimal(1) / Decimal(3)),
        "rounded": str(Decimal("2.675").quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)),
        "fraction": str(Fraction(1, 3) + Fraction(1, 6)),
        "before": start.isoformat(),
        "after": after.isoformat(),
        "elapsed_hours": (after.astimezone(timezone.utc) - start.astimezone(timezone.utc)).seconds // 3600,
        "tokyo": start.astimezone(ZoneInfo("Asia/Tokyo")).strftime("%Y-%m-%d %H:%M %Z"),
    }
