import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  importSigningKey,
  importVerificationKeys,
  signatureHeader,
  type SignedKind,
  signDetached,
  type SigningKey,
  type VerificationKeys,
} from '@marvel/shared/signature';

/** What the edge is asked. */
export interface EdgeCall {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What it answers; `drop` closes the connection instead, `hang` never answers. */
export type EdgeAnswer =
  | { readonly status: number; readonly body: Uint8Array; readonly signature?: string }
  | 'drop'
  | 'hang';

/** A key pair that signs and verifies. */
export interface KeyPair {
  readonly signer: SigningKey;
  readonly keys: VerificationKeys;
}

/** `jwk`: both halves, as settings hold them. */
export async function newKeyPair(kid: string): Promise<KeyPair & { readonly jwk: object }> {
  const jwk = { ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }), kid };
  return { signer: await importSigningKey(jwk), keys: await importVerificationKeys([jwk]), jwk };
}

/** The key that an edge signs with in tests. */
export const edgeKeys = await newKeyPair('feed-1');

/** An answer that is signed as the edge does it. */
export async function signedAnswer(value: unknown, kind: SignedKind, signer: SigningKey): Promise<EdgeAnswer> {
  const body = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return { status: 200, body, signature: await signDetached(body, kind, signer) };
}

/** A real HTTP server in this process that answers as a test wants. */
export interface ScriptedEdge extends AsyncDisposable {
  readonly url: string;
  /** Stops listening and drops every connection; `listen` takes the same port again. */
  stop(): Promise<void>;
  listen(): Promise<void>;
}

export async function startEdge(answer: (call: EdgeCall) => Promise<EdgeAnswer>): Promise<ScriptedEdge> {
  const server = createServer((request, response) => {
    respond(request, response, answer).catch((error: unknown) => {
      response.destroy();
      throw error;
    });
  });
  let port = 0;
  const listen = async () => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  };
  const stop = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  await listen();
  return { url: `http://127.0.0.1:${port}`, listen, stop, [Symbol.asyncDispose]: stop };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (call: EdgeCall) => Promise<EdgeAnswer>,
): Promise<void> {
  const chunks: Buffer[] = [];
  request.on('error', () => undefined);
  for await (const chunk of request) if (chunk instanceof Buffer) chunks.push(chunk);
  const { headers, method = '', url = '' } = request;
  const answered = await answer({ method, url: new URL(url, 'http://edge'), headers, body: Buffer.concat(chunks) });
  if (answered === 'hang') return;
  if (answered === 'drop') {
    response.destroy();
    return;
  }
  const signature = answered.signature === undefined ? {} : { [signatureHeader]: answered.signature };
  response.writeHead(answered.status, { 'content-length': answered.body.length, ...signature });
  response.end(answered.body);
}
