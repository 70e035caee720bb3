// Makes src/Tenon.Server/Auth/SignIn/common-passwords.bloom, the list of passwords that nobody may choose, as a Bloom filter:
//   npm install --prefix eng/passwords && node eng/passwords/make.mjs
// Deterministic: the same lists give the same bytes. What is in it: the common passwords that zxcvbn-ts ranks (from six
// characters on), and words and names of at least eight, for a dictionary word alone is tried before anything else.
// All of it is under the MIT licence (common-passwords.LICENSE.txt beside the filter); commonWords.json is not, and stays out.
// Format, little-endian: "TPW1", u32 number of hashes k, u32 number of entries, u32 reserved, u64 number of bits m, the bits.
// Bit i of an entry: (a + i * b) mod m, a and b the first two u64 (b odd) of the SHA-256 of the entry in lower case.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const lists = join(here, "node_modules", "@zxcvbn-ts");
const sources = [
  ["language-common/src/passwords.json", 6],
  ["language-en/src/wikipedia.json", 8],
  ["language-en/src/firstnames.json", 8],
  ["language-en/src/lastnames.json", 8],
];
const bitsPerEntry = 24n;
const hashes = 16;

const entries = new Set();
for (const [file, shortest] of sources) {
  let taken = 0;
  for (const text of JSON.parse(readFileSync(join(lists, file), "utf8"))) {
    const entry = String(text).trim().toLowerCase();
    if ([...entry].length >= shortest && !entries.has(entry)) {
      entries.add(entry);
      taken++;
    }
  }
  console.log(`${String(taken).padStart(7)} of ${file}`);
}

const bits = (BigInt(entries.size) * bitsPerEntry + 63n) / 64n * 64n;
const filter = Buffer.alloc(Number(bits / 8n));
for (const entry of entries) {
  const digest = createHash("sha256").update(entry, "utf8").digest();
  const a = digest.readBigUInt64LE(0);
  const b = digest.readBigUInt64LE(8) | 1n;
  for (let i = 0n; i < BigInt(hashes); i++) {
    const bit = Number(BigInt.asUintN(64, a + i * b) % bits);
    filter[bit >> 3] |= 1 << (bit & 7);
  }
}

const head = Buffer.alloc(24);
head.write("TPW1", 0, "ascii");
head.writeUInt32LE(hashes, 4);
head.writeUInt32LE(entries.size, 8);
head.writeBigUInt64LE(bits, 16);
const target = join(here, "../../src/Tenon.Server/Auth/SignIn/common-passwords.bloom");
writeFileSync(target, Buffer.concat([head, filter]));
console.log(`${entries.size} entries, ${head.length + filter.length} bytes, SHA-256 ${createHash("sha256").update(head).update(filter).digest("hex")}`);
