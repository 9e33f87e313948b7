"""Apart from the rows that make room for them: PostgreSQL alters no table with changes to it still pending."""

from django.db import migrations, models

COUNTS = (("followed", False), models.Q(("status", "revoked"), _negated=True))


class Migration(migrations.Migration):
    dependencies = [("gates", "0004_one_pass_at_a_time")]

    operations = [
        migrations.AddConstraint(
            model_name="pass",
            constraint=models.UniqueConstraint(
                fields=["subject"], condition=models.Q(*COUNTS, ("kind", "resident")), name="pass_one_a_household"
            ),
        ),
        migrations.AddConstraint(
            model_name="pass",
            constraint=models.UniqueConstraint(
                fields=["subject", "place", "enterprise"],
                condition=models.Q(*COUNTS, ("kind", "employee")),
                name="pass_one_an_employer",
            ),
        ),
        migrations.AddConstraint(
            model_name="pass",
            constraint=models.UniqueConstraint(
                fields=["subject", "place", "kind"],
                condition=models.Q(
                    *COUNTS,
                    models.Q(
                        ("kind", "vehicle"),
                        models.Q(("enterprise__isnull", True), ("kind", "employee")),
                        _connector="OR",
                    ),
                ),
                name="pass_one_a_place",
            ),
        ),
    ]
