-- Receipts: what a batch billed is kept with its gateway's signature, one row a batch whatever it holds, so that keeping it
-- costs settling next to nothing. What an account is shown of it is made when it asks.

create trigger batch_receipt_append_only before update or delete or truncate on batch_receipt
  for each statement execute function refuse_change();

-- Records of a thousand uses are much alike.
do $$
begin
  alter table batch_receipt alter column records set compression lz4;
exception when feature_not_supported then
  null;
end;
$$;

-- Makes the partition of a month, unless there is one. Waits for nobody but another who makes the same.
create function ensure_month(p_table text, p_at timestamptz, p_fillfactor integer) returns void
language plpgsql as $$
declare
  v_from timestamptz := date_trunc('month', p_at, 'UTC');
  v_to timestamptz := (v_from at time zone 'UTC' + interval '1 month') at time zone 'UTC';
  v_name text := p_table || '_' || to_char(v_from at time zone 'UTC', 'YYYYMM');
begin
  if to_regclass(quote_ident(v_name)) is not null then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtextextended(v_name, 0));
  if to_regclass(quote_ident(v_name)) is not null then
    return;
  end if;
  -- Made by itself and attached: `create table ... partition of` would lock the whole table against everybody.
  execute format('create table %I (like %I including all) with (fillfactor = %s)', v_name, p_table, p_fillfactor);
  execute format('alter table %I attach partition %I for values from (%L) to (%L)', p_table, v_name, v_from, v_to);
end;
$$;

select ensure_month('batch_receipt', now(), 100);

create function keep_receipt(p_body jsonb, p_leaves text, p_transaction bigint) returns void
language plpgsql as $$
begin
  -- A job makes the months ahead; a batch never waits for it to have run.
  perform ensure_month('batch_receipt', now(), 100);
  insert into batch_receipt (gateway_id, boot, seq, previous, opened_at, closed_at, root, signature, secret, transaction_id, leaves, records)
  values (p_body ->> 'gateway', p_body ->> 'boot', (p_body ->> 'seq')::bigint, p_body ->> 'previous',
    p_body ->> 'opened_at', p_body ->> 'closed_at',
    p_body -> 'receipt' ->> 'root', p_body -> 'receipt' ->> 'signature', p_body -> 'receipt' ->> 'secret',
    p_transaction, p_leaves, case when p_transaction is not null then p_body -> 'records' end);
end;
$$;

drop function settle_batch(text, text, bigint, text, jsonb, bigint, bigint);
drop function bill_batch(text, batch_use[]);

-- Writes the ledger for a batch (one transaction: each account pays what it used) and takes the same from the caps.
-- Test credentials pay nothing. The caller holds the accounts' budgets. Gives the transaction's number; null when nobody paid.
create function bill_batch(p_source text, p_records batch_use[]) returns bigint
language plpgsql as $$
declare
  v_transaction bigint;
begin
  if not exists (select from unnest(p_records) r where not r.test and r.bytes_up + r.bytes_down > 0) then
    return null;
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
  return v_transaction;
end;
$$;

-- Settles one batch of a gateway that is not revoked; `p_digest` is that of its body, `p_head_digest` that of its signed head,
-- `p_leaves` what its receipt's root is over.
--
-- Outcome: settled; repeat (the same batch again: the first reply); conflict (another body under the same key: nothing
-- happens); revoked (or unknown). Locks: see the ledger. Cost: O(records), whatever the size of the tables.
create function settle_batch(
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

  v_transaction := bill_batch(v_source, v_records);
  perform keep_receipt(p_body, p_leaves, v_transaction);
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
    set last_seen_at = v_now, last_digest = p_head_digest,
      boot = case when v_is_new_boot then p_boot else g.boot end,
      seq = case when v_is_new_boot or g.boot = p_boot then p_seq else g.seq end,
      open_tunnels = (select least(coalesce(sum(o.tunnels), 0), 2147483647) from jsonb_to_recordset(p_body -> 'open') as o (tunnels bigint))
  where g.id = p_gateway;
  return query select 'settled', v_reply;
end;
$$;
