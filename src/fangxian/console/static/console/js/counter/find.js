// What a counter knows of a number that somebody shows, from its list alone. Nothing here draws or sends.

const DASHES = /[\u2010-\u2015\u2212\uFF0D\uFF3F_]/g;
const VOUCHER = /^R(\d{1,4})-?(.{1,24}?)-?(\d{4,6})$/i;
const PART = /^(.*?)-?(\d{1,6})$/;
const RANK = { called: 0, collected: 1, lapsed: 2 };
const KEY_CHARS = 24;

const squeezed = (text) => text.normalize("NFKC").replaceAll(/\s+/g, "").replaceAll(DASHES, "-");
const same = (one, other) => one.toLowerCase() === other.toLowerCase();

function readVoucher(text) {
  const found = VOUCHER.exec(squeezed(text));
  return found ? { number: Number(found[1]), short: found[2].replaceAll(/^-+|-+$/g, ""), seq: Number(found[3]) } : null;
}

const written = ({ number, short, seq }) => `R${number}-${short}-${String(seq).padStart(4, "0")}`;

async function keyOf(secret) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, KEY_CHARS);
}

// { code, voucher, lines, ... }: `code` is ok, early, elsewhere (`where`), double (`where`, `us`), lapsed, not_called,
// unknown or wrong_code; or { choices }: numbers of which one is meant. `done`: what this device handed out, by call.
export async function lookUp(list, text, nowUs, done) {
  const [front, secret = ""] = text.split("#", 2);
  const read = readVoucher(front);
  const voucher = read ? written(read) : "";
  if (secret.trim()) {
    const key = await keyOf(secret.trim());
    const mine = list.lines.filter((line) => line.key === key);
    // a scanner that types cannot write Chinese: then the secret alone says whose number it is
    if (mine.length && (!read || same(mine[0].voucher, voucher))) return judge(mine, nowUs, done);
    if (mine.length || list.lines.some((line) => same(line.voucher, voucher))) return { code: "wrong_code", voucher, lines: [] };
    return missing(list, read, voucher);
  }
  if (read) {
    const mine = list.lines.filter((line) => same(line.voucher, voucher));
    return mine.length ? judge(mine, nowUs, done) : missing(list, read, voucher);
  }
  return byPart(list, front, nowUs, done);
}

function missing(list, read, voucher) {
  const known = read && read.number === list.number && list.shorts.some((short) => same(short, read.short));
  return { code: known ? "not_called" : "unknown", voucher, lines: [] };
}

// The last digits do, with or without the committee before them: 137, 虹储137.
function byPart(list, front, nowUs, done) {
  const part = PART.exec(squeezed(front));
  if (!part) return { code: "unknown", voucher: front.trim(), lines: [] };
  const [, short, seq] = part;
  const ends = (line) => {
    const read = readVoucher(line.voucher);
    return read.seq === Number(seq) && read.short.toLowerCase().startsWith(short.toLowerCase());
  };
  const found = list.lines.filter(ends);
  const here = found.filter((line) => !line.elsewhere);
  const vouchers = [...new Set((here.length ? here : found).map((line) => line.voucher))];
  if (!vouchers.length) {
    const committees = short ? list.shorts.filter((one) => one.toLowerCase().startsWith(short.toLowerCase())) : list.shorts;
    return committees.length ? { code: "not_called", voucher: front.trim(), lines: [] } : { code: "unknown", voucher: front.trim(), lines: [] };
  }
  if (vouchers.length > 1) return { choices: vouchers };
  return judge(found.filter((line) => line.voucher === vouchers[0]), nowUs, done);
}

// Of each kind the line that holds: called before collected before lapsed, of several the latest.
function standing(lines) {
  const best = new Map();
  for (const line of lines) {
    const other = best.get(line.variant);
    if (!other || RANK[line.status] <= RANK[other.status]) best.set(line.variant, line);
  }
  return [...best.values()];
}

function judge(lines, nowUs, done) {
  const held = standing(lines);
  const { voucher } = held[0];
  const open = held.filter((line) => line.status === "called" && !done[line.call] && nowUs < line.deadline_us);
  const here = open.filter((line) => !line.elsewhere);
  if (here.length) return { code: here.every((line) => nowUs < line.slot_from_us) ? "early" : "ok", voucher, lines: here };
  if (open.length) return { code: "elsewhere", voucher, lines: [], where: open[0].elsewhere, from: open[0].slot_from_us, until: open[0].slot_until_us };
  const given = held.find((line) => done[line.call] || line.status === "collected");
  if (given) return { code: "double", voucher, lines: [], where: given.elsewhere, us: done[given.call]?.us ?? given.collected_us };
  return { code: "lapsed", voucher, lines: [], us: held[0].deadline_us };
}
