import type { Command } from 'commander';

/** For customers, whose token is that of a session. */
export const signInFix = 'Run `marvel login`, or set MARVEL_TOKEN.';
export const operatorFix = 'Run `marvel operator login`, or set MARVEL_OPERATOR_TOKEN.';

/** What to do when the credentials of a command are refused. */
export function signInFixOf(command: Command): string {
  const isOperators = command.parent?.name() === 'operator' || command.parent?.parent?.name() === 'operator';
  if (command.name() !== 'login') return isOperators ? operatorFix : signInFix;
  return isOperators
    ? 'Check the token: it is the one that the Worker has as OPERATOR_TOKEN.'
    : 'Check the e-mail address and the password; `marvel signup` makes an account.';
}
