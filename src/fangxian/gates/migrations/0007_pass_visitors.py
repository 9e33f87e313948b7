from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gates", "0006_pass_photos")]

    operations = [
        migrations.AddIndex(
            model_name="pass",
            index=models.Index(
                condition=models.Q(("kind__in", ("visitor", "courier")), models.Q(("holder", "–"), _negated=True)),
                fields=["until_us"],
                name="pass_visitor",
            ),
        ),
    ]
