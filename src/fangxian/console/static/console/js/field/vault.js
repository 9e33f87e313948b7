// The day pack's lock: a key that is made from the PIN, cannot be taken out, and lives only while this page is unlocked.

export const ITERATIONS = 650_000;
export const LEAST_PIN = 6;

const utf8 = new TextEncoder();
const text = new TextDecoder();

export function isWeakPin(pin) {
  if (pin.length < LEAST_PIN || new Set(pin).size < 3) return true;
  const steps = [...pin].slice(1).map((char, index) => char.charCodeAt(0) - pin.charCodeAt(index));
  return steps.every((step) => step === 1) || steps.every((step) => step === -1);
}

export function newSalt() {
  return crypto.getRandomValues(new Uint8Array(16));
}

export async function keyFromPin(pin, salt, iterations) {
  const material = await crypto.subtle.importKey("raw", utf8.encode(pin), "PBKDF2", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "PBKDF2", hash: "SHA-256", salt, iterations },
    material,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

// `what` is bound into the box, so that one box cannot be put in the place of another.
export async function shut(key, what, value) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = utf8.encode(JSON.stringify(value));
  const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8.encode(what) }, key, plain);
  return { iv, data };
}

// Throws when the key is not the one that shut it: a wrong PIN.
export async function open(key, what, box) {
  const plain = await crypto.subtle.decrypt(
    { name: "AES-GCM", iv: box.iv, additionalData: utf8.encode(what) },
    key,
    box.data,
  );
  return JSON.parse(text.decode(plain));
}
