"""What lists of public areas may call a type: its key, or its title in any language of the playbook in force."""

from collections.abc import Mapping
from datetime import datetime

from fangxian.hygiene.plan import plan_at


def area_type_words(now: datetime) -> Mapping[str, str]:
    words: dict[str, str] = {}
    for kind in plan_at(now).section.area_types:
        titles = (kind.title.zh, kind.title.en, kind.title.ja, kind.title.ko)
        words |= {title: kind.key for title in titles if title}
        words[kind.key] = kind.key
    return words
