-- Removes what is over. Each part takes at most `p_limit` rows and none that another transaction holds, so that it never
-- waits and can run at any time, as often as one likes. Gives how many rows it removed or rolled.
create function sweep(p_limit integer) returns integer
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
  delete from rate_window where (bucket, starts_at) in (
    select bucket, starts_at from rate_window where ends_at <= now() limit p_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_total := v_total + v_rows;
  delete from ban where subject in (
    select subject from ban where ends_at <= now() limit p_limit for update skip locked);
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
