"""An end without a beginning: a comparison with nothing is neither true nor false to the database."""

from django.db import migrations, models


def make_whole(apps, schema_editor):
    """An end of what never began says nothing."""
    apps.get_model("vendors", "Vendor").objects.filter(cadence_from=None).update(cadence_to=None)
    apps.get_model("vendors", "TemplateVersion").objects.filter(valid_from=None).update(valid_to=None)


class Migration(migrations.Migration):
    dependencies = [
        ("vendors", "0002_incidents_kpi"),
    ]

    operations = [
        migrations.RunPython(make_whole, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name="templateversion",
            name="a_template_version_ends_after_it_starts",
        ),
        migrations.RemoveConstraint(
            model_name="vendor",
            name="a_cadence_ends_after_it_starts",
        ),
        migrations.AddConstraint(
            model_name="templateversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_to", None),
                    models.Q(("valid_from__isnull", False), ("valid_to__gt", models.F("valid_from"))),
                    _connector="OR",
                ),
                name="a_template_version_ends_after_it_starts",
            ),
        ),
        migrations.AddConstraint(
            model_name="vendor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("cadence_to", None),
                    models.Q(("cadence_from__isnull", False), ("cadence_to__gt", models.F("cadence_from"))),
                    _connector="OR",
                ),
                name="a_cadence_ends_after_it_starts",
                violation_error_message="The reviews must end after they start.",
            ),
        ),
    ]
