"""The rows behind the search for names, plates and addresses."""

from typing import ClassVar

from django.db import models

from fangxian.registry.models.subjects import Subject


class SearchRow(models.Model):
    """The tokens of one subject. The index over them differs by database and is made in a migration.

    `tokens`: one per Chinese character, kana, hangul syllable or Latin word, then one per pinyin syllable, then one per
    initial. `area`: the labels of the line above the places it belongs to, and their grids, so that a narrow reach
    narrows the search in the index itself.
    """

    id = models.BigAutoField(primary_key=True)
    subject = models.OneToOneField(Subject, on_delete=models.CASCADE, related_name="search_row")
    tokens = models.TextField()
    area = models.TextField(blank=True)

    field_classes: ClassVar[dict[str, str]] = {"tokens": "direct", "area": "indirect"}
