import { type Failure, failureEntry } from '@marvel/shared/failures';
import { identifyApiKey } from '../../http/api-key-identity.ts';
import type { Dialect } from '../../http/dialect.ts';
import { failureHeaders, mountStatusOf } from '../../http/mount-failure.ts';
import { parseFormBody } from '../../http/read-form.ts';

/** What proxies.fo says of faults that are not the client's. Source: proxies.fo's documentation. */
const sentences: Readonly<Record<number, string>> = { 500: 'Internal Server Error', 503: 'Service Unavailable' };

/** proxies.fo: an API key in `X-Api-Auth`, forms, and `{Success, Data, Error}`. Source: proxies.fo's documentation, and its clients. */
export const proxiesFo: Dialect = {
  name: 'proxies-fo',
  credential: (headers) => headers.get('x-api-auth') ?? undefined,
  identify: async (endpoint, key, _request, services) => identifyApiKey(endpoint, key, services),
  parseBody: parseFormBody,
  renderReply: (_endpoint, _request, data, headers) =>
    Response.json({ Success: true, Data: data, Error: null }, { headers }),
  renderFailure(failure, headers) {
    const status = mountStatusOf('proxies-fo', failure);
    const body = { Success: false, Data: null, Error: messageOf(failure, status) };
    return Response.json(body, { status, headers: failureHeaders(failure, headers) });
  },
};

/** What is wrong with a request is named; the rest is said as at the proxies.fo listeners of a gateway. */
function messageOf({ code, message }: Failure, status: number): string {
  const { reason, proxiesFo: answer } = failureEntry(code);
  return message ?? sentences[status] ?? answer?.body ?? reason;
}
