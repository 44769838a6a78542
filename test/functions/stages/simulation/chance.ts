/** A number in [0, 1) that depends on the seed and the name alone (FNV-1a, then murmur3's finish). */
const fraction = (seed: number, name: string): number => {
  let hash = 2_166_136_261 ^ seed;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 16_777_619);
  hash = Math.imul(hash ^ (hash >>> 16), 2_246_822_507);
  hash = Math.imul(hash ^ (hash >>> 13), 3_266_489_909);
  return ((hash ^ (hash >>> 16)) >>> 0) / 4_294_967_296;
};

/**
 * Everything that is left to chance in one history. Each decision hangs on its own name and on nothing that was decided before, so that a
 * history from which one misfortune was taken is otherwise the same: that is what lets a failing history be made smaller.
 */
export class Chance {
  /** What went wrong, in the order in which it did. */
  readonly struck = new Set<string>();
  private readonly seed: number;
  private readonly spared: ReadonlySet<string>;

  constructor(seed: number, spared: ReadonlySet<string> = new Set()) {
    this.seed = seed;
    this.spared = spared;
  }

  get misfortunes(): string[] {
    return [...this.struck];
  }

  /** A number in [0, 1). */
  at(name: string): number {
    return fraction(this.seed, name);
  }

  between(low: number, high: number, name: string): number {
    return low + this.at(name) * (high - low);
  }

  pick<T>(options: readonly T[], name: string): T {
    const option = options[Math.floor(this.at(name) * options.length)];
    if (option === undefined) throw new Error(`nothing to pick from for ${name}`);
    return option;
  }

  /** Whether the misfortune of this name happens. */
  strikes(name: string, probability: number): boolean {
    if (probability <= 0 || this.at(name) >= probability || this.spared.has(name)) return false;
    this.struck.add(name);
    return true;
  }

  /** The misfortune that happens, if one does. */
  misfortune<T extends string>(of: string, kinds: readonly T[], probability: number): T | undefined {
    if (probability <= 0 || this.at(of) >= probability) return undefined;
    const kind = this.pick(kinds, `${of}?`);
    const name = `${of}: ${kind}`;
    if (this.spared.has(name)) return undefined;
    this.struck.add(name);
    return kind;
  }
}
