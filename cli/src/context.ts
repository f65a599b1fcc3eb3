import { Marvel } from '@marvel/sdk';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-code.ts';
import { findLocalStack, type LocalStack } from './local-stack.ts';
import { paint, type Paint } from './render/paint.ts';
import { readSettings, settingsPath, writeSettings, type Settings } from './settings-file.ts';
import { operatorFix, signInFix } from './sign-in-fix.ts';
import type { Terminal } from './terminal.ts';

/** The options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly local?: boolean;
  readonly api?: string;
  readonly gateway?: string;
}

/** What a command works with: who asks whom, and how to answer. */
export interface Context {
  readonly terminal: Terminal;
  readonly paint: Paint;
  readonly isJson: boolean;
  readonly settings: Settings;
  readonly local: LocalStack | undefined;
  readonly apiUrl: string;
  /** Of --gateway. */
  readonly gateway: string | undefined;
  /** Without a token. */
  readonly anybody: Marvel;
  /** Errors: throws `CliError` when nobody is signed in, or no operator's token is known. */
  customer(): Marvel;
  operator(): Marvel;
  save(changed: Settings): Promise<void>;
  /** Shows a result: as JSON, or as text. */
  show(value: unknown, text: () => string): void;
  /** Tells a person something, beside the result; nothing with `--json`. */
  note(text: string): void;
  /** The page of a failure code. */
  docsOf(code: string): string;
}

export async function openContext(terminal: Terminal, options: CommonOptions, folder: string): Promise<Context> {
  const { env } = terminal;
  const path = settingsPath(env);
  const settings = await readSettings(path);
  const local = options.local === true ? await findLocalStack(folder) : undefined;
  const apiUrl = options.api ?? local?.api ?? env['MARVEL_API'] ?? settings.api;
  const token = local?.account.token ?? env['MARVEL_TOKEN'] ?? settings.token;
  const operatorToken = local?.operator_token ?? env['MARVEL_OPERATOR_TOKEN'] ?? settings.operator_token;
  const isJson = options.json === true;
  const base = readUrl(apiUrl);
  const anybody = new Marvel({ baseUrl: base });
  return {
    terminal,
    paint: paint(terminal.hasColor && !isJson),
    isJson,
    settings,
    local,
    apiUrl: base,
    gateway: options.gateway,
    anybody,
    customer: () => anybody.withToken(token ?? missing('unauthenticated', 'you are not signed in', signInFix)),
    operator: () =>
      anybody.withToken(operatorToken ?? missing('unauthenticated', 'no operator token is known', operatorFix)),
    save: async (changed) => writeSettings(path, { ...settings, ...changed }),
    show(value, text) {
      terminal.out(isJson ? `${JSON.stringify(value, undefined, 2)}\n` : `${text()}\n`);
    },
    note(text) {
      if (!isJson) terminal.err(`${text}\n`);
    },
    docsOf: (code) => `${base}/docs/errors#${code}`,
  };
}

function missing(code: string, message: string, fix: string): never {
  throw new CliError({ code, message, fix, exitCode: exitCodes.unauthenticated });
}

function readUrl(given: string | undefined): string {
  if (given === undefined) {
    const fix = 'Give --api <url> or set MARVEL_API; --local uses the stack that runs here.';
    throw new CliError({ code: 'no_api', message: 'which control API?', fix, exitCode: exitCodes.usage });
  }
  if (!/^https?:\/\//.test(given) || !URL.canParse(given)) {
    throw new CliError({
      code: 'bad_api',
      message: '--api: must be an http:// or https:// URL',
      exitCode: exitCodes.usage,
    });
  }
  return given.replace(/\/+$/, '');
}
