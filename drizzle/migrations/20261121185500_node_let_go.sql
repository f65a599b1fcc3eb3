-- A node that is let go stays as an expired one does, with a generation of its own: what a gateway said of it before, and
-- says later, neither brings it back nor moves the node that is held under the session after it.
create or replace function publish_node() returns trigger
language plpgsql as $$
begin
  if tg_op = 'INSERT' or tg_op = 'UPDATE' and new.expires_at > now() then
    perform feed_publish('node', new.account_id || '/' || new.session, jsonb_build_object(
      'account', new.account_id, 'session', new.session, 'exit', new.exit_id, 'generation', new.generation,
      'expires_at', wire_time(new.expires_at)));
  elsif old.expires_at > now() then
    perform feed_bury('node', old.account_id || '/' || old.session);
  elsif tg_op = 'DELETE' then
    perform feed_forget('node', old.account_id || '/' || old.session);
  end if;
  return null;
end;
$$;

-- What gateways say of their dials, where they pinned sessions, the tunnels they have open, and from where credentials
-- were used. A pin loses against one of a later generation, and
-- against the end of a node that came after the window of its batch had begun: it may be older than that end. Of a credential the first 1,000 addresses are remembered and told of.
create or replace function note_reports(p_gateway text, p_body jsonb, p_now timestamptz) returns void
language plpgsql as $$
declare
  c_sources constant integer := 1000;
  v_source record;
  v_opened_at timestamptz;
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
    v_opened_at := case when pg_input_is_valid(p_body ->> 'opened_at', 'timestamptz')
      then least(p_now, (p_body ->> 'opened_at')::timestamptz) else p_now end;
    insert into node as n (account_id, session, exit_id, generation, expires_at)
    select distinct on (p.account, p.session) p.account, p.session, p.exit, p.generation::integer, p.expires_at::timestamptz
    from jsonb_to_recordset(p_body -> 'pins') as p (account text, session text, exit text, generation bigint, expires_at text)
    where exists (select from account a where a.id = p.account) and exists (select from exit e where e.id = p.exit)
      and p.generation < 2147483647 and pg_input_is_valid(p.expires_at, 'timestamptz')
    order by p.account, p.session, p.generation desc, p.expires_at desc
    on conflict (account_id, session) do update
      set exit_id = excluded.exit_id, generation = excluded.generation, expires_at = excluded.expires_at
      where n.expires_at <= v_opened_at
        or excluded.generation > n.generation
        or excluded.generation = n.generation and excluded.exit_id = n.exit_id and excluded.expires_at > n.expires_at;
  end if;
  insert into gateway_tunnels as t (gateway_id, lines, said_at)
  values (p_gateway, limited_tunnels(p_body -> 'open'), p_now)
  on conflict (gateway_id) do update set lines = excluded.lines, said_at = excluded.said_at;
  if p_body ? 'sources' then
    for v_source in
      insert into credential_source (credential_id, source)
      select distinct s.credential, s.source_ip
      from jsonb_to_recordset(p_body -> 'sources') as s (credential text, source_ip text)
      join credential c on c.id = s.credential and c.kind in ('key', 'sub_user')
      where (select count(*) from credential_source o where o.credential_id = s.credential) < c_sources
      order by s.credential, s.source_ip
      on conflict do nothing
      returning credential_id, source
    loop
      perform publish_event(c.account_id, 'key.new_source_ip', jsonb_build_object(
        'credential_id', c.id, 'source_ip', v_source.source,
        'first', not exists (
          select from credential_source o where o.credential_id = c.id and o.source <> v_source.source)))
      from credential c where c.id = v_source.credential_id;
    end loop;
  end if;
end;
$$;
