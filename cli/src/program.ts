import { Command, CommanderError } from 'commander';
import { complain, type Complaint } from './cli-error.ts';
import type { Run } from './command.ts';
import { accountCommands } from './commands/account.ts';
import { apiKeyCommands } from './commands/api-keys.ts';
import { billingCommands } from './commands/buy.ts';
import { completionCommands } from './commands/completion.ts';
import { customerCommands } from './commands/customers.ts';
import { keyCommands } from './commands/keys.ts';
import { ledgerCommands } from './commands/ledger.ts';
import { nodeCommands } from './commands/nodes.ts';
import { operatorCommands } from './commands/operator.ts';
import { planCommands } from './commands/plans.ts';
import { proxyCommands } from './commands/proxy.ts';
import { receiptCommands } from './commands/receipts.ts';
import { reserveCommands } from './commands/reserve.ts';
import { sourceCommands } from './commands/sources.ts';
import { subUserCommands } from './commands/sub-users.ts';
import { subscriptionCommands } from './commands/subscriptions.ts';
import { usageCommands } from './commands/usage.ts';
import { webhookCommands } from './commands/webhooks.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { paint, printable } from './render/paint.ts';
import { signInFix } from './sign-in-fix.ts';
import type { Terminal } from './terminal.ts';

const exitCodeHelp = `
Exit codes: 0 fine, 1 failed, 2 wrong command line, 3 not signed in, 4 refused, 5 not available now,
6 looked at and not in order, 130 interrupted.`;

/** Runs one command line. Never throws: what it returns is the exit code. */
export async function runCommandLine(
  words: readonly string[],
  terminal: Terminal,
  folder: string,
  version: string,
): Promise<ExitCode> {
  const run: Run = { terminal, folder, apiUrl: undefined, signInFix, exitCode: exitCodes.ok };
  const program = createProgram(run, version);
  try {
    await program.parseAsync(words, { from: 'user' });
    return run.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const { json } = program.opts<{ json?: boolean }>();
    const docsOf = (code: string) => `${run.apiUrl ?? ''}/docs/errors#${code}`;
    const complaint = complain(error, { docsOf, signInFix: run.signInFix });
    tell(complaint, terminal, json === true);
    return terminal.signal.aborted ? exitCodes.interrupted : complaint.exitCode;
  }
}

function createProgram(run: Run, version: string): Command {
  const { terminal } = run;
  const out = (text: string) => terminal.out(text);
  const program = new Command('marvel')
    .description('Keys, usage, proxies and gateways of Marvel, from a terminal.')
    .version(version)
    .option('--json', 'answer in JSON')
    .option('--local', 'use the stack that runs here, of .marvel/stack.json')
    .option('--api <url>', 'the control API (MARVEL_API)')
    .option('--gateway <host:port>', 'the gateway (MARVEL_GATEWAY)')
    .exitOverride()
    .configureOutput({ writeOut: out, writeErr: (text) => terminal.err(text) })
    .showSuggestionAfterError()
    .showHelpAfterError('Add --help for what there is.')
    .addHelpText('after', exitCodeHelp);
  accountCommands(program, run);
  keyCommands(program, run);
  subUserCommands(program, run);
  sourceCommands(program, run);
  apiKeyCommands(program, run);
  usageCommands(program, run);
  ledgerCommands(program, run);
  reserveCommands(program, run);
  billingCommands(program, run);
  planCommands(program, run, 'recurring terms, of Marvel and of yours', (context) => context.customer().plans);
  customerCommands(program, run);
  subscriptionCommands(program, run);
  nodeCommands(program, run);
  webhookCommands(program, run);
  proxyCommands(program, run);
  receiptCommands(program, run);
  operatorCommands(program, run);
  completionCommands(program, out);
  return program;
}

function tell({ code, message, fix, docs, requestId, exitCode }: Complaint, terminal: Terminal, isJson: boolean): void {
  if (isJson) {
    const error = { code, message, fix: fix ?? null, docs: docs ?? null, request_id: requestId ?? null };
    terminal.err(`${JSON.stringify({ error, exit_code: exitCode })}\n`);
    return;
  }
  const { bad } = paint(terminal.hasColor && terminal.isErrTty);
  const lines = [
    `${bad('error:')} ${printable(message)} (${code})`,
    ...(fix === undefined ? [] : [`Fix: ${printable(fix)}`]),
    ...(docs === undefined ? [] : [`See: ${docs}`]),
    ...(requestId === undefined ? [] : [`Request id, for support: ${printable(requestId)}`]),
  ];
  terminal.err(`${lines.join('\n')}\n`);
}
