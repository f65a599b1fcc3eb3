import { type Failure, failureEntry } from '@marvel/shared/failures';
import { identifyApiKey } from '../../http/api-key-identity.ts';
import type { Dialect } from '../../http/dialect.ts';
import { failureHeaders, mountStatusOf } from '../../http/mount-failure.ts';
import { parseJsonBody } from '../../http/read-body.ts';

/** What Mashvisor says of each status. Source: Mashvisor's documentation. */
const sentences: Readonly<Record<number, string>> = {
  400: 'Your request is invalid.',
  401: 'Invalid api access Key',
  404: 'The specified property could not be found.',
  429: "You're sending too many requests! Slow down!",
  500: 'We had a problem with our server. Try again later.',
  503: "We're temporarily offline for maintenance. Please try again later.",
};

/** Mashvisor: an API key in `x-api-key`, and everything in an envelope that names its status. Source: Mashvisor's documentation. */
export const mashvisor: Dialect = {
  name: 'mashvisor',
  credential: (headers) => headers.get('x-api-key') ?? undefined,
  identify: async (endpoint, key, _request, services) => identifyApiKey(endpoint, key, services),
  parseBody: parseJsonBody,
  renderReply: (_endpoint, _request, content, headers) => Response.json({ status: 'success', content }, { headers }),
  renderFailure(failure, headers) {
    const code = mountStatusOf('mashvisor', failure);
    const body = { status: 'error', code, message: messageOf(failure, code) };
    return Response.json(body, { status: code, headers: failureHeaders(failure, headers) });
  },
};

/** What is wrong with a request is named; the rest is said as Mashvisor says it. */
function messageOf({ code, message }: Failure, status: number): string {
  const own = code === 'unauthenticated' ? undefined : message;
  return own ?? sentences[status] ?? failureEntry(code).reason;
}
