import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-code.ts';

/** What the command reads of a local stack's `stack.json`. */
const LocalStack = v.object({
  api: v.string(),
  operator_token: v.string(),
  gateway: v.object({ marvel: v.string() }),
  echo: v.string(),
  account: v.object({ token: v.string(), key: v.string() }),
});
export type LocalStack = v.InferOutput<typeof LocalStack>;

const maxLevels = 40;

/** Finds `.marvel/stack.json` here or in a folder above. Errors: throws `CliError` when no local stack runs. */
export async function findLocalStack(from: string): Promise<LocalStack> {
  let folder = from;
  for (let level = 0; level < maxLevels; level += 1) {
    const text = await readFile(join(folder, '.marvel', 'stack.json'), 'utf8').catch(() => undefined);
    const found = text === undefined ? undefined : v.safeParse(v.pipe(v.string(), v.parseJson(), LocalStack), text);
    if (found?.success === true) return found.output;
    if (dirname(folder) === folder) break;
    folder = dirname(folder);
  }
  throw new CliError({
    code: 'no_local_stack',
    message: 'no local stack runs here: there is no .marvel/stack.json in this folder or above',
    fix: 'Start one with `npx pnpm@12 start` and leave it running, or leave --local away.',
    exitCode: exitCodes.usage,
  });
}
