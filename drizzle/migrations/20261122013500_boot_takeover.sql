-- The first batch of a boot no longer takes the leases of another that may be the one that lives.

-- Settles what a boot held with what it spent and gave back, grants what its lines ask for, and answers them.
--
-- An answer without a line (`ttl_ms` 0: it does not renew) recalls: another gateway runs short of that budget. `p_granting` is false for a boot that is
-- over, or not yet known to be alive: it is granted nothing, and told whether more is free than other gateways hold. The caller
-- holds the budgets' accounts.
create or replace function settle_leases(
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
    select t.budget, t.spent, t.wanted, b.id is not null as is_known, b.id is not null and p_granting as is_open,
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
    select g.budget, g.bytes as granted, p_ttl_ms as ttl_ms,
      g.is_known and g.free - g.bytes + (case when p_granting then 0 else g.own end) > 0 as free,
      case
        when not g.is_known then 0
        when not p_granting then null
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

-- Settles one batch of a gateway that is not revoked; `p_digest` is that of its body, `p_head_digest` that of its signed head,
-- `p_leaves` what its receipt's root is over.
--
-- Outcome: settled; repeat (the same batch again: the first reply, or, where that was forgotten, one
-- that grants nothing); conflict (another body under the same key: nothing
-- happens); revoked (or unknown).
--
-- A boot takes over from the one before, and what that held is free, once it is known to live: the first batch of a boot may be
-- one that was long on its way, of a process that is gone, whatever its number. A gateway sends a batch once the one before is
-- answered, so a boot that sends another after one that came later than the first of the present boot lives now. Where the
-- boot before holds nothing, a boot that was never heard of need not wait.
--
-- Locks: see the ledger. Cost: O(records), whatever the size of the tables.
create or replace function settle_batch(
  p_gateway text, p_boot text, p_seq bigint, p_digest text, p_head_digest text, p_leaves text, p_body jsonb, p_ttl_ms bigint,
  p_hold_ms bigint
) returns table (outcome text, reply text)
language plpgsql as $$
declare
  c_rolled_caps constant integer := 100;
  v_source text := p_gateway || '/' || p_boot || '/' || p_seq;
  v_gateway gateway;
  v_before record;
  v_is_new_boot boolean;
  v_takes_over boolean;
  v_forgotten int8multirange;
  v_records batch_use[];
  v_budgets batch_budget[];
  v_accounts text[];
  v_now timestamptz;
  v_closed_at timestamptz;
  v_leases json;
  v_reply text;
  v_transaction bigint;
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
  -- After the look above: a batch that was forgotten between the two is found here, and in no order of the two neither.
  select k.settled into v_forgotten from usage_boot k where k.gateway_id = p_gateway and k.boot = p_boot;
  if v_forgotten @> p_seq then
    return query select 'repeat', json_build_object('gateway', p_gateway, 'boot', p_boot, 'seq', p_seq, 'leases', (
      select coalesce(json_agg(json_build_object('budget', l.budget, 'granted', 0, 'ttl_ms', 0, 'free', false, 'keep', null)), '[]')
      from jsonb_to_recordset(p_body -> 'leases') as l (budget text)))::text;
    return;
  end if;
  v_is_new_boot := v_gateway.boot is distinct from p_boot and v_forgotten is null
    and not exists (select from usage_batch b where b.gateway_id = p_gateway and b.boot = p_boot);
  v_takes_over := v_gateway.boot is distinct from p_boot and case
    when v_is_new_boot then
      not exists (select from lease l where l.gateway_id = p_gateway and l.boot <> p_boot and l.expires_at > clock_timestamp())
    else coalesce(
      (select b.received_at from usage_batch b
        where b.gateway_id = p_gateway and b.boot = p_boot and b.seq < p_seq order by b.seq desc limit 1)
      > coalesce(
        (select b.received_at from usage_batch b
          where b.gateway_id = p_gateway and b.boot = v_gateway.boot order by b.seq limit 1),
        '-infinity'),
      false)
    end;

  v_records := read_batch_records(v_source, p_body);
  select array_agg(o.account) into v_accounts
  from (
    select r.account from unnest(v_records) r
    union
    select b.account_id from jsonb_to_recordset(p_body -> 'leases') as l (budget text) join budget b on b.id = l.budget
    union
    select b.account_id from lease l join budget b on b.id = l.budget_id
    where v_takes_over and l.gateway_id = p_gateway and l.boot <> p_boot
  ) o;
  perform from budget b where b.id = any (v_accounts) order by b.id for no key update;
  v_now := clock_timestamp();

  if v_takes_over then
    -- The process that held them is gone, and what it owed was posted before.
    delete from lease l where l.gateway_id = p_gateway and l.boot <> p_boot;
  end if;
  perform roll_caps(v_accounts, v_now);
  perform roll_due_caps(c_rolled_caps);

  v_transaction := bill_batch(v_source, v_records);
  perform keep_receipt(p_body, p_leaves, v_transaction);
  v_closed_at := case when pg_input_is_valid(p_body ->> 'closed_at', 'timestamptz')
    then (p_body ->> 'closed_at')::timestamptz else v_now end;
  perform roll_up_batch(p_body, v_records,
    date_trunc('hour', least(greatest(v_closed_at, v_now - interval '30 days'), v_now), 'UTC'), v_now);
  v_budgets := read_batch_budgets(p_body, v_records);
  v_leases := settle_leases(p_gateway, p_boot, v_budgets, v_takes_over or v_gateway.boot = p_boot, v_now, p_ttl_ms, p_hold_ms);
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
    set last_seen_at = v_now, last_digest = p_head_digest,
      boot = case when v_takes_over then p_boot else g.boot end,
      seq = case when v_takes_over or g.boot = p_boot then p_seq else g.seq end,
      open_tunnels = (select least(coalesce(sum(o.tunnels), 0), 2147483647) from jsonb_to_recordset(p_body -> 'open') as o (tunnels bigint))
  where g.id = p_gateway;
  return query select 'settled', v_reply;
end;
$$;
