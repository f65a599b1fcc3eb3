-- Makes the partitions of this month and the two that come, and drops those that ended longer ago than they are kept. Gives
-- the names of the latter. To drop one locks its table against everybody for a moment: who does not get that lock at
-- once leaves it, and what comes after it, to the next run; what was made and dropped before stays so. Drops in the order in
-- which a batch takes the tables, so that the two never wait for each other.
create or replace function keep_months(p_now timestamptz) returns setof text
language plpgsql as $$
declare
  c_order constant text[] := array['batch_receipt', 'usage_rollup', 'rejection', 'exit_dial'];
  v_old text;
begin
  perform ensure_month(k.table_name, p_now + n * interval '1 month', k.fill_percent)
  from kept_months() k, generate_series(0, 2) n;
  perform set_config('lock_timeout', '1s', true);
  for v_old in
    select c.relname
    from kept_months() k
    join pg_inherits i on i.inhparent = to_regclass(k.table_name)
    join pg_class c on c.oid = i.inhrelid
    where (to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month') at time zone 'UTC' <= p_now - k.kept
    order by array_position(c_order, k.table_name), c.relname
  loop
    begin
      execute format('drop table %I', v_old);
    exception when lock_not_available then
      return;
    end;
    return next v_old;
  end loop;
end;
$$;
