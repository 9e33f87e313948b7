"""The full-text index over search rows: FTS5 on SQLite, stored tsvectors on PostgreSQL."""

from django.db import migrations

COLUMNS = ("tokens", "area")
NAMES = ", ".join(COLUMNS)


def _sqlite(cursor):
    # the tokens stand in registry_searchrow already, so the index keeps none of its own text
    cursor.execute(
        f"CREATE VIRTUAL TABLE registry_search USING fts5({NAMES}, content='registry_searchrow', "
        "content_rowid='id', tokenize='unicode61', prefix='3')"
    )
    new = ", ".join(f"new.{c}" for c in COLUMNS)
    old = ", ".join(f"old.{c}" for c in COLUMNS)
    insert = f"INSERT INTO registry_search(rowid, {NAMES}) VALUES (new.id, {new});"
    remove = f"INSERT INTO registry_search(registry_search, rowid, {NAMES}) VALUES ('delete', old.id, {old});"
    cursor.execute(f"CREATE TRIGGER registry_search_add AFTER INSERT ON registry_searchrow BEGIN {insert} END")
    cursor.execute(f"CREATE TRIGGER registry_search_take AFTER DELETE ON registry_searchrow BEGIN {remove} END")
    cursor.execute(
        f"CREATE TRIGGER registry_search_turn AFTER UPDATE ON registry_searchrow BEGIN {remove} {insert} END"
    )


def _postgres(cursor):
    for column in COLUMNS:
        cursor.execute(
            f"ALTER TABLE registry_searchrow ADD COLUMN {column}_v tsvector "
            f"GENERATED ALWAYS AS (to_tsvector('simple', {column})) STORED"
        )
    vectors = ", ".join(f"{column}_v" for column in COLUMNS)
    # without fastupdate=off the first searches after an import walk the pending list
    cursor.execute(f"CREATE INDEX registry_search ON registry_searchrow USING gin ({vectors}) WITH (fastupdate = off)")


def make(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        if schema_editor.connection.vendor == "postgresql":
            _postgres(cursor)
        else:
            _sqlite(cursor)


def drop(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        if schema_editor.connection.vendor == "postgresql":
            for column in COLUMNS:
                cursor.execute(f"ALTER TABLE registry_searchrow DROP COLUMN {column}_v")
        else:
            for name in ("add", "take", "turn"):
                cursor.execute(f"DROP TRIGGER registry_search_{name}")
            cursor.execute("DROP TABLE registry_search")


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial")]
    operations = [migrations.RunPython(make, drop)]
