// Reads and verifies a pass: "FX1:", base45, COSE_Sign1 with ES256, claims in CBOR. The server's half is gates/tokens.py.

const PREFIX = "FX1:";
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const DIGITS = new Map([...ALPHABET].map((char, index) => [char, index]));
const KINDS = { R: "resident", E: "employee", V: "visitor", C: "courier", T: "vehicle" };
const MOST_CHARS = 1000;
const MOST_DEPTH = 8;
const [LAST_MINUTE, LAST_SECOND] = [2880, 253402300799];
const [ALG, KID, ES256] = [1, 4, -7];
const TAGGED = 0xd2; // tag 18, COSE_Sign1
const [EXP, NBF, ID] = [4, 5, 7];
const [KIND, PLACE, GATE, NAME, COMPANY, ZONE, SLOT, ONCE, ENTERPRISE] = [-65537, -65538, -65539, -65540, -65541, -65542, -65543, -65544, -65545];

const utf8 = new TextDecoder("utf-8", { fatal: true });

// `code` is one of gates/rules.py: unreadable, foreign_code, wrong_key, forged.
export class TokenError extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

function fromBase45(text) {
  const out = new Uint8Array(Math.floor(text.length / 3) * 2 + (text.length % 3 === 2 ? 1 : 0));
  if (text.length % 3 === 1) throw new TokenError("unreadable");
  let place = 0;
  for (let at = 0; at < text.length; at += 3) {
    const part = [...text.slice(at, at + 3)].map((char) => DIGITS.get(char));
    if (part.includes(undefined)) throw new TokenError("unreadable");
    const value = part[0] + part[1] * 45 + (part[2] ?? 0) * 2025;
    if (value > (part.length === 3 ? 0xffff : 0xff)) throw new TokenError("unreadable");
    if (part.length === 3) out[place++] = value >> 8;
    out[place++] = value & 0xff;
  }
  return out;
}

// The part of CBOR that a pass uses; anything else, and anything that ends early, is unreadable.
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  take(count) {
    if (count > this.bytes.length - this.at) throw new TokenError("unreadable");
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  size(info) {
    if (info < 24) return info;
    const width = { 24: 1, 25: 2, 26: 4, 27: 8 }[info];
    if (!width) throw new TokenError("unreadable");
    this.take(width);
    const at = this.at - width;
    if (width === 8) return Number(this.view.getBigUint64(at));
    return width === 1 ? this.view.getUint8(at) : width === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
  }

  value(depth = 0) {
    if (depth > MOST_DEPTH) throw new TokenError("unreadable");
    const [head] = this.take(1);
    const major = head >> 5;
    if (major === 7) {
      if (head === 0xf4 || head === 0xf5) return head === 0xf5;
      if (head === 0xf6) return null;
      throw new TokenError("unreadable");
    }
    const size = this.size(head & 31);
    if (major === 0) return size;
    if (major === 1) return -1 - size;
    if (major === 2) return this.take(size);
    if (major === 3) return utf8.decode(this.take(size));
    if (major === 6) throw new TokenError("unreadable");
    if (size > this.bytes.length) throw new TokenError("unreadable");
    if (major === 4) return Array.from({ length: size }, () => this.value(depth + 1));
    return new Map(Array.from({ length: size }, () => [this.value(depth + 1), this.value(depth + 1)]));
  }

  whole() {
    const value = this.value();
    if (this.at !== this.bytes.length) throw new TokenError("unreadable");
    return value;
  }
}

function head(major, size) {
  const top = major << 5;
  return size < 24 ? [top | size] : size < 256 ? [top | 24, size] : [top | 25, size >> 8, size & 255];
}

// What was signed: ["Signature1", protected, external (empty), payload].
function signedBytes(header, payload) {
  const context = new TextEncoder().encode("Signature1");
  return Uint8Array.from([0x84, ...head(3, context.length), ...context, ...head(2, header.length), ...header, 0x40, ...head(2, payload.length), ...payload]);
}

function hex(bytes) {
  if (!bytes) return "";
  if (!(bytes instanceof Uint8Array) || bytes.length !== 16) throw new TokenError("unreadable");
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function text(value = "") {
  if (typeof value !== "string") throw new TokenError("unreadable");
  return value;
}

function number(value, most) {
  if (!Number.isInteger(value) || value < 0 || value > most) throw new TokenError("unreadable");
  return value;
}

function slotOf(value) {
  if (value === undefined || value === null) return [null, null];
  if (!Array.isArray(value) || value.length !== 2) throw new TokenError("unreadable");
  return value.map((minute) => number(minute, LAST_MINUTE));
}

function flag(value) {
  if (value !== undefined && value !== null && typeof value !== "boolean") throw new TokenError("unreadable");
  return value === true;
}

function claimsOf(map) {
  const [slotFrom, slotUntil] = slotOf(map.get(SLOT));
  const claims = {
    id: hex(map.get(ID)), kind: KINDS[map.get(KIND)], place_id: hex(map.get(PLACE)), gate_id: hex(map.get(GATE)),
    enterprise_id: hex(map.get(ENTERPRISE)), name: text(map.get(NAME)), company: text(map.get(COMPANY)), zone: text(map.get(ZONE)),
    from_us: number(map.get(NBF), LAST_SECOND) * 1e6, until_us: number(map.get(EXP), LAST_SECOND) * 1e6,
    slot_from: slotFrom, slot_until: slotUntil,
    once: flag(map.get(ONCE)),
  };
  if (!claims.id || !claims.kind || !claims.place_id) throw new TokenError("unreadable");
  return claims;
}

// What a code says, before anything is believed. Throws TokenError.
export function read(text) {
  if (!text.startsWith(PREFIX)) throw new TokenError("foreign_code");
  if (text.length > MOST_CHARS) throw new TokenError("unreadable");
  try {
    const bytes = fromBase45(text.slice(PREFIX.length));
    if (bytes[0] !== TAGGED) throw new TokenError("unreadable");
    const parts = new Reader(bytes.subarray(1)).whole();
    if (!Array.isArray(parts) || parts.length !== 4) throw new TokenError("unreadable");
    const [header, , payload, signature] = parts;
    const named = new Reader(header).whole();
    if (named.get(ALG) !== ES256 || signature.length !== 64) throw new TokenError("unreadable");
    const kid = named.get(KID);
    if (!(kid instanceof Uint8Array) || kid.length !== 1) throw new TokenError("unreadable");
    return { kid: kid[0], claims: claimsOf(new Reader(payload).whole()), header, payload, signature };
  } catch {
    throw new TokenError("unreadable");
  }
}

// `keys`: a Map of key numbers to CryptoKeys. Returns the claims. Throws TokenError.
export async function verify(text, keys) {
  const { kid, claims, header, payload, signature } = read(text);
  const key = keys.get(kid);
  if (!key) throw new TokenError("wrong_key");
  const good = await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, signedBytes(header, payload));
  if (!good) throw new TokenError("forged");
  return claims;
}

// The keys of the bundle ({ kid, x, y }), ready to verify with.
export async function importKeys(rows) {
  const made = rows.map(async ({ kid, x, y }) => [
    kid,
    await crypto.subtle.importKey("jwk", { kty: "EC", crv: "P-256", x, y, ext: true }, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]),
  ]);
  return new Map(await Promise.all(made));
}
