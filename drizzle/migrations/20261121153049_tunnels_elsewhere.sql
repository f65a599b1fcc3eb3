-- Threads are counted by each gateway for itself; of what the others have open it hears with each page of the feed.

-- The tunnels of credentials whose threads are limited, by themselves or by their account. Nobody asks for the others.
create function limited_tunnels(p_open jsonb) returns jsonb
language sql stable as $$
  select coalesce(jsonb_agg(jsonb_build_object('credential', c.id, 'account', c.account_id, 'tunnels', o.tunnels)), '[]')
  from jsonb_to_recordset(p_open) as o (credential text, tunnels bigint)
  join credential c on c.id = o.credential
  join account a on a.id = c.account_id
  left join api_key k on k.id = c.id
  left join sub_user s on s.id = c.id
  where o.tunnels > 0 and is_plausible(o.tunnels)
    and (a.threads is not null or a.plan_threads is not null or k.limits ? 'threads' or s.limits ? 'threads');
$$;

-- What the gateways have open beside the one that a token belongs to, as JSON; those with most first, since they are
-- nearest to a limit. A gateway that has not been heard of for a while has none that count.
create function tunnels_elsewhere(p_token_digest text) returns text
language sql stable as $$
  select coalesce(json_agg(json_build_object('credential', e.credential, 'account', e.account, 'tunnels', e.tunnels)), '[]')::text
  from (
    select l.credential, l.account, sum(l.tunnels)::bigint as tunnels
    from gateway g
    join gateway_tunnels t on t.gateway_id = g.id
    cross join jsonb_to_recordset(t.lines) as l (credential text, account text, tunnels bigint)
    where g.revoked_at is null and g.token_digest <> p_token_digest and t.said_at > now() - interval '15 seconds'
    group by l.credential, l.account
    order by 3 desc, 1
    limit 1000
  ) e;
$$;

-- What gateways say of their dials, of where they pinned sessions, and of the tunnels they have open. A pin loses against one of a later generation.
create or replace function note_reports(p_gateway text, p_body jsonb, p_now timestamptz) returns void
language plpgsql as $$
begin
  if p_body -> 'exits' <> '[]' then
    insert into exit_dial as d (hour, exit_id, gateway_id, dials, failures, latency_ms)
    select date_trunc('hour', p_now, 'UTC'), x.id, p_gateway, sum(x.dials), sum(x.failures), sum(x.latency_ms)
    from jsonb_to_recordset(p_body -> 'exits') as x (id text, dials bigint, failures bigint, latency_ms bigint)
    where exists (select from exit e where e.id = x.id) and is_plausible(x.dials, x.failures, x.latency_ms)
    group by x.id
    on conflict (hour, exit_id, gateway_id) do update
      set dials = d.dials + excluded.dials, failures = d.failures + excluded.failures,
        latency_ms = d.latency_ms + excluded.latency_ms;
  end if;
  if p_body -> 'pins' <> '[]' then
    insert into node as n (account_id, session, exit_id, generation, expires_at)
    select distinct on (p.account, p.session) p.account, p.session, p.exit, p.generation::integer, p.expires_at::timestamptz
    from jsonb_to_recordset(p_body -> 'pins') as p (account text, session text, exit text, generation bigint, expires_at text)
    where exists (select from account a where a.id = p.account) and exists (select from exit e where e.id = p.exit)
      and p.generation < 2147483647 and pg_input_is_valid(p.expires_at, 'timestamptz')
    order by p.account, p.session, p.generation desc, p.expires_at desc
    on conflict (account_id, session) do update
      set exit_id = excluded.exit_id, generation = excluded.generation, expires_at = excluded.expires_at
      where n.expires_at <= p_now
        or excluded.generation > n.generation
        or excluded.generation = n.generation and excluded.exit_id = n.exit_id and excluded.expires_at > n.expires_at;
  end if;
  insert into gateway_tunnels as t (gateway_id, lines, said_at)
  values (p_gateway, limited_tunnels(p_body -> 'open'), p_now)
  on conflict (gateway_id) do update set lines = excluded.lines, said_at = excluded.said_at;
end;
$$;
