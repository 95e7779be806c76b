from django.db import migrations, models
from django.db.models import F


def remember_the_day(apps, schema_editor):
    """What was taken out of use ended on the day of that decision, unless a later version cut it shorter."""
    versions = apps.get_model("kpis", "KpiVersion").objects
    versions.filter(state="deprecated", certified_at__isnull=False).update(deprecated_from=F("valid_to"))


class Migration(migrations.Migration):
    dependencies = [("kpis", "0007_superseded_results_apart")]

    operations = [
        migrations.AddField(
            model_name="kpiversion",
            name="deprecated_from",
            field=models.DateField(
                blank=True, help_text="Out of use from this day on, by a decision.", null=True
            ),
        ),
        migrations.RunPython(remember_the_day, migrations.RunPython.noop, elidable=True),
    ]
