-- Settling a usage batch: one call, one commit. Set-based throughout: a batch holds up to 1,000 records.

-- One record of a batch whose account and credential are known.
create type batch_use as (
  account text, credential text, exit text, country text, network text, dialect text,
  bytes_up bigint, bytes_down bigint, connections bigint, test boolean, grade text
);

-- One budget that a batch spent from or has a line for.
create type batch_budget as (budget text, spent bigint, wanted bigint, returned bigint, is_asked boolean);

-- What is granted of what is free: at most half, but the last 64 KiB whole. The mirror of `grantBytes` in shared/lease.
create function lease_grant(p_free bigint, p_wanted bigint) returns bigint
language sql immutable strict parallel safe
return case when p_free <= 0 or p_wanted <= 0 then 0
  else least(p_wanted, greatest(p_free / 2, least(p_free, 65536))) end;

-- More than any record of a second can hold (2^40); a record beyond it is a fault of the gateway and not credited.
create function is_plausible(variadic p_counts bigint[]) returns boolean
language sql immutable parallel safe
return 1099511627776 >= all (p_counts);

create function note_anomaly(p_kind text, p_source text, p_detail jsonb) returns void
language sql as $$
  insert into anomaly (kind, source, detail) values (p_kind, p_source, p_detail);
$$;

-- Records whose account, credential or size makes no sense are kept as anomalies; the others can be credited. An exit that
-- is unknown or gone is noted, and its bytes are credited.
create function read_batch_records(p_source text, p_body jsonb) returns batch_use[]
language plpgsql as $$
declare
  v_records batch_use[];
  v_strange jsonb[];
  v_exits text[];
begin
  select
    array_agg(row(r.account, r.credential, r.exit, r.country, r.network, r.dialect, r.bytes_up, r.bytes_down,
      r.connections, c.test, e.grade)::batch_use) filter (where c.id is not null and is_plausible(r.bytes_up, r.bytes_down, r.connections)),
    array_agg(jsonb_build_object(
      'kind', case
        when not exists (select from account a where a.id = r.account) then 'unknown_account'
        when c.id is null then 'unknown_credential'
        else 'implausible_counts' end,
      'detail', to_jsonb(r))) filter (where c.id is null or not is_plausible(r.bytes_up, r.bytes_down, r.connections)),
    array_agg(distinct r.exit) filter (where c.id is not null and r.exit is not null and e.id is null)
  into v_records, v_strange, v_exits
  from jsonb_to_recordset(p_body -> 'records') as r (
    account text, credential text, exit text, country text, network text, dialect text,
    bytes_up bigint, bytes_down bigint, connections bigint, refused jsonb)
  left join credential c on c.id = r.credential and c.account_id = r.account
  left join exit e on e.id = r.exit;

  perform note_anomaly(s ->> 'kind', p_source, s -> 'detail') from unnest(v_strange) s;
  if v_exits is not null then
    perform note_anomaly('unknown_exit', p_source, jsonb_build_object('exits', v_exits));
  end if;
  return coalesce(v_records, '{}');
end;
$$;

-- Writes the ledger for a batch (one transaction: each account pays what it used) and takes the same from the caps.
-- Test credentials pay nothing. The caller holds the accounts' budgets.
create function bill_batch(p_source text, p_records batch_use[]) returns void
language plpgsql as $$
declare
  v_transaction bigint;
begin
  if not exists (select from unnest(p_records) r where not r.test and r.bytes_up + r.bytes_down > 0) then
    return;
  end if;
  insert into ledger_transaction (cause, reference) values ('batch', p_source) returning id into v_transaction;
  insert into ledger_entry (ledger_account_id, transaction_id, bytes)
  select coalesce(r.account, 'sys_usage'), v_transaction,
    (case when r.account is null then 1 else -1 end) * sum(r.bytes_up + r.bytes_down)::bigint
  from unnest(p_records) r
  where not r.test
  group by grouping sets ((r.account), ())
  having sum(r.bytes_up + r.bytes_down) > 0;

  update budget b set balance_bytes = b.balance_bytes - u.bytes
  from (
    select r.account, r.credential, sum(r.bytes_up + r.bytes_down)::bigint as bytes
    from unnest(p_records) r where not r.test group by r.account, r.credential
  ) u
  where b.account_id = u.account and b.credential_id = u.credential and u.bytes > 0;
end;
$$;

