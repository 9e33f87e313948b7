"""Two passes of which a subject may have one only: one of them is ended, before the database refuses it."""

from collections import defaultdict

from django.conf import settings
from django.db import migrations, models
from django.utils import translation
from django.utils.translation import gettext

from fangxian.shared import clock


def resolve_doubles(apps, _schema_editor):
    """The newest that is not over stays. The others are revoked, or where they are over, count as followed."""
    Pass, Entry = apps.get_model("gates", "Pass"), apps.get_model("audit", "Entry")
    with translation.override(settings.LANGUAGE_CODE):
        # The same words as on the pages, in the language of the street
        reason = gettext("A newer pass of the same holder is in force.")
    now_us = clock.to_us(clock.now())
    passes = Pass.objects.filter(subject__isnull=False, kind__in=["resident", "employee", "vehicle"], followed=False)
    rows = passes.exclude(status="revoked").order_by("-issued_us", "-id")
    found = defaultdict(list)
    fields = ("id", "kind", "subject_id", "place_id", "enterprise_id", "until_us")
    for ident, kind, subject, place, enterprise, until_us in rows.values_list(*fields).iterator():
        key = (kind, subject, None if kind == "resident" else place, enterprise if kind == "employee" else None)
        found[key].append((ident, place, until_us <= now_us))
    for group in found.values():
        kept = next((ident for ident, _place, over in group if not over), group[0][0])
        for ident, place, over in group:
            if ident == kept:
                continue
            if over:
                Pass.objects.filter(id=ident).update(followed=True)
                continue
            Pass.objects.filter(id=ident).update(status="revoked", reason=reason, changed_us=now_us)
            Entry.objects.create(
                at_us=now_us, actor="migration", act="gates.pass.revoked", target=f"pass:{ident}", place=str(place),
                detail={"kept": kept.hex},
            )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("gates", "0003_parcels_and_releases"),
        ("audit", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="pass",
            name="followed",
            field=models.BooleanField(default=False, help_text="over, and its subject was given the next one"),
        ),
        migrations.RunPython(resolve_doubles, migrations.RunPython.noop),
    ]
