import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { err, ok, type Result } from '@marvel/shared/result';

/** A gateway polls the feed each second; one that has not heard of a key after so long will not. */
const waitMs = 15_000;
/** Each refusal counts towards a ban of this machine's own address. */
const pollMs = 200;
const askTimeoutMs = 2_000;

/** What the gateway answers to a CONNECT; undefined for nothing. Costs no bytes. */
async function askGateway(gateway: string, key: string, authority: string): Promise<number | undefined> {
  const [host = '', port = ''] = gateway.split(':');
  const credentials = Buffer.from(`${key}:country-US`).toString('base64');
  return new Promise((resolve) => {
    const asked = request({
      host,
      port,
      method: 'CONNECT',
      path: authority,
      headers: { Host: authority, 'Proxy-Authorization': `Basic ${credentials}` },
      timeout: askTimeoutMs,
      agent: false,
    });
    function answer(status: number | undefined): void {
      asked.destroy();
      resolve(status);
    }
    asked.on('connect', (response, socket) => {
      socket.on('error', () => undefined);
      answer(response.statusCode);
    });
    asked.on('response', (response) => answer(response.statusCode));
    asked.on('timeout', () => answer(undefined));
    asked.on('error', () => resolve(undefined));
    asked.end();
  });
}

/**
 * Waits until a gateway serves a key, all the way to the origin at `authority`. Errors: the last status, after 15 s.
 */
export async function awaitKey(
  gateway: string,
  key: string,
  authority: string,
  signal: AbortSignal | undefined,
): Promise<Result<void, number | undefined>> {
  let status: number | undefined;
  const deadlineMs = performance.now() + waitMs;
  while (performance.now() < deadlineMs) {
    if (signal?.aborted === true) return err(undefined);
    status = await askGateway(gateway, key, authority);
    if (status === 200) return ok(undefined);
    await sleep(pollMs);
  }
  return err(status);
}
