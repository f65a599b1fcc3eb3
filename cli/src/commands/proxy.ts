import { proxyUrl, readTarget } from '@marvel/sdk';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { does, type Run } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-code.ts';
import { printable } from '../render/paint.ts';
import type { Step } from '../proxy-test/steps.ts';
import { walk, type Walked } from '../proxy-test/walk.ts';

interface TestOptions {
  readonly url?: string;
  readonly keyStdin?: boolean;
}

const maxKeyBytes = 1024;
const defaultUrl = 'http://example.com/';

/** `proxy test` and `proxy url`. */
export function proxyCommands(program: Command, run: Run): void {
  const proxy = program.command('proxy').description('the way through a gateway');
  const keyHelp =
    '\nThe key is read from --key-stdin, or from MARVEL_KEY, or is the one that `marvel keys create --save` remembered.';

  const test = proxy
    .command('test <target>')
    .description('walk the way of a request, and say where it stops and what fixes it')
    .option('--url <url>', 'the destination (default: http://example.com/, or the echo origin with --local)')
    .option('--key-stdin', 'read the key from standard input')
    .addHelpText('after', `${keyHelp}\n\nExample: marvel proxy test country-US-session-cart1`);
  does<TestOptions>(test, run, async (context, options, [target = '']) => {
    const walked = await walk({
      gateway: gatewayOf(context, context.terminal.env),
      key: await keyOf(context, options),
      target,
      url: readUrl(options.url ?? context.local?.echo ?? defaultUrl),
      signal: context.terminal.signal,
    });
    show(context, walked);
    return walked.stop === undefined ? undefined : exitCodes.notInOrder;
  });

  const url = proxy
    .command('url <target>')
    .description('print the proxy URL that other programs take; it holds your key')
    .option('--key-stdin', 'read the key from standard input')
    .addHelpText('after', keyHelp);
  does<TestOptions>(url, run, async (context, options, [target = '']) => {
    readTarget(target);
    const { host, port } = gatewayOf(context, context.terminal.env);
    const made = proxyUrl({ gateway: `${host}:${port}`, key: await keyOf(context, options), target });
    context.show({ url: made }, () => made);
    return undefined;
  });
}

function show(context: Context, walked: Walked): void {
  const { paint } = context;
  const { stop, steps, exit, status, requestId } = walked;
  const docs =
    stop === undefined || /^(?:name_|connection_|no_gateway|destination_failed)/.test(stop.code)
      ? undefined
      : context.docsOf(stop.code);
  const value = {
    passed: stop === undefined,
    steps,
    stop: stop === undefined ? null : { ...stop, docs: docs ?? null },
    exit: exit ?? null,
    status: status ?? null,
    request_id: requestId ?? exit?.requestId ?? null,
  };
  context.show(value, () => {
    const lines = steps.map((step) => lineOf(step, stop?.step === step.step ? stop.reason : step.detail, paint));
    if (stop === undefined) return [...lines, '', paint.good('The way is clear.')].join('\n');
    return [
      ...lines,
      '',
      `It stops at ${paint.strong(stop.step)}: ${printable(stop.reason)} (${stop.code})`,
      `Fix: ${stop.fix}`,
      ...(docs === undefined ? [] : [`See: ${docs}`]),
      ...(requestId === undefined ? [] : [`Request id, for support: ${requestId}`]),
    ].join('\n');
  });
}

function lineOf({ step, outcome }: Step, detail: string | undefined, paint: Context['paint']): string {
  const mark = { passed: paint.good('ok  '), failed: paint.bad('STOP'), unknown: paint.faint('-   ') }[outcome];
  return `${mark}  ${step.padEnd(11)}  ${printable(detail ?? '')}`.trimEnd();
}

function gatewayOf(
  context: Context,
  env: Context['terminal']['env'],
): { readonly host: string; readonly port: number } {
  const given = context.gateway ?? context.local?.gateway.marvel ?? env['MARVEL_GATEWAY'] ?? context.settings.gateway;
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:/@\s]+)):(\d{1,5})$/i.exec(given ?? '');
  if (match === null) {
    throw new CliError({
      code: 'no_gateway_address',
      message: given === undefined ? 'which gateway?' : '--gateway: must be host:port',
      fix: 'Give --gateway <host:port> or set MARVEL_GATEWAY; --local uses the stack that runs here.',
      exitCode: exitCodes.usage,
    });
  }
  return { host: match[1] ?? match[2] ?? '', port: Number(match[3]) };
}

/** A key is no operand: what is on the command line, everybody on the machine can read. */
async function keyOf(context: Context, { keyStdin }: TestOptions): Promise<string> {
  const given =
    keyStdin === true
      ? (await context.terminal.readIn(maxKeyBytes)).trim()
      : (context.local?.account.key ?? context.terminal.env['MARVEL_KEY'] ?? context.settings.key);
  if (given !== undefined && /^mk_(?:live|test)_[0-9A-Za-z]+$/.test(given)) return given;
  throw new CliError({
    code: 'no_key',
    message: given === undefined ? 'which key?' : 'the key must begin with mk_live_ or mk_test_',
    fix: 'Make one with `marvel keys create --save`, or set MARVEL_KEY.',
    exitCode: exitCodes.usage,
  });
}

function readUrl(text: string): URL {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return new URL(text);
  throw new CliError({
    code: 'bad_url',
    message: '--url: must be an http:// or https:// URL',
    exitCode: exitCodes.usage,
  });
}
