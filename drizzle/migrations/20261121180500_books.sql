-- What payments, batches and the ledger say of each other.

-- Everything in the books that does not add up; no rows when all is well. Cost: reads the whole ledger, and the batches of a day.
create function books_check()
returns table (problem text, id text, expected numeric, found numeric)
language sql stable as $$
  select c.problem, c.id, c.expected, c.found from ledger_check() c
  union all
  -- Each payment brought its bytes once, and nothing else is called a payment.
  select 'payment is not credited as it was paid', coalesce(p.reference, t.reference), p.bytes, e.bytes
  from payment p
  full join (select f.id, f.reference from ledger_transaction f where f.cause = 'payment') t on t.reference = p.reference
  left join ledger_entry e on e.transaction_id = t.id and e.ledger_account_id = p.account_id
  where e.bytes is distinct from p.bytes or p.id is null
  union all
  -- What refunds, disputes and the ends of periods took of an account's payments is what the ledger took.
  select 'what was ' || k.what || ' is not what the ledger says', a.id, coalesce(p.bytes, 0), coalesce(e.bytes, 0)
  from account a
  cross join (values ('taken back', 'refund'), ('expired', 'expiry')) k (what, cause)
  left join (
    select w.account_id, c.cause, sum(case c.cause when 'refund' then w.taken_back_bytes else w.expired_bytes end) as bytes
    from payment w cross join (values ('refund'), ('expiry')) c (cause)
    group by w.account_id, c.cause
  ) p on p.account_id = a.id and p.cause = k.cause
  left join (
    select n.ledger_account_id, t.cause, -sum(n.bytes) as bytes
    from ledger_transaction t join ledger_entry n on n.transaction_id = t.id
    where t.cause in ('refund', 'expiry') group by n.ledger_account_id, t.cause
  ) e on e.ledger_account_id = a.id and e.cause = k.cause
  where coalesce(p.bytes, 0) <> coalesce(e.bytes, 0)
  union all
  -- A batch of the last day billed what it reported of credentials that pay.
  select 'batch is not billed as it was reported', r.gateway_id || '/' || r.boot || '/' || r.seq, u.bytes, e.bytes
  from batch_receipt r
  cross join lateral (
    select coalesce(sum(x.bytes_up + x.bytes_down), 0) as bytes
    from jsonb_to_recordset(r.records) as x (account text, credential text, bytes_up bigint, bytes_down bigint, connections bigint)
    join credential c on c.id = x.credential and c.account_id = x.account
    where not c.test and is_plausible(x.bytes_up, x.bytes_down, x.connections)
  ) u
  left join ledger_entry e on e.transaction_id = r.transaction_id and e.ledger_account_id = 'sys_usage'
  where r.at > now() - interval '1 day' and r.transaction_id is not null and e.bytes is distinct from u.bytes
  union all
  select 'batch is billed and not claimed', t.reference, null, e.bytes
  from ledger_transaction t
  left join ledger_entry e on e.transaction_id = t.id and e.ledger_account_id = 'sys_usage'
  where t.cause = 'batch' and t.at > now() - interval '1 day'
    and not exists (
      select from usage_batch b
      where b.gateway_id = split_part(t.reference, '/', 1) and b.boot = split_part(t.reference, '/', 2)
        and b.seq = split_part(t.reference, '/', 3)::bigint);
$$;
