import type { Command } from 'commander';
import { does, type Run } from '../command.ts';
import { formatTime } from '../render/amount.ts';
import { table } from '../render/table.ts';
import { limitOptions, readLimits, type LimitOptions } from './limits.ts';

/** `sub-users …`. */
export function subUserCommands(program: Command, run: Run): void {
  const subUsers = program
    .command('sub-users')
    .description('usernames and passwords with limits of their own, for other dialects');

  does(subUsers.command('list').description('list the sub-users'), run, async (context) => {
    const { data } = await context.customer().subUsers.list({ signal: context.terminal.signal });
    context.show(data, () =>
      table(
        ['ID', 'USERNAME', 'MADE', 'LAST USED'],
        data.map((user) => [user.id, user.username, formatTime(user.created_at), formatTime(user.last_used_at)]),
        context.paint,
        'No sub-users yet. Make one with `marvel sub-users create <username>`.',
      ),
    );
    return undefined;
  });

  const create = subUsers.command('create <username>').description('make a sub-user; the password is shown once');
  does<LimitOptions>(limitOptions(create), run, async (context, options, [username = '']) => {
    const made = await context
      .customer()
      .subUsers.create({ username, limits: readLimits(options) }, { signal: context.terminal.signal });
    context.show(made, () => `${made.username}:${made.password}`);
    context.note(`Sub-user ${made.id}. The password is not shown again.`);
    return undefined;
  });

  does(
    subUsers.command('rotate <id>').description('give a sub-user a new password'),
    run,
    async (context, _options, [id = '']) => {
      const made = await context.customer().subUsers.rotate(id, {}, { signal: context.terminal.signal });
      context.show(made, () => `${made.username}:${made.password}`);
      context.note('The old password is refused two seconds from now.');
      return undefined;
    },
  );

  does(
    subUsers.command('delete <id>').description('delete a sub-user; its open tunnels are cut'),
    run,
    async (context, _options, [id = '']) => {
      await context.customer().subUsers.delete(id, { signal: context.terminal.signal });
      context.show({ id, deleted: true }, () => `Deleted ${id}.`);
      return undefined;
    },
  );
}
