import { Option, type Command } from 'commander';
import { does, type Run } from '../command.ts';
import type { Context } from '../context.ts';
import { formatTime } from '../render/amount.ts';
import { table } from '../render/table.ts';
import { limitOptions, readLimits, type LimitOptions } from './limits.ts';

interface MakeOptions extends LimitOptions {
  readonly label?: string;
  readonly mode: 'live' | 'test';
  readonly save?: boolean;
}

/** `keys …`. */
export function keyCommands(program: Command, run: Run): void {
  const keys = program.command('keys').description('the proxy usernames of your account');

  does<{ readonly all?: boolean }>(
    keys.command('list').description('list the keys').option('--all', 'revoked ones too'),
    run,
    async (context, { all }) => {
      const found = await context.customer().keys.list({ signal: context.terminal.signal });
      const shown = all === true ? found : found.filter(({ revoked_at: revokedAt }) => revokedAt === null);
      context.show(shown, () =>
        table(
          ['ID', 'PREFIX', 'LABEL', 'MADE', 'LAST USED', 'REVOKED'],
          shown.map((key) => [
            key.id,
            `${key.prefix}…`,
            key.label,
            formatTime(key.created_at),
            formatTime(key.last_used_at),
            formatTime(key.revoked_at),
          ]),
          context.paint,
          'No keys yet. Make one with `marvel keys create`.',
        ),
      );
      return undefined;
    },
  );

  const create = keys
    .command('create')
    .description('make a key; it is shown once')
    .option('--label <text>', 'what it is for')
    .addOption(new Option('--mode <mode>', 'test keys never bill').choices(['live', 'test']).default('live'))
    .option('--save', 'remember it for `marvel proxy test`');
  does<MakeOptions>(limitOptions(create), run, async (context, options) => {
    const { label = '', mode, save } = options;
    const made = await context
      .customer()
      .keys.create({ label, mode, limits: readLimits(options) }, { signal: context.terminal.signal });
    await showKey(context, made, save);
    return undefined;
  });

  const rotate = keys
    .command('rotate <id>')
    .description('replace a key by a new one; the old one is revoked')
    .option('--save', 'remember the new one for `marvel proxy test`');
  does<{ readonly save?: boolean }>(rotate, run, async (context, { save }, [id = '']) => {
    await showKey(context, await context.customer().keys.rotate(id, { signal: context.terminal.signal }), save);
    return undefined;
  });

  does(
    keys.command('revoke <id>').description('revoke a key; its open tunnels are cut'),
    run,
    async (context, _options, [id = '']) => {
      await context.customer().keys.revoke(id, { signal: context.terminal.signal });
      context.show({ id, revoked: true }, () => `Revoked ${id}. No gateway takes it two seconds from now.`);
      return undefined;
    },
  );
}

async function showKey(
  context: Context,
  made: { readonly id: string; readonly key: string },
  save = false,
): Promise<void> {
  if (save) await context.save({ key: made.key });
  context.show(made, () => made.key);
  context.note(`Key ${made.id}. It is not shown again${save ? '; it is remembered for `marvel proxy test`' : ''}.`);
}
