-- Every entry of a customer keeps what the balance was after it, so that a page of the ledger costs the same however long
-- the ledger is. Entries of one account come one at a time, in the order of their transactions: whoever posts one holds
-- the account's budget, and takes the transaction's number after it.
alter table ledger_entry disable trigger ledger_entry_append_only;
update ledger_entry e set balance_bytes = s.balance_bytes
from (
  select ledger_account_id, transaction_id,
    sum(bytes) over (partition by ledger_account_id order by transaction_id)::bigint as balance_bytes
  from ledger_entry
) s
where s.ledger_account_id = e.ledger_account_id and s.transaction_id = e.transaction_id
  and exists (select from budget b where b.id = e.ledger_account_id);
alter table ledger_entry enable trigger ledger_entry_append_only;

create function fill_entry_balance() returns trigger
language plpgsql as $$
begin
  new.balance_bytes := (select b.balance_bytes + new.bytes from budget b where b.id = new.ledger_account_id);
  return new;
end;
$$;

-- Within one statement an account has one entry at most, so what the budget holds is what was before it.
create trigger ledger_entry_fill before insert on ledger_entry
  for each row execute function fill_entry_balance();

-- Everything in the ledger that does not add up; no rows when all is well. Cost: reads the whole ledger.
create or replace function ledger_check()
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
  where b.balance_bytes is distinct from coalesce(s.bytes, 0)
  union all
  select 'balance after an entry is not the sum up to it', s.ledger_account_id || '/' || s.transaction_id, s.bytes, s.balance_bytes
  from (
    select e.ledger_account_id, e.transaction_id, e.balance_bytes,
      sum(e.bytes) over (partition by e.ledger_account_id order by e.transaction_id) as bytes
    from ledger_entry e join account a on a.id = e.ledger_account_id
  ) s
  where s.balance_bytes is distinct from s.bytes;
$$;
