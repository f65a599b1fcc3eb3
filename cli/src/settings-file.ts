import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-code.ts';

const Text = v.pipe(v.string(), v.minLength(1), v.maxLength(1024));

/** What the command remembers between runs. */
export const Settings = v.strictObject({
  api: v.optional(Text),
  /** `host:port` of a gateway. */
  gateway: v.optional(Text),
  /** Of a session. */
  token: v.optional(Text),
  operator_token: v.optional(Text),
  /** The key that `proxy test` uses. */
  key: v.optional(Text),
});
export type Settings = v.InferOutput<typeof Settings>;

/** `$XDG_CONFIG_HOME/marvel/config.json`. Source: XDG Base Directory Specification. */
export function settingsPath(env: Readonly<Record<string, string | undefined>>): string {
  const given = env['XDG_CONFIG_HOME'];
  const base = given !== undefined && given.startsWith('/') ? given : join(env['HOME'] ?? homedir(), '.config');
  return join(base, 'marvel', 'config.json');
}

/** Errors: throws `CliError` for a file that is there and cannot be read. */
export async function readSettings(path: string): Promise<Settings> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw new CliError({ code: 'settings_unreadable', message: `${path} cannot be read`, exitCode: exitCodes.failed });
  }
  try {
    return v.parse(Settings, JSON.parse(text));
  } catch {
    throw new CliError({
      code: 'settings_unreadable',
      message: `${path} is not what this command writes`,
      fix: 'Correct it, or delete it and run `marvel login` again.',
      exitCode: exitCodes.failed,
    });
  }
}

const ownerOnly = 0o600;
const ownerOnlyDirectory = 0o700;

/** Writes the whole file at once, for its owner alone: it holds tokens. */
export async function writeSettings(path: string, settings: Settings): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: ownerOnlyDirectory });
  const partial = `${path}.${process.pid}.tmp`;
  await writeFile(partial, `${JSON.stringify(settings, undefined, 2)}\n`, { mode: ownerOnly });
  await chmod(partial, ownerOnly);
  await rename(partial, path);
}
