// Writes /llms.txt (llmstxt.org): what a program that reads text needs to use the system, from the pages of `docs/` and the
// failure catalogue; the folder to build into is the only argument. scripts/build-site.ts runs this.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FailureEntry, failures } from '../shared/src/failures.ts';
import { navigationOf } from './docs/navigation.ts';
import { readPages } from './docs/read-pages.ts';

const [target] = process.argv.slice(2);
if (target === undefined) throw new Error('usage: build-llms.ts <folder>');

const groups = navigationOf(readPages()).map(
  ({ title, pages }) => `## ${title}\n\n${pages.map((page) => `- [${page.title}](${page.address})`).join('\n')}\n`,
);

/** The statuses of the two surfaces that most programs meet. */
function statuses({ marvel, api }: FailureEntry): string {
  const told = [
    ['proxy', marvel],
    ['API', api],
  ].flatMap(([name, status]) => (status === null ? [] : [`${name} ${status}`]));
  return told.length === 0 ? 'other dialects' : told.join(', ');
}

const rows = Object.entries(failures).map(
  ([code, entry]: readonly [string, FailureEntry]) =>
    `- [\`${code}\`](/docs/errors#${code}) (${statuses(entry)}${entry.retryable ? '; try again later' : ''}): ${entry.meaning} Fix: ${entry.fix}`,
);

writeFileSync(
  join(target, 'llms.txt'),
  `# Marvel

> Marvel is a residential-proxy platform: a control API at \`/v1\`, gateways that carry the traffic, and exits that are vetted before they serve. Bytes are integers, times are RFC 3339 in UTC, 1 GB is 1,000,000,000 bytes.

To connect: make an account with \`POST /v1/accounts {"email", "password"}\`, which answers a session token; send it as \`Authorization: Bearer\` to \`POST /v1/keys\`, which answers a proxy key once. The proxy takes HTTP CONNECT (and plain \`http://\` requests) or SOCKS5; the user name is the key, the password is a target: \`country-<CC>\`, then optionally \`session-<id>\` to keep one exit and \`min_purity-<0-100>\`, joined by \`-\`:

    curl --proxy http://<gateway>:9000 --proxy-user "mk_live_...:country-US-session-cart_1" https://example.com/

The address of the gateway is \`gateway_address\` of \`GET /v1/status\`. A key made with \`{"mode": "test"}\` bills nothing and meets any failure on demand. Every refusal has its code in the header \`X-Marvel-Error\`.

## API

- [OpenAPI 3.1 document](/v1/openapi.json): every operation, its schemas and its failures
- [API reference](/v1/docs/): the same for people
- [Failure catalogue](/v1/errors): the list below as JSON, for every dialect
- [Status](/v1/status): health, maintenance and the address of the gateway

${groups.join('\n')}
## Failures

${rows.join('\n')}
`,
);
