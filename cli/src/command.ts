import type { Command } from 'commander';
import { openContext, type CommonOptions, type Context } from './context.ts';
import { signInFixOf } from './sign-in-fix.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** What a command line turns into. */
export interface Run {
  readonly terminal: Terminal;
  /** Where `.marvel/stack.json` is looked for. */
  readonly folder: string;
  /** Known once a command has begun. */
  apiUrl: string | undefined;
  /** What fixes it when the credentials of the command are refused. */
  signInFix: string;
  /** What the process ends with. */
  exitCode: ExitCode;
}

/** Does a command's work: what it answers is the exit code, 0 unless it says otherwise. */
type Work<Options> = (
  context: Context,
  options: Options & CommonOptions,
  operands: readonly string[],
) => Promise<ExitCode | undefined>;

/** Gives a command its work. */
export function does<Options extends object>(command: Command, run: Run, work: Work<Options>): Command {
  return command.action(async () => {
    const options = command.optsWithGlobals<Options & CommonOptions>();
    const operands = command.processedArgs.filter((operand: unknown) => typeof operand === 'string');
    const context = await openContext(run.terminal, options, run.folder);
    run.apiUrl = context.apiUrl;
    run.signInFix = signInFixOf(command);
    run.exitCode = (await work(context, options, operands)) ?? exitCodes.ok;
  });
}
