"""What lies in the tablet's own stores while it works: no photo, and nothing in which a name can be read."""

import base64
import json
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, UnidentifiedImageError
from playwright.sync_api import Page, expect

from fangxian.accounts.roles import Role
from fangxian.gates.actions import photos
from fangxian.gates.models import Check
from fangxian.places.actions import NewPlace, add
from fangxian.places.models import Place, PlaceKind
from fangxian.shared import clock
from tests.journeys.test_gate_tablet import Office, a_tablet, answer, begin_work, scan, signing_key
from tests.support import ground as g
from tests.support.gates import employee_pass
from tests.support.pictures import portrait

pytestmark = pytest.mark.django_db(transaction=True)

EVERYTHING = """async () => {
  const found = [];
  const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const walk = async (where, value) => {
    if (value === null || value === undefined) return;
    if (value instanceof CryptoKey) return found.push([where, value.extractable ? "open key" : "key", ""]);
    if (value instanceof Blob) value = await value.arrayBuffer();
    if (value instanceof ArrayBuffer) value = new Uint8Array(value);
    if (ArrayBuffer.isView(value))
      return found.push([where, "bytes", base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))]);
    if (value instanceof ImageBitmap || value instanceof ImageData) return found.push([where, "picture", ""]);
    if (typeof value !== "object") return found.push([where, "text", base64(new TextEncoder().encode(String(value)))]);
    const parts = value instanceof Map || value instanceof Set ? [...value.entries()] : Object.entries(value);
    for (const [name, part] of parts) {
      await walk(`${where}.name`, name);
      await walk(`${where}.${String(name)}`, part);
    }
  };
  const told = (asked) => new Promise((done, fail) => {
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
  for (const { name } of await indexedDB.databases()) {
    const db = await told(indexedDB.open(name));
    for (const store of db.objectStoreNames) {
      const at = `${name}/${store}`;
      await walk(`${at} keys`, await told(db.transaction(store).objectStore(store).getAllKeys()));
      await walk(at, await told(db.transaction(store).objectStore(store).getAll()));
    }
    db.close();
  }
  for (const kept of [localStorage, sessionStorage]) await walk("storage", { ...kept });
  return found;
}"""

PLAIN = """async ([name, picture]) => {
  const asked = indexedDB.open("fangxian-gate");
  const db = await new Promise((done) => { asked.onsuccess = () => done(asked.result); });
  const bytes = Uint8Array.from(atob(picture), (char) => char.charCodeAt(0));
  const tx = db.transaction("boxes", "readwrite");
  tx.objectStore("boxes").put({ who: { name } }, "a name");
  tx.objectStore("boxes").put(new Uint8Array(new TextEncoder().encode(name)), "a name in bytes");
  tx.objectStore("boxes").put(new Blob([bytes]), "a photo");
  await new Promise((done) => { tx.oncomplete = done; });
  db.close();
}"""

Kept = list[tuple[str, str, bytes]]


def everything(page: Page) -> Kept:
    rows: list[list[Any]] = page.evaluate(EVERYTHING)
    return [(where, what, base64.b64decode(content)) for where, what, content in rows]


def pictures(kept: Kept) -> list[str]:
    """Where something lies that opens as a picture, or is one of the browser's own."""
    found = []
    for where, what, content in kept:
        if what == "picture":
            found.append(where)
        elif what == "bytes":
            try:
                Image.open(BytesIO(content))
            except UnidentifiedImageError:
                continue
            found.append(where)
    return found


def readable_in(kept: Kept, words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Each word and where it lies: as it is, as a script writes it in JSON or base64, or as the browser keeps text."""
    forms = {
        word: (
            word.encode(), word.encode("utf-16-le"), json.dumps(word)[1:-1].encode(),
            *(base64.b64encode(b"x" * shift + word.encode())[4 if shift else 0 : -4] for shift in range(3)),
        )
        for word in words
    }  # fmt: skip
    return [
        (word, where) for where, _what, content in kept for word, shapes in forms.items()
        if any(len(shape) > 3 and shape in content for shape in shapes)
    ]  # fmt: skip


def test_neither_a_photo_nor_a_plain_name_is_in_the_tablets_stores(tablet: Page, transactional_db: None) -> None:
    now = clock.now()
    compound = g.street_like(now - timedelta(hours=3)).compound
    gate = add(places=[NewPlace(PlaceKind.GATE, "大门", compound.id)], by="test", now=now)[0]
    g.staff("guard2", "钱守门", Role.GATE_GUARD, compound, now)
    signing_key(now)
    door = Place.objects.select_related("parent").filter(kind=PlaceKind.DWELLING).order_by("path")[0]
    assert door.parent is not None
    permit = employee_pass(compound, door, "欧阳李雷", now=now, company="银杏贸易有限公司")
    photos.set_photo(permit=permit, content=portrait(), name="face.jpg", by="test", now=now)
    office = Office(compound, gate, gate, [permit], a_tablet(gate), "")
    begin_work(tablet, office, "guard2", "钱守门")
    tablet.wait_for_function(
        "async () => (await import('/static/console/js/gate/shelf.js')).shelf.doors.length > 0"
    )  # fmt: skip

    # the photo stands on the screen at this moment
    scan(tablet, permit.token)
    expect(tablet.locator(".panel-who [data-face]")).to_have_attribute("data-face", "there")
    words = ("钱守门", "欧阳李雷", "银杏贸易", "孙邻居", office.token, permit.token, "顺丰速运")
    assert pictures(everything(tablet)) == []
    tablet.locator(".heat", has_text="36.5").click()
    answer(tablet, "no_declaration", "hold")
    tablet.locator("#answer .next").click()

    # what waits for the network: a check, and a parcel that somebody took for a neighbour
    tablet.context.set_offline(True)
    scan(tablet, permit.token)
    tablet.locator(".heat", has_text="36.5").click()
    answer(tablet, "no_declaration", "hold")
    tablet.locator("#answer .next").click()
    tablet.locator("#parcel").click()
    tablet.locator("#parcel-new").click()
    tablet.locator("#parcel-door").fill(f"{door.parent.name}{door.name}")
    tablet.locator(".tiles button", has_text=door.name).click()
    tablet.locator("#parcel-company").fill("顺丰速运")
    tablet.locator("#parcel-shelf").fill("B-1")
    tablet.locator("#parcel-keep").click()
    tablet.locator(".parcel").click()
    tablet.locator("#parcel-to").fill("孙邻居")
    tablet.locator("#compared-name").click()
    expect(tablet.locator(".parcel")).to_have_count(0)
    assert Check.objects.count() == 1

    kept = everything(tablet)
    stores = {where.split(".")[0].removesuffix(" keys") for where, _what, _content in kept}
    assert {f"fangxian-gate/{name}" for name in ("keys", "boxes", "guards", "queue", "errands")} <= stores
    assert pictures(kept) == []
    assert readable_in(kept, words) == []
    assert [where for where, what, _content in kept if what == "open key"] == []

    # and would it be found? The same, laid there in the open
    tablet.evaluate(PLAIN, ["欧阳李雷", base64.b64encode(portrait()).decode()])
    kept = everything(tablet)
    assert len(pictures(kept)) == 1
    assert len(readable_in(kept, words)) == 2
