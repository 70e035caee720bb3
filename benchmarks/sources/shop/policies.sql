-- The policies of benchmarks/app, for the same tables in MariaDB.
alter table categories enable row level security;
alter table items enable row level security;
alter table customers enable row level security;
alter table orders enable row level security;
alter table order_lines enable row level security;

grant select on categories, items, customers, orders, order_lines to anon, authenticated;
grant insert, update on items to anon;

create policy categories_read on categories for select using (true);
create policy items_read on items for select to anon using (true);
create policy items_add on items for insert to anon with check (category_id = 0);
create policy items_change on items for update to anon using (true);
create policy items_own on items for select to authenticated using (owner = (select auth.uid()));
create policy customers_read on customers for select using (true);
create policy orders_read on orders for select using (true);
create policy order_lines_read on order_lines for select using (true);
