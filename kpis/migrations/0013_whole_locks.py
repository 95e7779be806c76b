"""Half a lock is none: a comparison with nothing is neither true nor false to the database, and was let pass."""

from django.db import migrations, models
from django.db.models import Q


def make_whole(apps, schema_editor):
    """A lock without an end holds no baseline: such a series is charted from its first points, as all are at first."""
    half = Q(baseline_from=None) | Q(baseline_to=None)
    settings = apps.get_model("kpis", "ChartSetting").objects.filter(half, baseline="locked")
    settings.update(baseline="first", baseline_from=None, baseline_to=None)


class Migration(migrations.Migration):
    dependencies = [
        ("kpis", "0012_authors"),
    ]

    operations = [
        migrations.RunPython(make_whole, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name="chartsetting",
            name="chart_lock_has_two_periods_or_more",
        ),
        migrations.AddConstraint(
            model_name="chartsetting",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("baseline", "locked"), _negated=True),
                    models.Q(
                        ("baseline_from__isnull", False),
                        ("baseline_to__gt", models.F("baseline_from")),
                        ("baseline_to__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="chart_lock_has_two_periods_or_more",
                violation_error_message="A lock runs from one period to a later one.",
            ),
        ),
    ]
