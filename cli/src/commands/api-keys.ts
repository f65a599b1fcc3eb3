import { Option, type Command } from 'commander';
import { does, type Run } from '../command.ts';
import { formatTime } from '../render/amount.ts';
import { table } from '../render/table.ts';

interface MakeOptions {
  readonly label?: string;
  readonly access: 'read' | 'full';
  readonly expires?: string;
}

/** `api-keys …`: credentials for the API, which no gateway takes. */
export function apiKeyCommands(program: Command, run: Run): void {
  const apiKeys = program.command('api-keys').description('credentials that speak for your account at the API');
  does(apiKeys.command('list').description('list the API keys'), run, async (context) => {
    const { data } = await context.customer().apiKeys.list({ signal: context.terminal.signal });
    context.show(data, () =>
      table(
        ['ID', 'PREFIX', 'LABEL', 'ACCESS', 'MADE', 'LAST USED', 'EXPIRES'],
        data.map((key) => [
          key.id,
          `${key.prefix}…`,
          key.label,
          key.access,
          formatTime(key.created_at),
          formatTime(key.last_used_at),
          formatTime(key.expires_at),
        ]),
        context.paint,
        'No API keys yet. Make one with `marvel api-keys create`.',
      ),
    );
    return undefined;
  });

  const create = apiKeys
    .command('create')
    .description('make an API key; it is shown once')
    .option('--label <text>', 'what it is for')
    .addOption(new Option('--access <access>', 'what it may do').choices(['read', 'full']).default('full'))
    .option('--expires <time>', 'RFC 3339 in UTC, such as 2027-01-01T00:00:00Z');
  does<MakeOptions>(create, run, async (context, { label = '', access, expires }) => {
    const body = { label, access, ...(expires === undefined ? {} : { expires_at: expires }) };
    const made = await context.customer().apiKeys.create(body, { signal: context.terminal.signal });
    context.show(made, () => made.api_key);
    context.note(`API key ${made.id}. It is not shown again.`);
    return undefined;
  });

  does(apiKeys.command('revoke <id>').description('revoke an API key'), run, async (context, _options, [id = '']) => {
    await context.customer().apiKeys.revoke(id, { signal: context.terminal.signal });
    context.show({ id, revoked: true }, () => `Revoked ${id}.`);
    return undefined;
  });
}
