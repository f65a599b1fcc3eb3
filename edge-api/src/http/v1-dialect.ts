import * as v from 'valibot';
import { csvReply, wantsCsv } from './csv-reply.ts';
import type { Dialect } from './dialect.ts';
import type { Endpoint } from './endpoint.ts';
import { bearerToken, identifyToken } from './identity.ts';
import { parseJsonBody } from './read-body.ts';
import { renderFailure } from './render-failure.ts';

/** What `/v1` speaks: bearer tokens, JSON, and `{"error":"<message>"}`. */
export const v1: Dialect = {
  name: 'v1',
  credential: bearerToken,
  identify: async (endpoint, token, _request, services) => identifyToken(endpoint, token, services),
  // Or a parameter that does nothing would be a wish passed over in silence.
  defaultQuery: v.strictObject({}),
  parseBody: parseJsonBody,
  renderReply,
  renderFailure,
};

function renderReply({ reply }: Endpoint, request: Request, value: unknown, headers: Headers): Response {
  if ('body' in reply && reply.csv !== undefined) {
    headers.set('Vary', 'Accept');
    if (wantsCsv(request.headers)) return csvReply(value, reply.csv, request.url, headers);
  }
  if ('body' in reply) return Response.json(value, { status: reply.status, headers });
  if (!('contentType' in reply)) return new Response(null, { status: reply.status, headers });
  if (typeof value !== 'string' && !isBytes(value)) throw new TypeError('the reply is not text or bytes');
  headers.set('Content-Type', reply.contentType);
  return new Response(value, { status: reply.status, headers });
}

function isBytes(value: unknown): value is Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array;
}
