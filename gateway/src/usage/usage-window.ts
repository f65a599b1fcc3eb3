import type { FailureCode } from '@marvel/shared/failures';
import { maxBatchRecords, type PinLine, type UsageBatch, type UsageRecord } from '@marvel/shared/usage-batch';
import type { Spending } from '../spender.ts';
import type { Budget } from './budget.ts';
import { SourceLog } from './source-log.ts';

/** What a batch says besides its leases and its name. */
export type WindowLines = Pick<UsageBatch, 'records' | 'open' | 'pins' | 'exits' | 'sources'>;

/** The most headings held: above it refusals are no longer told apart, and admission waits. */
export const maxHeadings = 200_000;

/** The most pins and exits kept for the next batches; beyond it the oldest are dropped, which costs statistics only. */
const maxKeptLines = 10_000;

/** What is counted under one heading since it was last reported. Tunnels with the same heading share it. */
export interface Heading {
  readonly name: string;
  readonly record: Omit<UsageRecord, 'bytes_up' | 'bytes_down' | 'connections' | 'refused'>;
  readonly budgets: readonly Budget[];
  /** Spenders that hold it. */
  uses: number;
  bytesUp: number;
  bytesDown: number;
  connections: number;
  refused: Partial<Record<FailureCode, number>> | undefined;
}

/**
 * What was spent, refused, dialled and pinned and is in no batch yet. Counting costs O(1) and makes nothing; a heading is
 * reported when something was counted under it.
 */
export class UsageWindow {
  readonly #headings = new Map<string, Heading>();
  readonly #counted = new Set<Heading>();
  readonly #openByCredential = new Map<string, number>();
  readonly #exits = new Map<string, { dials: number; failures: number; latency_ms: number }>();
  readonly #pins = new Map<string, PinLine>();
  readonly #sources = new SourceLog();
  #unsentBytes = 0;
  #droppedLines = 0;

  get isEmpty(): boolean {
    return this.#counted.size === 0 && this.#exits.size === 0 && this.#pins.size === 0 && this.#sources.isEmpty;
  }

  /** Whether what is counted does not fit one more batch. */
  get hasFullBatch(): boolean {
    return this.#counted.size >= maxBatchRecords;
  }

  get isFull(): boolean {
    return this.#headings.size >= maxHeadings;
  }

  /** Billable bytes counted and in no batch yet. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /** Refusals, pins and exit lines that found no room, since the start. */
  get droppedLines(): number {
    return this.#droppedLines;
  }

  /** Opens a tunnel's heading; `release` ends its use. */
  hold(spending: Spending, budgets: readonly Budget[]): Heading {
    const { credential } = spending;
    const heading = this.#heading(spending, budgets);
    heading.uses += 1;
    this.#openByCredential.set(credential, (this.#openByCredential.get(credential) ?? 0) + 1);
    return heading;
  }

