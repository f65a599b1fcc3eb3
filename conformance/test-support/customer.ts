import { setTimeout as pause } from 'node:timers/promises';
import type { StackInfo } from '@marvel/dev-stack/stack-info';

const pollIntervalMs = 50;

/** One account on a stack, seen through the public API only. */
export class Customer {
  readonly #api: string;
  readonly accountId: string;
  readonly token: string;

  private constructor(api: string, accountId: string, token: string) {
    this.#api = api;
    this.accountId = accountId;
    this.token = token;
  }

  /** Signs up with an address of its own. */
  static async signUp(info: StackInfo): Promise<Customer> {
    const email = `customer-${crypto.randomUUID()}@example.com`;
    const response = await fetch(`${info.api}/v1/accounts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: 'correct horse battery' }),
    });
    const body = await readJson(response);
    return new Customer(info.api, String(body['account_id']), String(body['token']));
  }

  /** Signs up, and is given `bytes` by the operator. */
  static async withBytes(info: StackInfo, bytes: number): Promise<Customer> {
    const customer = await Customer.signUp(info);
    await customer.adjust(info, bytes);
    return customer;
  }

  /** The operator adds (or takes) bytes, with a reason. */
  async adjust(info: StackInfo, bytes: number): Promise<void> {
    const response = await fetch(`${info.api}/v1/operator/accounts/${this.accountId}/adjust`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${info.operator_token}`,
        'content-type': 'application/json',
        'idempotency-key': crypto.randomUUID(),
      },
      body: JSON.stringify({ bytes, reason: 'conformance' }),
    });
    if (!response.ok) throw new Error(`adjust: ${response.status} ${await response.text()}`);
  }

  /** Calls a route as this account. */
  call(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.#api}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async makeKey(): Promise<{ readonly id: string; readonly key: string }> {
    const body = await readJson(await this.call('POST', '/v1/keys', { label: 'conformance' }));
    return { id: String(body['id']), key: String(body['key']) };
  }

  async balanceBytes(): Promise<number> {
    return Number((await readJson(await this.call('GET', '/v1/usage')))['balance_bytes']);
  }

  /** Waits until the balance is `expected`, and gives the last one seen: polls, since batches are posted each second. */
  async balanceSettledAt(expected: number, withinMs = 10_000): Promise<number> {
    const deadline = performance.now() + withinMs;
    let balance = await this.balanceBytes();
    while (balance !== expected && performance.now() < deadline) {
      await pause(pollIntervalMs);
      balance = await this.balanceBytes();
    }
    return balance;
  }
}

/** The JSON object of a successful answer. Errors: throws with status and body otherwise. */
export async function readJson(response: Response): Promise<Record<string, unknown>> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new TypeError(`not an object: ${text}`);
  return Object.fromEntries(Object.entries(value));
}

/** Polls until a condition holds. Errors: throws with `what` after `withinMs`. */
export async function eventually<T>(
  what: string,
  attempt: () => Promise<T | undefined>,
  withinMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    const result = await attempt();
    if (result !== undefined) return result;
    await pause(pollIntervalMs);
  }
  throw new Error(`not within ${withinMs} ms: ${what}`);
}
