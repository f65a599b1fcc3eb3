-- The ledger: append-only, double-entry, in bytes. What customers may spend is `budget`; the account's own budget is the
-- sum of its ledger entries, kept by the trigger that lets entries in.
--
-- Lock order, everywhere: gateway row, then budget rows of accounts (id = account id) in the order of their ids, then what
-- those accounts own (caps, leases, roll-ups, nodes), then feed records. An account's budget row is the lock for all that
-- the account owns: nothing of it is written without it. (An account or key that is changed through the control API is
-- locked before its budget; nothing that holds a budget asks for those.)

insert into ledger_account (id, kind) values
  ('sys_sales', 'system'), ('sys_usage', 'system'), ('sys_adjustments', 'system'), ('sys_refunds', 'system'), ('sys_expiry', 'system');

create function refuse_change() returns trigger
language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end;
$$;

create trigger ledger_transaction_append_only before update or delete or truncate on ledger_transaction
  for each statement execute function refuse_change();
create trigger ledger_entry_append_only before update or delete or truncate on ledger_entry
  for each statement execute function refuse_change();
create trigger usage_batch_append_only before update or delete or truncate on usage_batch
  for each statement execute function refuse_change();

-- Lets entries in: all those of a transaction come in one statement and sum to zero. Moves the balances of customers, whose
-- budgets the caller has locked.
create function post_entries() returns trigger
language plpgsql as $$
begin
  if exists (select from added group by transaction_id having sum(bytes) <> 0) then
    raise exception 'the entries of a transaction must sum to zero' using errcode = 'check_violation', constraint = 'ledger_entry_balanced';
  end if;
  if exists (select from added a where not exists (select from ledger_account l where l.id = a.ledger_account_id))
    or exists (select from (select distinct transaction_id from added) a
      where not exists (select from ledger_transaction t where t.id = a.transaction_id)) then
    raise exception 'an entry names an unknown account or transaction' using errcode = 'foreign_key_violation';
  end if;
  update budget b set balance_bytes = b.balance_bytes + a.bytes
  from (select ledger_account_id, sum(bytes)::bigint as bytes from added group by ledger_account_id) a
  where b.id = a.ledger_account_id;
  return null;
end;
$$;

create trigger ledger_entry_post after insert on ledger_entry referencing new table as added
  for each statement execute function post_entries();

-- Which power of two a balance has reached: 0 for none, n + 1 from 2^n on. What changes it is worth a new feed record.
create function balance_band(p_bytes bigint) returns integer
language sql immutable strict parallel safe
return case when p_bytes <= 0 then 0 else 65 - position('1' in p_bytes::bit(64)::text) end;

-- The caller holds the account's budget, so that no other publisher has a newer status or balance.
create function publish_account(p_account text) returns void
language sql as $$
  select feed_publish('account', a.id, jsonb_build_object(
    'status', a.status, 'balance_bytes', b.balance_bytes, 'threads', a.threads))
  from account a join budget b on b.id = a.id
  where a.id = p_account;
$$;

create function open_account() returns trigger
language plpgsql as $$
begin
  insert into ledger_account (id, kind) values (new.id, 'customer');
  insert into budget (id, account_id, balance_bytes) values (new.id, new.id, 0);
  perform publish_account(new.id);
  return null;
end;
$$;

create trigger account_open after insert on account
  for each row execute function open_account();

create function account_changed() returns trigger
language plpgsql as $$
begin
  perform from budget where id = new.id for no key update;
  perform publish_account(new.id);
  return null;
end;
$$;

create trigger account_publish after update of status, threads on account
  for each row when (old.status is distinct from new.status or old.threads is distinct from new.threads)
  execute function account_changed();