-- Adds a batch to the roll-ups of usage and of refusals. The caller holds the accounts' budgets.
create function roll_up_batch(p_body jsonb, p_records batch_use[], p_hour timestamptz, p_now timestamptz) returns void
language plpgsql as $$
begin
  insert into usage_rollup as u (account_id, hour, credential_id, exit_id, country, network, dialect, exit_grade, test,
    bytes_up, bytes_down, connections)
  select r.account, p_hour, r.credential, r.exit, r.country, r.network, r.dialect, min(r.grade), bool_or(r.test),
    sum(r.bytes_up), sum(r.bytes_down), sum(r.connections)
  from unnest(p_records) r
  where r.bytes_up > 0 or r.bytes_down > 0 or r.connections > 0
  group by r.account, r.credential, r.exit, r.country, r.network, r.dialect
  on conflict on constraint usage_rollup_key do update
    set bytes_up = u.bytes_up + excluded.bytes_up, bytes_down = u.bytes_down + excluded.bytes_down,
      connections = u.connections + excluded.connections;

  update credential c set last_used_at = p_now
  where c.id in (select r.credential from unnest(p_records) r where r.bytes_up > 0 or r.bytes_down > 0 or r.connections > 0)
    and (c.last_used_at is null or c.last_used_at < p_now - interval '1 minute');

  insert into rejection as j (account_id, hour, credential_id, dialect, code, count, last_at)
  select r.account, p_hour, r.credential, r.dialect, f.key, sum(f.value::bigint), p_now
  from jsonb_to_recordset(p_body -> 'records') as r (account text, credential text, dialect text, refused jsonb)
  join credential c on c.id = r.credential and c.account_id = r.account
  cross join jsonb_each_text(r.refused) f
  where r.refused <> '{}' and f.value::bigint > 0 and is_plausible(f.value::bigint)
  group by r.account, r.credential, r.dialect, f.key
  on conflict on constraint rejection_key do update
    set count = j.count + excluded.count, last_at = excluded.last_at;
end;
$$;

-- Every budget that a batch spent from or has a line for.
create function read_batch_budgets(p_body jsonb, p_records batch_use[]) returns batch_budget[]
language sql stable as $$
  with used as (
    select r.account, r.credential, sum(r.bytes_up + r.bytes_down)::bigint as bytes
    from unnest(p_records) r where not r.test group by r.account, r.credential
  ), spent as (
    select account as budget, sum(bytes)::bigint as bytes from used group by account
    union all
    select b.id, u.bytes from used u join budget b on b.account_id = u.account and b.credential_id = u.credential
  ), asked as (
    select l.budget, sum(l.wanted)::bigint as wanted, sum(l.returned)::bigint as returned
    from jsonb_to_recordset(p_body -> 'leases') as l (budget text, wanted bigint, returned bigint)
    group by l.budget
  )
  select coalesce(array_agg(row(coalesce(a.budget, s.budget), coalesce(s.bytes, 0), coalesce(a.wanted, 0),
    coalesce(a.returned, 0), a.budget is not null)::batch_budget), '{}')
  from spent s full join asked a on a.budget = s.budget;
$$;

-- Settles what a boot held with what it spent and gave back, grants what its lines ask for, and answers them.
--
-- An answer without a line (`ttl_ms` 0: it does not renew) recalls: another gateway runs short of that budget. `p_granting` is false for a boot that is
-- over; whatever it held was taken back when the next one began. The caller holds the budgets' accounts.
create function settle_leases(
  p_gateway text, p_boot text, p_budgets batch_budget[], p_granting boolean, p_now timestamptz, p_ttl_ms bigint, p_hold_ms bigint
) returns json
language plpgsql as $$
declare
  -- For how long a shortfall makes others give back, and what they may always keep.
  c_recall constant interval := interval '10 seconds';
  c_keep constant bigint := 65536;
  -- Who is granted less than this of what it wants runs short: `minWantedBytes` of shared/lease.
  c_short constant bigint := 4194304;
  v_answers json;
