// A small seeded generator (mulberry32), so that the made-up data is the same on every machine.
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** 0 <= x < 1 */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  int(low, high) {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(p) {
    return this.next() < p;
  }

  pick(list) {
    return list[Math.floor(this.next() * list.length)];
  }

  /** An item, by its `share`. */
  weighted(list) {
    let left = this.next() * list.reduce((sum, item) => sum + item.share, 0);
    for (const item of list) {
      left -= item.share;
      if (left < 0) return item;
    }
    return list.at(-1);
  }

  /** `count` different items, in random order. */
  sample(list, count) {
    const rest = [...list];
    const out = [];
    while (out.length < count && rest.length > 0) out.push(rest.splice(Math.floor(this.next() * rest.length), 1)[0]);
    return out;
  }

  /** A skill level from 1 to 5 that grows with the years. */
  level(years, spread) {
    const middle = 1.8 + Math.min(years, 12) * 0.22;
    return Math.max(1, Math.min(5, Math.round(middle + (this.next() - 0.5) * 2 * spread)));
  }

  uuid() {
    const hex = (n) => this.int(0, 16 ** n - 1).toString(16).padStart(n, '0');
    return `${hex(8)}-${hex(4)}-4${hex(3)}-${(8 + this.int(0, 3)).toString(16)}${hex(3)}-${hex(6)}${hex(6)}`;
  }
}