  /** Opens a heading that was held before once more; gives false if it was forgotten since. */
  holdAgain(heading: Heading): boolean {
    if (this.#headings.get(heading.name) !== heading) return false;
    const { credential } = heading.record;
    // oxlint-disable-next-line no-param-reassign -- a heading is its counters
    heading.uses += 1;
    this.#openByCredential.set(credential, (this.#openByCredential.get(credential) ?? 0) + 1);
    return true;
  }

  count(heading: Heading, bytesUp: number, bytesDown: number): void {
    /* oxlint-disable no-param-reassign -- a heading is its counters */
    heading.bytesUp += bytesUp;
    heading.bytesDown += bytesDown;
    /* oxlint-enable no-param-reassign */
    this.#unsentBytes += bytesUp + bytesDown;
    this.#counted.add(heading);
  }

  /** `connections`: how many of them this use was. */
  release(heading: Heading, connections: 0 | 1): void {
    /* oxlint-disable no-param-reassign -- a heading is its counters */
    heading.uses -= 1;
    heading.connections += connections;
    /* oxlint-enable no-param-reassign */
    if (connections > 0) this.#counted.add(heading);
    else if (heading.uses === 0 && !this.#counted.has(heading)) this.#headings.delete(heading.name);
    const { credential } = heading.record;
    const open = (this.#openByCredential.get(credential) ?? 0) - 1;
    if (open > 0) this.#openByCredential.set(credential, open);
    else this.#openByCredential.delete(credential);
  }

  countRefusal(principal: Pick<Spending, 'account' | 'credential' | 'dialect'>, code: FailureCode): void {
    if (this.isFull) {
      this.#droppedLines += 1;
      return;
    }
    const { account, credential, dialect } = principal;
    const heading = this.#heading({ account, credential, exit: null, country: null, network: null, dialect }, []);
    heading.refused ??= {};
    heading.refused[code] = (heading.refused[code] ?? 0) + 1;
    this.#counted.add(heading);
  }

  countDial(exit: string, succeeded: boolean, latencyMs: number): void {
    const line = this.#exits.get(exit) ?? { dials: 0, failures: 0, latency_ms: 0 };
    line.dials += 1;
    if (succeeded) line.latency_ms += Math.max(0, Math.round(latencyMs));
    else line.failures += 1;
    this.#keep(this.#exits, exit, line);
  }

  notePin(pin: PinLine): void {
    this.#keep(this.#pins, `${pin.account} ${pin.session}`, pin);
  }

  noteSource(credential: string, clientIp: string): void {
    this.#sources.note(credential, clientIp);
  }

  /** Takes out what goes into one batch. What is drawn counts as recorded for the leases: it is reported from now on. */
  draw(): WindowLines {
    const records: UsageRecord[] = [];
    for (const heading of this.#counted) {
      if (records.length === maxBatchRecords) break;
      this.#counted.delete(heading);
      records.push(this.#drawHeading(heading));
    }
    const sources = this.#sources.draw();
    return {
      records,
      open: this.#openLines(),
      pins: drawLines(this.#pins, ([, pin]) => pin),
      exits: this.#drawExits(),
      ...(sources.length === 0 ? {} : { sources }),
    };
  }

  #heading(under: Heading['record'], budgets: readonly Budget[]): Heading {
    const { account, credential, exit, country, network, dialect } = under;
    let name = `${account} ${credential} ${exit} ${country} ${network} ${dialect}`;
    for (const budget of budgets) name += ` ${budget.id}`;
    const known = this.#headings.get(name);
    if (known !== undefined) return known;
    const record = { account, credential, exit, country, network, dialect };
    const counters = { uses: 0, bytesUp: 0, bytesDown: 0, connections: 0, refused: undefined };
    const heading: Heading = { name, record, budgets, ...counters };
    this.#headings.set(name, heading);
    return heading;
  }

  #drawHeading(heading: Heading): UsageRecord {
    const { bytesUp, bytesDown, connections, refused } = heading;
    this.#unsentBytes -= bytesUp + bytesDown;
    for (const budget of heading.budgets) budget.lease.record(bytesUp + bytesDown);
    Object.assign(heading, { bytesUp: 0, bytesDown: 0, connections: 0, refused: undefined });
    if (heading.uses === 0) this.#headings.delete(heading.name);
    return { ...heading.record, bytes_up: bytesUp, bytes_down: bytesDown, connections, refused: { ...refused } };
  }

  #openLines(): UsageBatch['open'] {
    const lines: UsageBatch['open'] = [];
    for (const [credential, tunnels] of this.#openByCredential) {
      if (lines.length === maxBatchRecords) break;
      lines.push({ credential, tunnels });
    }
    return lines;
  }

  #drawExits(): UsageBatch['exits'] {
    return drawLines(this.#exits, ([id, line]) => ({ id, ...line }));
  }

  #keep<Line>(kept: Map<string, Line>, key: string, line: Line): void {
    kept.set(key, line);
    if (kept.size <= maxKeptLines) return;
    const [oldest] = kept.keys();
    if (oldest !== undefined) kept.delete(oldest);
    this.#droppedLines += 1;
  }
}

function drawLines<Kept, Line>(kept: Map<string, Kept>, line: (entry: [string, Kept]) => Line): Line[] {
  const lines: Line[] = [];
  for (const entry of kept) {
    if (lines.length === maxBatchRecords) break;
    kept.delete(entry[0]);
    lines.push(line(entry));
  }
  return lines;
}
