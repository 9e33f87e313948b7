from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gates", "0007_pass_visitors")]

    operations = [
        migrations.AlterField(
            model_name="contradiction",
            name="kind",
            field=models.CharField(
                choices=[
                    ("double_use", "used at two places at once"),
                    ("not_in_force", "admitted on a pass that was not in force"),
                    ("held", "let out while under observation"),
                    ("over_quota", "more outings than allowed"),
                    ("over_cap", "more people than the gate's cap"),
                    ("forged", "a forged pass was shown"),
                    ("unchecked", "a turnstile opened without a check"),
                    ("unknown_vehicle", "a vehicle that the register lacks"),
                    ("other", "admitted against what the server decides"),
                ],
                max_length=16,
            ),
        ),
    ]
