import { ADDRCONFIG, lookup } from 'node:dns';
import { isIPv6 } from 'node:net';

/** Looks up the addresses of a name, best first. `callback` is not called before this returns. */
export type LookUp = (
  name: string,
  callback: (error: NodeJS.ErrnoException | null, addresses: readonly string[]) => void,
) => void;

/** What is known of a name, or why nothing is. */
export type NameAnswer =
  | { readonly addresses: readonly string[]; readonly error?: undefined }
  | { readonly addresses?: undefined; readonly error: NodeJS.ErrnoException };

/** How long an answer is good, ms: what resolvers and providers commonly let an address of a gateway live at least. */
const freshMs = 30_000;
/** How long it serves while the name is looked up again, ms: who dials all the time waits for no look-up. */
const renewingMs = 60_000;
/** How long it serves while name servers do not answer, ms. */
const staleMs = 300_000;
/** Names that are remembered: more than there are providers. */
const maxNames = 4096;
const noSuchName = 'ENOTFOUND';

interface Known {
  addresses: readonly string[];
  readonly learntAtMs: number;
  /** It was asked for again, and nobody knew. */
  isUnanswered: boolean;
}

/**
 * The addresses of the names of exits. A name is looked up once for all who dial it: look-ups wait for each other on the few
 * threads that Node has for them, so one for each tunnel would have slow name servers hold up everybody.
 */
export class DnsCache {
  readonly #lookUp: LookUp;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  /** Who waits for the look-up of a name that is under way. */
  readonly #asking = new Map<string, ((answer: NameAnswer) => void)[]>();

  /** `now`: ms of a clock that never goes back. */
  constructor(lookUp: LookUp = lookUpBySystem, now: () => number = () => performance.now()) {
    this.#lookUp = lookUp;
    this.#now = now;
  }

  /** The addresses of a name, in the order in which they are to be tried; `undefined` where it has to be waited for. */
  known(name: string): readonly string[] | undefined {
    const known = this.#known.get(name);
    if (known === undefined) return undefined;
    const ageMs = this.#now() - known.learntAtMs;
    if (ageMs >= (known.isUnanswered ? staleMs : renewingMs)) return undefined;
    if (ageMs >= freshMs) this.#ask(name);
    return known.addresses;
  }

  /** Has `hear` told once, and not before this returns. Error: that of the look-up, when no answer of before serves either. */
  learn(name: string, hear: (answer: NameAnswer) => void): void {
    const waiting = this.#asking.get(name);
    if (waiting === undefined) this.#ask(name, hear);
    else waiting.push(hear);
  }

  /** Has an address of a name tried before its others, as long as the answer with it is good. */
  prefer(name: string, address: string): void {
    const known = this.#known.get(name);
    if (known === undefined || known.addresses[0] === address || !known.addresses.includes(address)) return;
    known.addresses = [address, ...known.addresses.filter((other) => other !== address)];
  }

  #ask(name: string, ...hear: ((answer: NameAnswer) => void)[]): void {
    if (this.#asking.has(name)) return;
    this.#asking.set(name, hear);
    this.#lookUp(name, (fault, addresses) => {
      const waiting = this.#asking.get(name) ?? [];
      this.#asking.delete(name);
      const error = fault ?? (addresses.length === 0 ? new Error(`${name} has no address`) : undefined);
      const answer = error === undefined ? this.#keep(name, addresses) : this.#unanswered(name, error);
      for (const listener of waiting) listener(answer);
    });
  }

  #keep(name: string, addresses: readonly string[]): NameAnswer {
    this.#known.delete(name);
    // The one that was learnt longest ago makes room.
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= maxNames) this.#known.delete(oldest);
    this.#known.set(name, { addresses, learntAtMs: this.#now(), isUnanswered: false });
    return { addresses };
  }

  /** A name that there is not any more is forgotten; one of which nobody knows now may be as it was. */
  #unanswered(name: string, error: NodeJS.ErrnoException): NameAnswer {
    if (error.code === noSuchName) this.#known.delete(name);
    const known = this.#known.get(name);
    if (known === undefined || this.#now() - known.learntAtMs >= staleMs) return { error };
    known.isUnanswered = true;
    return { addresses: known.addresses };
  }
}

/** As the system looks names up, its hosts file included; no addresses of a family that this host has none of. */
function lookUpBySystem(name: string, callback: Parameters<LookUp>[1]): void {
  lookup(name, { all: true, order: 'verbatim', hints: ADDRCONFIG }, (error, found) => {
    callback(error, error === null ? inTurns(found.map(({ address }) => address)) : []);
  });
}

/** The families in turns, beginning with that of the first, so that one that leads nowhere costs one attempt. Source: RFC 8305 section 4. */
export function inTurns(addresses: readonly string[]): readonly string[] {
  const first = addresses.filter((address) => isIPv6(address) === isIPv6(addresses[0] ?? ''));
  const second = addresses.filter((address) => !first.includes(address));
  return first
    .flatMap((address, index) => [address, ...second.slice(index, index + 1)])
    .concat(second.slice(first.length));
}
