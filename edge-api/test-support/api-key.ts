import { CreatedApiKey } from '@marvel/shared/api/api-key';
import * as v from 'valibot';
import { expect } from 'vitest';
import type { Edge, SignedUp } from './edge.ts';

/** Makes an API key of an account. */
export async function makeApiKey(
  edge: Edge,
  { token }: SignedUp,
  body: unknown = {},
): Promise<v.InferOutput<typeof CreatedApiKey>> {
  const reply = await edge.call('POST', '/v1/api-keys', { token, body });
  expect(reply.status).toBe(201);
  return v.parse(CreatedApiKey, reply.json);
}
