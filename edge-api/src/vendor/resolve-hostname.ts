import { err, ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';

/** The resolver that was configured. Source: its JSON API, `application/dns-json`. */
export interface Resolver {
  readonly DOH_URL: string;
}

/** For both questions together. */
const timeoutMs = 3000;
const maxAnswers = 256;
const recordTypes = [
  ['A', 1],
  ['AAAA', 28],
] as const;
const noError = 0;
const noSuchName = 3;

const Answer = v.object({
  Status: v.number(),
  Answer: v.optional(
    v.pipe(
      v.array(v.object({ type: v.number(), data: v.pipe(v.string(), v.maxLength(4096)) })),
      v.maxLength(maxAnswers),
    ),
    [],
  ),
});

/**
 * The IPv4 and IPv6 addresses of a host name; none when the name service says that it has none.
 *
 * Errors: `unavailable` when the resolver cannot be reached within 3 s, or answers that it could not find out.
 */
export async function resolveHostname(
  { DOH_URL }: Resolver,
  hostname: string,
): Promise<Result<readonly string[], { readonly code: 'unavailable' }>> {
  const signal = AbortSignal.timeout(timeoutMs);
  const answers = await Promise.all(
    recordTypes.map(async ([name, type]) => ask(DOH_URL, hostname, { name, type }, signal)),
  );
  const addresses: string[] = [];
  for (const answer of answers) {
    if (answer === undefined) return err({ code: 'unavailable' });
    addresses.push(...answer);
  }
  return ok(addresses);
}

async function ask(
  resolver: string,
  hostname: string,
  { name, type }: { readonly name: string; readonly type: number },
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const url = new URL(resolver);
  url.searchParams.set('name', hostname);
  url.searchParams.set('type', name);
  let answered: unknown;
  try {
    const response = await fetch(url, { headers: { Accept: 'application/dns-json' }, signal });
    if (!response.ok) {
      await response.body?.cancel();
      return undefined;
    }
    answered = await response.json();
  } catch {
    return undefined;
  }
  const answer = v.safeParse(Answer, answered);
  if (!answer.success || (answer.output.Status !== noError && answer.output.Status !== noSuchName)) return undefined;
  // A name that is an alias has the records on its way in the answer too.
  return answer.output.Answer.filter((record) => record.type === type).map(({ data }) => data);
}
