import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { does, type Run } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-code.ts';
import { fields } from '../render/table.ts';

interface SignInOptions {
  readonly email?: string;
  readonly passwordStdin?: boolean;
}

const maxPasswordBytes = 4096;

/** `login`, `signup`, `logout`, `whoami`. */
export function accountCommands(program: Command, run: Run): void {
  const passwords = 'The password is asked for without echo, or read with --password-stdin, or from MARVEL_PASSWORD.';
  for (const [name, description] of [
    ['login', 'sign in, and remember the session'],
    ['signup', 'make an account, and sign in'],
  ] as const) {
    const command = program
      .command(name)
      .description(description)
      .option('--email <address>', 'asked for when it is not given')
      .option('--password-stdin', 'read the password from standard input')
      .addHelpText('after', `\n${passwords}`);
    does<SignInOptions>(command, run, async (context, options) => {
      const email = options.email ?? (await askFor(context, 'E-mail: ', false, 'Give --email.'));
      const password = await readPassword(context, options);
      const { anybody } = context;
      const body = { email, password };
      const call = { signal: context.terminal.signal };
      const signedIn = await (name === 'login'
        ? anybody.sessions.create(body, call)
        : anybody.accounts.create(body, call));
      await context.save({ api: context.apiUrl, token: signedIn.token });
      context.show({ account_id: signedIn.account_id, email }, () => `Signed in as ${email}.`);
      return undefined;
    });
  }

  does(program.command('logout').description('end the session, and forget it'), run, async (context) => {
    if (context.settings.token === undefined) {
      context.show({ signed_out: false }, () => 'You were not signed in.');
      return undefined;
    }
    await context.anybody.withToken(context.settings.token).sessions.end();
    await context.save({ token: undefined });
    context.show({ signed_out: true }, () => 'Signed out.');
    return undefined;
  });

  does(program.command('whoami').description('show who is signed in, and where'), run, async (context) => {
    const me = await context.customer().me.get({ signal: context.terminal.signal });
    context.show({ ...me, api: context.apiUrl }, () =>
      fields(
        [
          ['e-mail', me.email],
          ['account', me.account_id],
          ['API', context.apiUrl],
        ],
        context.paint,
      ),
    );
    return undefined;
  });
}

async function readPassword(context: Context, { passwordStdin }: SignInOptions): Promise<string> {
  const { terminal } = context;
  if (passwordStdin === true) return (await terminal.readIn(maxPasswordBytes)).replace(/\r?\n$/, '');
  return terminal.env['MARVEL_PASSWORD'] ?? askFor(context, 'Password: ', true, 'Pipe it in with --password-stdin.');
}

/** Errors: throws `CliError` where there is nobody to ask. */
export async function askFor({ terminal }: Context, question: string, isHidden: boolean, fix: string): Promise<string> {
  if (terminal.isInTty) return terminal.ask(question, isHidden);
  const what = question.replace(': ', '').toLowerCase();
  throw new CliError({
    code: 'nobody_to_ask',
    message: `no ${what} was given, and there is no terminal to ask on`,
    fix,
    exitCode: exitCodes.usage,
  });
}
