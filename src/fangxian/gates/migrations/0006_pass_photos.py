from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gates", "0005_one_pass_constraints")]

    operations = [
        migrations.AddIndex(
            model_name="pass",
            index=models.Index(condition=models.Q(("photo", ""), _negated=True), fields=["photo"], name="pass_photo"),
        ),
    ]
