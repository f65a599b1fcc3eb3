import { request } from 'node:http';
import type { Edge } from './edge.ts';

/** What came back, as it came. */
export interface HostReply {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

/** Sends a GET as a client does that knows the Worker by a name of its own. */
export async function askAsHost(
  edge: Edge,
  host: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<HostReply> {
  return new Promise((resolve, reject) => {
    request(new URL(path, edge.url), { headers: { ...headers, Host: host } }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, location: response.headers.location, text }),
      );
    })
      .on('error', reject)
      .end();
  });
}
