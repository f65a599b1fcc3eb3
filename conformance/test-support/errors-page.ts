import { failureCodes, failureEntry, type FailureEntry } from '@marvel/shared/failures';

/** The page of all failures, Markdown, made from the catalogue. Written to docs/errors.md by `node conformance/test-support/errors-page.ts`. */
export function renderErrorsPage(): string {
  const head = [
    '# Errors',
    '',
    'Every failure that any surface answers with, made from the catalogue (`shared/src/failures.ts`). The code is in the header',
    '`X-Marvel-Error`; at the gateway the reason is also the reason phrase and the first line of the body, at the API the body is',
    '`{"error":"<message>"}`. `GET /v1/errors` gives the same as JSON.',
    '',
  ];
  return [...head, ...failureCodes.flatMap((code) => section(code, failureEntry(code)))].join('\n');
}

function section(code: string, entry: FailureEntry): readonly string[] {
  const surfaces = [
    ['Marvel gateway', status(entry.marvel)],
    ['proxies.fo', entry.proxiesFo === null ? undefined : `${entry.proxiesFo.status} \`${entry.proxiesFo.body}\``],
    ['ProxyMesh', status(entry.proxymesh)],
    ['SOCKS5', socks5(entry.socks5)],
    ['control API', status(entry.api)],
  ].filter(([, answer]) => answer !== undefined);
  return [
    `<a id="${code}"></a>`,
    '',
    `## \`${code}\``,
    '',
    `**${escaped(entry.reason)}.** ${escaped(entry.meaning)}`,
    '',
    `- Fix: ${escaped(entry.fix)}`,
    `- ${entry.retryable ? 'The same request may succeed later.' : 'The same request will fail again.'}`,
    `- ${surfaces.map(([name, answer]) => `${name}: ${answer}`).join('; ')}.`,
    '',
  ];
}

/** Text that Markdown would otherwise take for a tag. */
function escaped(text: string): string {
  return text.replaceAll('<', '&lt;');
}

function status(value: number | null): string | undefined {
  return value === null ? undefined : String(value);
}

function socks5(answer: FailureEntry['socks5']): string | undefined {
  if (answer === null) return undefined;
  if (answer === 'close') return 'the connection closes';
  return 'auth' in answer ? `sign-in status ${answer.auth}` : `reply 0x0${answer.reply}`;
}

if (import.meta.main) {
  const { writeFile } = await import('node:fs/promises');
  await writeFile(new URL('../../docs/errors.md', import.meta.url), renderErrorsPage());
}
