import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { FeedRecord } from '@marvel/shared/feed';
import { leaseTtlMs } from '@marvel/shared/lease';
import {
  contentDigest,
  importSigningKey,
  type SignedKind,
  signDetached,
  signatureHeader,
} from '@marvel/shared/signature';
import { UsageBatch, type UsageReply } from '@marvel/shared/usage-batch';
import * as v from 'valibot';
import { PagedFeed } from './paged-feed.ts';

/** The edge as a gateway sees it, without a database behind it: a signed feed, and a grant for every lease asked for. */
export interface ScriptedEdge extends AsyncDisposable {
  readonly url: string;
  /** What a gateway has to know to believe it. */
  readonly fleet: string;
  readonly publicKey: object;
  /** Publishes records after those there are; the next poll finds them. */
  publish(records: readonly FeedRecord[]): void;
  /** Billable bytes that gateways have reported so far. */
  reportedBytes(): number;
}

const fleet = 'bench';

/** Opens an edge that publishes `records` from the start. */
export async function openScriptedEdge(records: Iterable<FeedRecord>): Promise<ScriptedEdge> {
  const keyPair = generateKeyPairSync('ed25519');
  const signer = await importSigningKey({ ...keyPair.privateKey.export({ format: 'jwk' }), kid: 'bench' });
  const feed = new PagedFeed(fleet, records);
  let reportedBytes = 0;

  async function answer(response: ServerResponse, text: string, kind: SignedKind): Promise<void> {
    const body = Buffer.from(text);
    const jws = await signDetached(body, kind, signer);
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': body.length,
      'content-digest': await contentDigest(body),
      [signatureHeader]: jws,
    });
    response.end(body);
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://edge');
    if (url.pathname === '/v1/gateway/feed') {
      await answer(response, feed.page(url.searchParams.get('since') ?? '', Date.now()), 'marvel-feed-page');
      return;
    }
    const batch = v.parse(UsageBatch, JSON.parse((await buffer(request)).toString()));
    for (const record of batch.records) reportedBytes += record.bytes_up + record.bytes_down;
    await answer(response, JSON.stringify(grantAll(batch)), 'marvel-usage-reply');
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      console.error('scripted edge:', error);
      response.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has no TCP address');
  return {
    url: `http://127.0.0.1:${address.port}`,
    fleet,
    publicKey: { ...keyPair.publicKey.export({ format: 'jwk' }), kid: 'bench' },
    publish: (more) => feed.publish(more),
    reportedBytes: () => reportedBytes,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function grantAll({ gateway, boot, seq, leases }: UsageBatch): UsageReply {
  const answers = leases.map(({ budget, wanted }) => ({
    budget,
    granted: wanted,
    ttl_ms: leaseTtlMs,
    free: true,
    keep: null,
  }));
  return { gateway, boot, seq, leases: answers };
}
