import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { EnrolledGateway } from '@marvel/shared/api/operator';
import { parseJson } from '@marvel/shared/parse-json';
import { sealReceipt } from '@marvel/shared/receipt/receipt';
import {
  contentDigest,
  importSigningKey,
  signatureHeader,
  signDetached,
  type SigningKey,
  verifyDetached,
} from '@marvel/shared/signature';
import { type UsageBatch, UsageReply } from '@marvel/shared/usage-batch';
import * as v from 'valibot';
import { expect } from 'vitest';
import type { Edge, Reply } from './edge.ts';

/** A gateway as the edge knows it: a token, and a key that signs its batches. */
export interface Gateway {
  readonly id: string;
  readonly token: string;
  readonly privateKey: KeyObject;
}

/** Enrols a gateway by the operator's route. */
export async function enrolGateway(edge: Edge): Promise<Gateway> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const reply = await edge.call('POST', '/v1/operator/gateways', {
    token: edge.operatorToken,
    body: { name: 'test', public_key: publicKey.export({ format: 'jwk' }) },
  });
  expect(reply.status).toBe(201);
  const { id, token } = v.parse(EnrolledGateway, reply.json);
  return { id, token, privateKey };
}

/** A batch with nothing in it but what is given, and the receipt for that. */
export async function makeBatch(gateway: Gateway, parts: Partial<UsageBatch> = {}): Promise<UsageBatch> {
  const now = new Date().toISOString();
  const unsigned = {
    gateway: gateway.id,
    boot: randomBytes(16).toString('hex'),
    seq: 1,
    previous: null,
    opened_at: now,
    closed_at: now,
    records: [],
    leases: [],
    open: [],
    pins: [],
    exits: [],
    ...parts,
  };
  const receipt = await sealReceipt(unsigned, randomBytes(32).toString('base64url'), await signerOf(gateway));
  return { ...unsigned, receipt, ...parts };
}

async function signerOf({ id, privateKey }: Gateway): Promise<SigningKey> {
  return importSigningKey({ ...privateKey.export({ format: 'jwk' }), kid: id });
}

/** Posts a body as a batch, signed by a gateway; by itself unless another is given. */
export async function postBatch(
  edge: Edge,
  gateway: Gateway,
  batch: unknown,
  signer: Gateway = gateway,
): Promise<Reply> {
  const text = typeof batch === 'string' ? batch : JSON.stringify(batch);
  const body = new TextEncoder().encode(text);
  const key = await signerOf(signer);
  return edge.call('POST', '/v1/gateway/usage', {
    token: gateway.token,
    body: text,
    headers: {
      'Content-Type': 'application/json',
      'Content-Digest': await contentDigest(body),
      [signatureHeader]: await signDetached(body, 'marvel-usage-batch', key),
    },
  });
}

/** Believes the reply to a batch as a gateway would. */
export async function openReply(edge: Edge, reply: Reply): Promise<UsageReply> {
  expect(reply.status).toBe(200);
  const body = new TextEncoder().encode(reply.text);
  const signature = await verifyDetached(body, reply.headers.get(signatureHeader), 'marvel-usage-reply', edge.feedKeys);
  expect(signature).toEqual({ ok: true, value: { kid: 'test-1' } });
  expect(reply.headers.get('Content-Digest')).toBe(await contentDigest(body));
  const parsed = parseJson(body, UsageReply);
  if (parsed === undefined) throw new Error('the reply is not a UsageReply');
  return parsed;
}