begin
  if p_granting then
    update lease l
      set held_bytes = case when l.expires_at <= p_now then 0 else greatest(0, l.held_bytes - t.spent - t.returned) end
    from unnest(p_budgets) t
    where l.gateway_id = p_gateway and l.budget_id = t.budget and l.boot = p_boot;
  end if;

  with asked as (
    select t.budget, t.spent, t.wanted, b.id is not null and p_granting as is_open,
      coalesce(b.balance_bytes, 0) - coalesce(l.leased, 0) as free, coalesce(l.own, 0) as own,
      coalesce(l.leased, 0) > coalesce(l.own, 0) as is_shared,
      b.shortfall_at > p_now - c_recall and b.shortfall_by <> p_gateway as is_recalled
    from unnest(p_budgets) t
    left join budget b on b.id = t.budget
    left join lateral (
      select sum(h.held_bytes)::bigint as leased, (sum(h.held_bytes) filter (where h.gateway_id = p_gateway))::bigint as own
      from lease h where h.budget_id = t.budget and h.expires_at > p_now
    ) l on true
    where t.is_asked
  ), granted as (
    select a.*, case when a.is_open then lease_grant(a.free, a.wanted) else 0 end as bytes from asked a
  ), short as (
    update budget b set shortfall_at = p_now, shortfall_by = p_gateway
    from granted g
    where b.id = g.budget and g.is_open and g.is_shared and g.bytes < least(g.wanted, c_short)
  ), held as (
    insert into lease as h (gateway_id, budget_id, boot, held_bytes, expires_at)
    select p_gateway, g.budget, p_boot, g.own + g.bytes, p_now + (p_ttl_ms + p_hold_ms) * interval '1 millisecond'
    from granted g where g.is_open and g.own + g.bytes > 0
    on conflict (gateway_id, budget_id) do update
      set boot = excluded.boot, held_bytes = excluded.held_bytes, expires_at = excluded.expires_at
  ), answers as (
    select g.budget, g.bytes as granted, p_ttl_ms as ttl_ms, g.is_open and g.free - g.bytes > 0 as free,
      case
        when not g.is_open then 0
        when not coalesce(g.is_recalled, false) then null
        when g.wanted = 0 and g.spent = 0 then 0
        else greatest(c_keep, (g.own + g.bytes) / 2)
      end as keep
    from granted g
    union all
    select b.id, 0, 0, b.balance_bytes > l.leased, k.keep
    from budget b
    join lease h on h.gateway_id = p_gateway and h.budget_id = b.id and h.boot = p_boot
    left join unnest(p_budgets) t on t.budget = b.id
    cross join lateral (select sum(o.held_bytes) as leased from lease o where o.budget_id = b.id and o.expires_at > p_now) l
    cross join lateral (select case when coalesce(t.spent, 0) = 0 then 0 else greatest(c_keep, h.held_bytes / 2) end as keep) k
    where b.shortfall_at > p_now - c_recall and b.shortfall_by <> p_gateway
      and p_granting and t.is_asked is not true and h.held_bytes > k.keep and h.expires_at > p_now
  )
  select coalesce(json_agg(a order by a.budget), '[]') into v_answers from answers a;

  delete from lease l
  using unnest(p_budgets) t
  where l.gateway_id = p_gateway and l.budget_id = t.budget and l.boot = p_boot and l.held_bytes = 0;
  return v_answers;
end;
$$;

-- What gateways say of their dials, and where they pinned sessions. A pin loses against one of a later generation.
create function note_reports(p_gateway text, p_body jsonb, p_now timestamptz) returns void
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
end;
$$;

-- Settles one batch of a gateway that is not revoked; `p_digest` is that of its body.
--
-- Outcome: settled; repeat (the same batch again: the first reply); conflict (another body under the same key: nothing
-- happens); revoked (or unknown). Locks: see the ledger. Cost: O(records), whatever the size of the tables.
create function settle_batch(
  p_gateway text, p_boot text, p_seq bigint, p_digest text, p_body jsonb, p_ttl_ms bigint, p_hold_ms bigint
) returns table (outcome text, reply text)
language plpgsql as $$
declare
  c_rolled_caps constant integer := 100;
  v_source text := p_gateway || '/' || p_boot || '/' || p_seq;
  v_gateway gateway;
  v_before record;
  v_is_new_boot boolean;
  v_records batch_use[];
  v_budgets batch_budget[];
  v_accounts text[];
  v_now timestamptz;
  v_closed_at timestamptz;
  v_leases json;
  v_reply text;
