/* ---
description: Orders and revenue by day.
key: [ordered_on]
checks:
  - not_null: [ordered_on, revenue]
  - unique: [ordered_on]
--- */
select ordered_on, count(*) as orders, sum(amount) as revenue
from shop.orders
group by ordered_on
