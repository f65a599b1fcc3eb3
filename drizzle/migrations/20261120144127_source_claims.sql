-- Authorised sources and the addresses they stand for. An address belongs to one source of the fleet at a time.

insert into source_address (address, source_id)
select a.address, s.id
from authorized_source s cross join jsonb_array_elements_text(s.addresses) a (address)
where s.deleted_at is null
order by s.created_at, s.id
on conflict do nothing;

-- A new source claims its addresses, and fails (source_address_pkey) when one of them is another's.
create or replace function authorized_source_changed() returns trigger
language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into credential (id, account_id, kind) values (new.id, new.account_id, 'authorized_source');
    insert into source_address (address, source_id)
    select a.address, new.id from jsonb_array_elements_text(new.addresses) a (address) order by a.address;
  end if;
  if new.deleted_at is not null then
    delete from source_address where source_id = new.id;
    perform feed_bury('authorized_source', new.id);
    return null;
  end if;
  perform feed_publish('authorized_source', new.id, jsonb_build_object(
    'account', new.account_id, 'sub_user', new.sub_user_id, 'source', new.source, 'addresses', new.addresses));
  return null;
end;
$$;

-- A source without its sub-user would have nobody's limits.
create function delete_sources_of_sub_user() returns trigger
language plpgsql as $$
begin
  update authorized_source set deleted_at = new.deleted_at where sub_user_id = new.id and deleted_at is null;
  return null;
end;
$$;

create trigger sub_user_delete_sources after update of deleted_at on sub_user
  for each row when (old.deleted_at is null and new.deleted_at is not null) execute function delete_sources_of_sub_user();

-- Takes what host names were found to stand for: [{id, addresses}], `addresses` null where the look-up failed, which
-- leaves the last ones as long as they are no older than `p_max_age_ms`. An address that another source has stays there.
-- Gives how many sources stand for something else now. Locks: sources by id, then addresses, then feed records.
create function refresh_sources(p_found jsonb, p_max_age_ms bigint) returns integer
language plpgsql as $$
declare
  v_found record;
  v_source authorized_source;
  v_wanted jsonb;
  v_held jsonb;
  v_changed integer := 0;
begin
  for v_found in select r.id, r.addresses from jsonb_to_recordset(p_found) as r (id text, addresses jsonb) order by r.id loop
    select * into v_source from authorized_source s
    where s.id = v_found.id and s.source = 'hostname' and s.deleted_at is null for no key update;
    continue when not found;
    v_wanted := case
      when v_found.addresses is not null then v_found.addresses
      when v_source.resolved_at > clock_timestamp() - p_max_age_ms * interval '1 millisecond' then v_source.addresses
      else '[]' end;
    delete from source_address a where a.source_id = v_found.id and not v_wanted ? a.address;
    insert into source_address (address, source_id)
    select w.address, v_found.id from jsonb_array_elements_text(v_wanted) w (address) order by w.address
    on conflict do nothing;
    select coalesce(jsonb_agg(a.address order by a.address), '[]') into v_held
    from source_address a where a.source_id = v_found.id;
    update authorized_source s
      set addresses = v_held, looked_up_at = clock_timestamp(),
        resolved_at = case when v_found.addresses is null then s.resolved_at else clock_timestamp() end
      where s.id = v_found.id;
    v_changed := v_changed + (v_held <> v_source.addresses)::integer;
  end loop;
  return v_changed;
end;
$$;
