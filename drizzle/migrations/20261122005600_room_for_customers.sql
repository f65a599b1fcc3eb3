-- As before, and for the customers of an account and the plans that it offers them.
create or replace function claim_room(p_account text, p_owned text, p_max integer) returns void
language plpgsql as $$
declare
  v_count bigint;
begin
  perform from budget where id = p_account for no key update;
  v_count := case p_owned
    when 'api_key' then (select count(*) from api_key where account_id = p_account and revoked_at is null)
    when 'account_key' then (select count(*) from account_key where account_id = p_account and revoked_at is null)
    when 'sub_user' then (select count(*) from sub_user where account_id = p_account and deleted_at is null)
    when 'authorized_source' then (select count(*) from authorized_source where account_id = p_account and deleted_at is null)
    when 'customer' then (select count(*) from customer where account_id = p_account and deleted_at is null)
    when 'plan' then (select count(*) from plan where account_id = p_account and active)
    when 'webhook_endpoint' then (select count(*) from webhook_endpoint where account_id = p_account and deleted_at is null)
  end;
  if v_count is null then
    raise exception 'nothing is known of room for %', p_owned;
  end if;
  if v_count >= p_max then
    raise exception 'an account has room for % of %', p_max, p_owned
      using errcode = 'check_violation', constraint = 'account_has_room';
  end if;
end;
$$;
