// Sealing a finished record for the server's key: from then on this phone cannot read it either.
// The server's half is fangxian/shared/sealing.py; both say the same or nothing opens.

const utf8 = new TextEncoder();
const CURVE = { name: "ECDH", namedCurve: "P-256" };

export function toBase64(bytes) {
  let binary = "";
  for (const byte of new Uint8Array(bytes)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

export function fromBase64(value) {
  return Uint8Array.from(atob(value), (char) => char.charCodeAt(0));
}

// A UUID of version 7, made where the record is made: sending it again is harmless.
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let stamp = Date.now();
  for (let index = 5; index >= 0; index -= 1) {
    bytes[index] = stamp % 256;
    stamp = Math.floor(stamp / 256);
  }
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function joined(one, other) {
  const all = new Uint8Array(one.byteLength + other.byteLength);
  all.set(new Uint8Array(one), 0);
  all.set(new Uint8Array(other), one.byteLength);
  return all;
}

// `server`: { key, point } of the day pack. Returns what the queue keeps and the server takes.
export async function seal(server, packId, id, record) {
  const serverPoint = fromBase64(server.point);
  const serverKey = await crypto.subtle.importKey("raw", serverPoint, CURVE, false, []);
  const own = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const ownPoint = await crypto.subtle.exportKey("raw", own.publicKey);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: serverKey }, own.privateKey, 256);
  const material = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const key = await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: joined(ownPoint, serverPoint), info: utf8.encode("fangxian sealed record 1") },
    material,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt"],
  );
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const data = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce, additionalData: utf8.encode(`${packId}:${id}`) },
    key,
    utf8.encode(JSON.stringify(record)),
  );
  return {
    id,
    pack: packId,
    key: server.key,
    point: toBase64(ownPoint),
    nonce: toBase64(nonce),
    data: toBase64(data),
  };
}
