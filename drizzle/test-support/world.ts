import { createHash, randomBytes } from 'node:crypto';
import { leaseHoldMs, leaseTtlMs } from '@marvel/shared/lease';
import type { Limits } from '@marvel/shared/limits';
import { type LeaseAnswer, UsageReply } from '@marvel/shared/usage-batch';
import * as v from 'valibot';
import type { Database } from './database.ts';

/** One record of a batch, as far as a test cares. */
export interface Use {
  readonly account: string;
  readonly credential: string;
  readonly exit?: string | null;
  readonly up?: number;
  readonly down?: number;
  readonly connections?: number;
  readonly refused?: Readonly<Record<string, number>>;
}

export interface Line {
  readonly budget: string;
  readonly wanted?: number;
  readonly returned?: number;
}

export interface BatchParts {
  readonly uses?: readonly Use[];
  readonly lines?: readonly Line[];
  readonly pins?: readonly Readonly<Record<string, unknown>>[];
  readonly exits?: readonly Readonly<Record<string, unknown>>[];
  readonly sources?: readonly { readonly credential: string; readonly source_ip: string }[];
  readonly previous?: string | null;
  readonly closedAt?: string;
}

export interface Settled {
  readonly outcome: 'settled' | 'repeat' | 'conflict' | 'revoked';
  readonly reply: string | null;
  /** The answers of the reply, by budget. */
  readonly answers: ReadonlyMap<string, LeaseAnswer>;
}

/** An id that no other test has. */
export function id(prefix: string): string {
  return `${prefix}_${randomBytes(10).toString('hex')}`;
}

export async function makeAccount(db: Database, bytes = 0): Promise<string> {
  const account = id('acc');
  await db.query('insert into account (id, email, password_hash) values ($1, $2, $3)', [
    account,
    `${account}@example.com`,
    'hash',
  ]);
  if (bytes !== 0) await db.query('select adjust_balance($1, $2, $3, $4)', [account, bytes, 'test', id('t')]);
  return account;
}

export async function makeKey(
  db: Database,
  account: string,
  limits: Limits = {},
  mode: 'live' | 'test' = 'live',
): Promise<string> {
  const key = id('key');
  await db.query(
    `insert into api_key (id, account_id, digest, prefix, label, mode, limits) values ($1, $2, $3, 'mk_live_1234', '', $4, $5)`,
    [key, account, randomBytes(32).toString('base64url'), mode, JSON.stringify(limits)],
  );
  return key;
}

export async function makeExit(db: Database, country = 'US'): Promise<string> {
  const exit = id('ext');
  const host = `${exit.replace('_', '-')}.example`;
  await db.query(
    `insert into exit (id, network, country, asn, exit_ip, transport, purity, grade, seals, weight, evidence, expires_at)
     values ($1, 'residential', $2, 64500, '192.0.2.1', $3, 95, 'S', '["geo"]', 100, '{}', now() + interval '1 day')`,
    [exit, country, JSON.stringify({ type: 'agent', host, port: 9, tls: false, token: 'secret' })],
  );
  return exit;
}

/** An enrolled gateway that seals its batches one after the other. */
export class TestGateway {
  readonly id = id('gtw');
  readonly token = id('token');
  boot = randomBytes(16).toString('hex');
  seq = 0;
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  static async enrol(db: Database): Promise<TestGateway> {
    const gateway = new TestGateway(db);
    await db.query(`insert into gateway (id, name, token_digest, public_key) values ($1, 'test', $2, '{}')`, [
      gateway.id,
      gateway.token,
    ]);
    return gateway;
  }

  /** A new process in the place of the old one. */
  restart(): void {
    this.boot = randomBytes(16).toString('hex');
    this.seq = 0;
  }

  /** Settles the next batch. */
  async settle(parts: BatchParts): Promise<Settled> {
    this.seq += 1;
    return this.send(this.seq, parts);
  }

  /** Settles a batch of that number, of the present boot unless told otherwise. */
  async send(seq: number, parts: BatchParts, boot = this.boot): Promise<Settled> {
    const [text, values] = this.statement(seq, parts, boot);
    const row = await this.#db.one<{ outcome: Settled['outcome']; reply: string | null }>(text, values);
    const leases = row.reply === null ? [] : v.parse(UsageReply, JSON.parse(row.reply)).leases;
    return { ...row, answers: new Map(leases.map((answer) => [answer.budget, answer])) };
  }

  /** What settles a batch, for a transaction of one's own. */
  statement(seq: number, parts: BatchParts, boot = this.boot): [text: string, values: readonly unknown[]] {
    const body = JSON.stringify(toBody(this.id, boot, seq, parts));
    return [
      'select outcome, reply from settle_batch($1, $2, $3, $4, $5, $6, $7, $8, $9)',
      [this.id, boot, seq, digest(body), digest(`head of ${body}`), '', body, leaseTtlMs, leaseHoldMs],
    ];
  }

  /** What the edge holds for it of a budget. */
  async held(budget: string): Promise<number> {
    const rows = await this.#db.query<{ held_bytes: string }>(
      'select held_bytes from lease where gateway_id = $1 and budget_id = $2 and expires_at > now()',
      [this.id, budget],
    );
    return Number(rows[0]?.held_bytes ?? 0);
  }
}

export async function balance(db: Database, budget: string): Promise<number> {
  const row = await db.one<{ balance_bytes: string }>('select balance_bytes from budget where id = $1', [budget]);
  return Number(row.balance_bytes);
}

/** What does not add up in the ledger. */
export async function ledgerProblems(db: Database): Promise<readonly unknown[]> {
  return db.query('select * from ledger_check()');
}

/** What does not add up in ledger, payments and batches. */
export async function bookProblems(db: Database): Promise<readonly unknown[]> {
  return db.query('select * from books_check()');
}

/** The kinds of the anomalies of one source. */
export async function anomalies(db: Database, source: string): Promise<readonly string[]> {
  const rows = await db.query<{ kind: string }>('select kind from anomaly where source = $1 order by id', [source]);
  return rows.map((row) => row.kind);
}

function toBody(gateway: string, boot: string, seq: number, parts: BatchParts): object {
  const now = new Date().toISOString();
  return {
    gateway,
    boot,
    seq,
    previous: parts.previous ?? null,
    opened_at: parts.closedAt ?? now,
    closed_at: parts.closedAt ?? now,
    receipt: { secret: 's', root: 'r', signature: 'j' },
    records: (parts.uses ?? []).map(toRecord),
    leases: (parts.lines ?? []).map(({ budget, wanted = 0, returned = 0 }) => ({ budget, wanted, returned })),
    open: [],
    pins: parts.pins ?? [],
    exits: parts.exits ?? [],
    ...(parts.sources === undefined ? {} : { sources: parts.sources }),
  };
}

function toRecord({ account, credential, exit = null, up = 0, down = 0, connections = 1, refused = {} }: Use): object {
  const isRefusal = exit === null;
  return {
    account,
    credential,
    exit,
    country: isRefusal ? null : 'US',
    network: isRefusal ? null : 'residential',
    dialect: 'marvel',
    bytes_up: up,
    bytes_down: down,
    connections,
    refused,
  };
}

function digest(body: string): string {
  return createHash('sha256').update(body).digest('base64url');
}
