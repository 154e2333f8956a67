"""The shape of cron expressions."""

import pytest

from campaign_pipeline.model.cron import cron_problem


@pytest.mark.parametrize(
    "expression",
    ["0 6 * * 1", "*/15 * * * *", "0,30 8-18/2 1 jan-mar MON-FRI", "59 23 31 12 7", "0 0 * * sun"],
)
def test_a_schedule_of_five_fields_is_taken(expression: str) -> None:
    assert cron_problem(expression) is None


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("", "five fields"),
        ("@daily", "five fields"),
        ("* * * * * *", "five fields"),
        ("60 * * * *", "the minute"),
        ("* 24 * * *", "the hour"),
        ("* * 0 * *", "day of month"),
        ("* * * 13 *", "the month"),
        ("* * * * 8", "day of week"),
        ("5-1 * * * *", "the minute"),
        ("*/0 * * * *", "the minute"),
        ("a * * * *", "the minute"),
        (", * * * *", "the minute"),
    ],
)
def test_another_is_refused_naming_its_field(expression: str, named: str) -> None:
    assert named in str(cron_problem(expression))
