from django.db import migrations, models


def phases_are_totals(apps, schema_editor):
    apps.get_model("kpis", "Target").objects.filter(annual__isnull=False).update(as_total=True)


class Migration(migrations.Migration):
    dependencies = [("kpis", "0008_deprecated_from")]

    operations = [
        migrations.AddField(
            model_name="target",
            name="as_total",
            field=models.BooleanField(default=False, help_text="Of its days together, not of each period in them."),
        ),
        migrations.RunPython(phases_are_totals, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="target",
            constraint=models.CheckConstraint(
                condition=models.Q(("as_total", False), ("valid_to__isnull", False), _connector="OR"),
                name="target_of_a_total_has_an_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="target",
            constraint=models.CheckConstraint(
                condition=models.Q(("annual", None), ("as_total", True), _connector="OR"),
                name="target_phase_is_a_total",
            ),
        ),
    ]
