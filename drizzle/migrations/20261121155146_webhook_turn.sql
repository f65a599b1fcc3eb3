-- Takes endpoints that something is due for, and nobody else delivers to, for so long; those first whose turn was longest
-- ago. Of each so many deliveries, in the order of their events. `p_account`: only those of one account.
-- Cost: an index probe for each endpoint that something waits for.
create or replace function claim_deliveries(p_account text, p_endpoints integer, p_deliveries integer, p_lease_ms integer)
returns table (
  endpoint_id text, url text, secret_seed text, previous_seed text, claim text,
  delivery_id text, tries integer, attempts integer,
  event_id text, account_id text, type text, event_created_at text, data text
)
language plpgsql as $$
declare
  v_now timestamptz := clock_timestamp();
  v_claim timestamptz := v_now + p_lease_ms * interval '1 millisecond';
  v_endpoints text[];
begin
  with recursive waiting (id) as (
    (select d.endpoint_id from webhook_delivery d where d.status = 'pending' order by d.endpoint_id limit 1)
    union all
    select (select d.endpoint_id from webhook_delivery d
      where d.status = 'pending' and d.endpoint_id > w.id order by d.endpoint_id limit 1)
    from waiting w where w.id is not null
  ), candidate as (
    select w.id from waiting w where p_account is null
    union all
    select e.id from webhook_endpoint e where p_account is not null and e.account_id = p_account and e.deleted_at is null
  ), taken as (
    select e.id from webhook_endpoint e
    where e.id in (select c.id from candidate c) and e.disabled_at is null and e.deleted_at is null
      and (e.busy_until is null or e.busy_until <= v_now) and (e.held_until is null or e.held_until <= v_now)
      and exists (select from webhook_delivery d
        where d.endpoint_id = e.id and d.status = 'pending' and d.next_attempt_at <= v_now)
    order by e.served_at nulls first, e.id
    limit p_endpoints
    for no key update skip locked
  ), claimed as (
    update webhook_endpoint e set busy_until = v_claim, served_at = v_now from taken t where e.id = t.id returning e.id
  )
  select array_agg(c.id) into v_endpoints from claimed c;

  return query
  select e.id, e.url, e.secret_seed, case when e.previous_ends_at > v_now then e.previous_seed end, v_claim::text,
    d.id, d.tries, d.attempts, a.id, a.account_id, a.type, wire_time(a.created_at), a.data::text
  from unnest(v_endpoints) c (id)
  join webhook_endpoint e on e.id = c.id
  cross join lateral (
    select w.* from webhook_delivery w
    where w.endpoint_id = e.id and w.status = 'pending' and w.next_attempt_at <= v_now
    order by w.seq limit p_deliveries
  ) d
  join account_event a on a.id = d.event_id
  order by e.id, d.seq;
end;
$$;

-- Ends a turn at an endpoint; the next one can begin after so long.
drop function release_endpoint(text, text);

create function end_turn(p_endpoint text, p_claim text, p_hold_ms integer) returns void
language sql as $$
  update webhook_endpoint
    set busy_until = null, held_until = case when p_hold_ms > 0 then clock_timestamp() + p_hold_ms * interval '1 millisecond' end
    where id = p_endpoint and busy_until = p_claim::timestamptz;
$$;

-- Lets a delivery be tried anew from the start of its schedule. Outcome: due, not_found, conflict (its endpoint is
-- disabled or deleted, or it was tried too often).
create or replace function redeliver(p_account text, p_delivery text, p_max_attempts integer) returns text
language plpgsql as $$
declare
  v_delivery webhook_delivery;
begin
  select * into v_delivery from webhook_delivery d where d.id = p_delivery and d.account_id = p_account for update;
  if not found then
    return 'not_found';
  end if;
  if v_delivery.attempts >= p_max_attempts or not exists (
    select from webhook_endpoint e
    where e.id = v_delivery.endpoint_id and e.disabled_at is null and e.deleted_at is null)
  then
    return 'conflict';
  end if;
  update webhook_endpoint set held_until = null where id = v_delivery.endpoint_id and held_until is not null;
  update webhook_delivery set status = 'pending', tries = 0, next_attempt_at = now() where id = p_delivery;
  return 'due';
end;
$$;

-- Removes what is over. Each part takes at most `p_limit` rows and none that another transaction holds, so that it never
-- waits and can run at any time, as often as one likes. Gives how many rows it removed or rolled.
create or replace function sweep(p_limit integer) returns integer
language plpgsql as $$
declare
  v_rows integer;
  v_total integer := roll_due_caps(p_limit);
begin
  delete from session where token_digest in (
    select token_digest from session where expires_at <= now() limit p_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_total := v_total + v_rows;
  delete from answer where id in (
    select id from answer where expires_at <= now() limit p_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_total := v_total + v_rows;
  -- With their deliveries and tries.
  delete from account_event where id in (
    select id from account_event where created_at <= now() - interval '30 days' limit p_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_total := v_total + v_rows;
  delete from lease where (gateway_id, budget_id) in (
    select gateway_id, budget_id from lease where expires_at <= now() limit p_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_total := v_total + v_rows;
  -- A node keeps its generation for a while, so that a session that comes back is seen to have another exit.
  delete from node where (account_id, session) in (
    select account_id, session from node where expires_at <= now() - interval '1 day' limit p_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_total := v_total + v_rows;
  return v_total;
end;
$$;

-- What gateways say of their dials, where they pinned sessions, the tunnels they have open, and from where credentials
-- were used. A pin loses against one of a later generation. Of a credential the first 1,000 addresses are remembered and told of.
create or replace function note_reports(p_gateway text, p_body jsonb, p_now timestamptz) returns void
language plpgsql as $$
declare
  c_sources constant integer := 1000;
  v_source record;
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
