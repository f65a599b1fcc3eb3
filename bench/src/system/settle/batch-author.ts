import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { EnrolledGateway } from '@marvel/shared/api/operator';
import { headDigest, headOf, sealReceipt } from '@marvel/shared/receipt/receipt';
import {
  contentDigest,
  importSigningKey,
  signDetached,
  signatureHeader,
  type SigningKey,
} from '@marvel/shared/signature';
import { maxBatchRecords, type UsageBatch, type UsageRecord } from '@marvel/shared/usage-batch';
import { type Api, describeApiFailure } from '@marvel/dev-stack/provision/api';
import type { Usable } from './usage-world.ts';

/** Budgets that a batch asks to have topped up: what a busy gateway runs low on in a second. */
const leaseLines = 20;
const wantedBytes = 4 * 1024 * 1024;
const maxBytesPerRecord = 1_000_000;
const secretBytes = 32;

/** A batch ready to be posted: signing it costs the gateway, and is not what is measured. */
export interface SignedBatch {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

/** A gateway as far as the edge can see one that posts its usage. */
export class BatchAuthor {
  readonly id: string;
  readonly #token: string;
  readonly #signer: SigningKey;
  readonly #boot = randomBytes(16).toString('hex');
  #seq = 0;
  #previous: string | null = null;

  private constructor(id: string, token: string, signer: SigningKey) {
    this.id = id;
    this.#token = token;
    this.#signer = signer;
  }

  /** Enrols one through the operator's route. Errors: throws with what the API answered. */
  static async enrol(api: Api, operatorToken: string, name: string): Promise<BatchAuthor> {
    const pair = generateKeyPairSync('ed25519');
    const enrolled = await api.call({
      method: 'POST',
      path: '/v1/operator/gateways',
      token: operatorToken,
      body: { name, public_key: pair.publicKey.export({ format: 'jwk' }) },
      reply: EnrolledGateway,
    });
    if (!enrolled.ok) throw new Error(describeApiFailure(enrolled.error));
    const { id, token } = enrolled.value;
    const signer = await importSigningKey({ ...pair.privateKey.export({ format: 'jwk' }), kid: id });
    return new BatchAuthor(id, token, signer);
  }

  /** As it stands in the header. */
  get authorization(): string {
    return `Bearer ${this.#token}`;
  }

  /** The next batch: the most records there can be, each of another use, and the lines of a busy gateway. */
  async next(usables: readonly Usable[], closedAt: Date, open: UsageBatch['open'] = []): Promise<SignedBatch> {
    const used = pickDistinct(usables, maxBatchRecords);
    this.#seq += 1;
    const unsigned = {
      gateway: this.id,
      boot: this.#boot,
      seq: this.#seq,
      previous: this.#previous,
      opened_at: closedAt.toISOString(),
      closed_at: closedAt.toISOString(),
      records: used.map(toRecord),
      leases: [...new Set(used.map(({ account }) => account))]
        .slice(0, leaseLines)
        .map((budget) => ({ budget, wanted: wantedBytes, returned: 0 })),
      open,
      pins: [],
      exits: [],
    };
    const secret = randomBytes(secretBytes).toString('base64url');
    const batch: UsageBatch = { ...unsigned, receipt: await sealReceipt(unsigned, secret, this.#signer) };
    const body = new TextEncoder().encode(JSON.stringify(batch));
    this.#previous = headDigest(headOf(batch));
    const headers = {
      authorization: this.authorization,
      'content-type': 'application/json',
      'content-digest': await contentDigest(body),
      [signatureHeader]: await signDetached(body, 'marvel-usage-batch', this.#signer),
    };
    return { body, headers };
  }
}

/** `count` different ones at random; all of them if there are fewer. */
export function pickDistinct<T>(from: readonly T[], count: number): readonly T[] {
  const places = new Set<number>();
  while (places.size < Math.min(count, from.length)) places.add(Math.floor(Math.random() * from.length));
  return [...places].flatMap((place) => from[place] ?? []);
}

function toRecord({ account, credential, exit, country, network }: Usable): UsageRecord {
  return {
    account,
    credential,
    exit,
    country,
    network,
    dialect: 'marvel',
    bytes_up: 1 + Math.floor(Math.random() * maxBytesPerRecord),
    bytes_down: 1 + Math.floor(Math.random() * maxBytesPerRecord),
    connections: 3,
    refused: {},
  };
}