create function publish_budget() returns trigger
language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    perform feed_bury('budget', old.id);
  elsif new.credential_id is null then
    perform publish_account(new.account_id);
  else
    perform feed_publish('budget', new.id, jsonb_build_object(
      'account', new.account_id, 'credential', new.credential_id, 'balance_bytes', new.balance_bytes,
      'window_ends_at', wire_time(new.window_ends_at)));
  end if;
  return null;
end;
$$;

create trigger budget_publish_new after insert on budget
  for each row when (new.credential_id is not null) execute function publish_budget();
create trigger budget_publish after update on budget
  for each row when (
    balance_band(old.balance_bytes) <> balance_band(new.balance_bytes)
    or old.cap_bytes is distinct from new.cap_bytes
    or old.window_ends_at is distinct from new.window_ends_at)
  execute function publish_budget();
create trigger budget_bury after delete on budget
  for each row when (old.credential_id is not null) execute function publish_budget();

-- Posts one transaction between a customer and a system account, whose budget the caller has locked.
create function post_transfer(p_cause text, p_reference text, p_note text, p_account text, p_system text, p_bytes bigint)
returns void
language plpgsql as $$
declare
  v_transaction bigint;
begin
  insert into ledger_transaction (cause, reference, note) values (p_cause, p_reference, p_note) returning id into v_transaction;
  insert into ledger_entry (ledger_account_id, transaction_id, bytes)
  values (p_account, v_transaction, p_bytes), (p_system, v_transaction, -p_bytes);
end;
$$;

-- Gives (or, negative, takes) bytes by an operator's hand, once for each key.
-- Outcome: adjusted, repeat, conflict (the key was used for something else), not_found.
create function adjust_balance(p_account text, p_bytes bigint, p_reason text, p_key text)
returns table (outcome text, balance_bytes bigint)
language plpgsql as $$
declare
  v_reference text := p_account || '/' || p_key;
  v_before record;
begin
  perform from budget b where b.id = p_account and b.credential_id is null for no key update;
  if not found then
    return query select 'not_found', 0::bigint;
    return;
  end if;
  select t.note, e.bytes into v_before
  from ledger_transaction t join ledger_entry e on e.transaction_id = t.id and e.ledger_account_id = p_account
  where t.cause = 'adjustment' and t.reference = v_reference;
  if not found then
    perform post_transfer('adjustment', v_reference, p_reason, p_account, 'sys_adjustments', p_bytes);
    return query select 'adjusted', b.balance_bytes from budget b where b.id = p_account;
  else
    return query
    select case when v_before.bytes = p_bytes and v_before.note = p_reason then 'repeat' else 'conflict' end, b.balance_bytes
    from budget b where b.id = p_account;
  end if;
end;
$$;

-- Everything in the ledger that does not add up; no rows when all is well. Cost: reads the whole ledger.
create function ledger_check()
returns table (problem text, id text, expected numeric, found numeric)
language sql stable as $$
  select 'transaction does not sum to zero', transaction_id::text, 0, sum(bytes)
  from ledger_entry group by transaction_id having sum(bytes) <> 0
  union all
  select 'transaction has no entries', t.id::text, null, null
  from ledger_transaction t where not exists (select from ledger_entry e where e.transaction_id = t.id)
  union all
  select 'entry of an unknown transaction', e.transaction_id::text, null, null
  from ledger_entry e where not exists (select from ledger_transaction t where t.id = e.transaction_id)
  union all
  select 'balance is not the sum of the entries', a.id, coalesce(s.bytes, 0), b.balance_bytes
  from account a
  left join budget b on b.id = a.id
  left join (select ledger_account_id, sum(bytes) as bytes from ledger_entry group by ledger_account_id) s on s.ledger_account_id = a.id
  where b.balance_bytes is distinct from coalesce(s.bytes, 0);
$$;

-- Rows that every batch updates find room on their page, so that no index has to follow.
alter table budget set (fillfactor = 50);
alter table lease set (fillfactor = 50);
alter table gateway set (fillfactor = 50);
alter table usage_rollup set (fillfactor = 70);
