from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gates", "0008_contradiction_kinds")]

    operations = [
        migrations.AddIndex(
            model_name="check",
            index=models.Index(
                condition=models.Q(("household_id__isnull", False)),
                fields=["household_id", "observed_us"],
                name="check_household_time",
            ),
        ),
    ]