begin
  -- One batch of a gateway at a time; repeats wait here for the first.
  select * into v_gateway from gateway g where g.id = p_gateway and g.revoked_at is null for no key update;
  if not found then
    return query select 'revoked', null::text;
    return;
  end if;
  select b.digest, b.reply into v_before from usage_batch b
  where b.gateway_id = p_gateway and b.boot = p_boot and b.seq = p_seq;
  if found then
    if v_before.digest = p_digest then
      return query select 'repeat', v_before.reply;
    else
      return query select 'conflict', null::text;
    end if;
    return;
  end if;
  v_is_new_boot := v_gateway.boot is distinct from p_boot
    and not exists (select from usage_batch b where b.gateway_id = p_gateway and b.boot = p_boot);

  v_records := read_batch_records(v_source, p_body);
  select array_agg(o.account) into v_accounts
  from (
    select r.account from unnest(v_records) r
    union
    select b.account_id from jsonb_to_recordset(p_body -> 'leases') as l (budget text) join budget b on b.id = l.budget
    union
    select b.account_id from lease l join budget b on b.id = l.budget_id
    where v_is_new_boot and l.gateway_id = p_gateway and l.boot <> p_boot
  ) o;
  perform from budget b where b.id = any (v_accounts) order by b.id for no key update;
  v_now := clock_timestamp();

  if v_is_new_boot then
    -- The process that held them is gone, and what it owed was posted before.
    delete from lease l where l.gateway_id = p_gateway and l.boot <> p_boot;
  end if;
  perform roll_caps(v_accounts, v_now);
  perform roll_due_caps(c_rolled_caps);

  perform bill_batch(v_source, v_records);
  v_closed_at := case when pg_input_is_valid(p_body ->> 'closed_at', 'timestamptz')
    then (p_body ->> 'closed_at')::timestamptz else v_now end;
  perform roll_up_batch(p_body, v_records,
    date_trunc('hour', least(greatest(v_closed_at, v_now - interval '30 days'), v_now), 'UTC'), v_now);
  v_budgets := read_batch_budgets(p_body, v_records);
  v_leases := settle_leases(p_gateway, p_boot, v_budgets, v_is_new_boot or v_gateway.boot = p_boot, v_now, p_ttl_ms, p_hold_ms);
  perform note_reports(p_gateway, p_body, v_now);

  if p_body ->> 'previous' <> v_gateway.last_digest then
    perform note_anomaly('chain_broken', v_source, jsonb_build_object('expected', v_gateway.last_digest, 'found', p_body ->> 'previous'));
  end if;
  if p_seq <> (case when v_gateway.boot = p_boot then v_gateway.seq else 0 end) + 1 and (v_is_new_boot or v_gateway.boot = p_boot) then
    perform note_anomaly('sequence_gap', v_source, jsonb_build_object('before', v_gateway.seq));
  end if;

  v_reply := json_build_object('gateway', p_gateway, 'boot', p_boot, 'seq', p_seq, 'leases', v_leases)::text;
  insert into usage_batch (gateway_id, boot, seq, digest, previous, opened_at, closed_at, records, bytes, reply)
  select p_gateway, p_boot, p_seq, p_digest, p_body ->> 'previous',
    case when pg_input_is_valid(p_body ->> 'opened_at', 'timestamptz') then (p_body ->> 'opened_at')::timestamptz else v_closed_at end,
    v_closed_at, cardinality(v_records), (select coalesce(sum(r.bytes_up + r.bytes_down), 0) from unnest(v_records) r), v_reply;
  update gateway g
    set last_seen_at = v_now, last_digest = p_digest,
      boot = case when v_is_new_boot then p_boot else g.boot end,
      seq = case when v_is_new_boot or g.boot = p_boot then p_seq else g.seq end,
      open_tunnels = (select least(coalesce(sum(o.tunnels), 0), 2147483647) from jsonb_to_recordset(p_body -> 'open') as o (tunnels bigint))
  where g.id = p_gateway;
  return query select 'settled', v_reply;
end;
$$;

-- Revokes a gateway: what it holds is free for others at once. False when there is none.
create function revoke_gateway(p_gateway text) returns boolean
language plpgsql as $$
begin
  update gateway set revoked_at = now() where id = p_gateway and revoked_at is null;
  if not found then
    return false;
  end if;
  perform from budget b
  where b.id in (select o.account_id from lease l join budget o on o.id = l.budget_id where l.gateway_id = p_gateway)
  order by b.id for no key update;
  delete from lease where gateway_id = p_gateway;
  return true;
end;
$$;
