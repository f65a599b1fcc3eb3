/**
 * Who may call an endpoint; all but `public` need a credential of that kind. `account` is whoever speaks for an account at a
 * dialect mount: one of its API keys, and what else that dialect knows.
 */
export type Access = 'public' | 'session' | 'operator' | 'gateway' | 'account';
