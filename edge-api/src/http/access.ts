/** Who may call an endpoint; all but `public` need a bearer token of that kind. */
export type Access = 'public' | 'session' | 'operator' | 'gateway';
