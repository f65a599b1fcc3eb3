import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { randomBase62 } from '@marvel/shared/key-format';
import { err, ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';
import { writeFileAtomically } from './write-file-atomically.ts';

const Text = v.pipe(v.string(), v.minLength(1));
const PrivateJwk = v.strictObject({ kty: v.literal('OKP'), crv: v.literal('Ed25519'), x: Text, d: Text });
/** A private Ed25519 key as a JWK without `kid`. */
export type PrivateJwk = v.InferOutput<typeof PrivateJwk>;

const GatewaySecrets = v.strictObject({
  signing_key: PrivateJwk,
  /** What the edge gave at enrolment. */
  enrolled: v.nullable(v.strictObject({ id: Text, token: Text })),
});

/** What a stack must find again at its next start: everything that the database knows only as a digest, and ports that became part of a record. */
const Secrets = v.strictObject({
  credential_pepper: Text,
  feed_signing_key: PrivateJwk,
  operator_token: Text,
  stripe_secret_key: Text,
  stripe_webhook_secret: Text,
  /** The token that every exit agent of this stack asks for. */
  agent_token: Text,
  /** Where each exit listens, by its name: an exit that moves is another exit. */
  exit_ports: v.record(v.string(), v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))),
  /** By name. */
  gateways: v.record(v.string(), GatewaySecrets),
  demo: v.strictObject({
    email: Text,
    password: Text,
    /** `null` until it was made. */
    key: v.nullable(v.strictObject({ id: Text, key: Text })),
    /** Absent in the files of older stacks. */
    api_key: v.optional(v.nullable(v.strictObject({ id: Text, key: Text })), null),
    sub_user: v.strictObject({ username: Text, password: Text }),
  }),
});
export type Secrets = v.InferOutput<typeof Secrets>;

export interface UnreadableSecrets {
  readonly code: 'secrets_unreadable';
  readonly file: string;
}

/** The secrets of one stack; what is changed is kept at once. */
export interface SecretStore {
  readonly current: Secrets;
  /** Replaces members, and settles when the file holds them. */
  update(change: Partial<Secrets>): Promise<void>;
}

const tokenCharacters = 43;

function newToken(prefix: string): string {
  return `${prefix}${randomBase62(tokenCharacters, randomBytes)}`;
}

/** A fresh private key. */
export function newSigningKey(): PrivateJwk {
  return v.parse(PrivateJwk, generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }));
}

function newSecrets(): Secrets {
  return {
    credential_pepper: newToken(''),
    feed_signing_key: newSigningKey(),
    operator_token: newToken('op_'),
    stripe_secret_key: newToken('sk_test_'),
    stripe_webhook_secret: newToken('whsec_'),
    agent_token: newToken('agent_'),
    exit_ports: {},
    gateways: {},
    demo: {
      email: 'demo@example.com',
      password: newToken(''),
      key: null,
      api_key: null,
      sub_user: { username: 'demo', password: newToken('') },
    },
  };
}

/**
 * Opens the secrets in `file`, made fresh where there are none.
 *
 * Errors: `secrets_unreadable` when the file is there and is not one of ours; it is left alone.
 */
export async function openSecrets(file: string): Promise<Result<SecretStore, UnreadableSecrets>> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const parsed = text === undefined ? undefined : v.safeParse(v.pipe(v.string(), v.parseJson(), Secrets), text);
  if (parsed?.success === false) return err({ code: 'secrets_unreadable', file });
  let current = parsed?.output ?? newSecrets();
  let writing = Promise.resolve();

  async function update(change: Partial<Secrets>): Promise<void> {
    current = { ...current, ...change };
    const json = `${JSON.stringify(current, undefined, 2)}\n`;
    writing = writing.then(async () => writeFileAtomically(file, json)); // two at once would share the new file
    await writing;
  }

  if (parsed === undefined) await update({});
  return ok({
    get current() {
      return current;
    },
    update,
  });
}
