"""The project that tests of the console read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mainstem.core.clock import SetClock
from mainstem.ledger.sqlite import open_ledger
from mainstem.lifecycle.requirements.agreement import agree
from mainstem.orchestration.desk import Desk
from mainstem.orchestration.judge import witnessed
from mainstem.orchestration.run import run
from mainstem.project import append_agreement, load

HOSTILE = "<script>alert('x')</script>"

FILES = {
    "mainstem.yml": "name: shop\nlake: lake/\nclock: replay\nowner: baker\n",
    "policies/access.yml": "tags:\n  pii: {default: deny}\n",
    "sources/till.yml": f"""
kind: files
path: inbox
description: "{HOSTILE}"
tables:
  sales:
    path: sales.csv
    load: full
    columns:
      id: {{type: bigint, required: true, description: "{HOSTILE}"}}
      what: {{type: varchar}}
      mail: {{type: varchar, tags: [pii]}}
      day: {{type: date, required: true}}
      amount: {{type: "decimal(9,2)"}}
""",
    "inbox/sales.csv": "id,what,mail,day,amount\n"
    "1,<script>alert('x')</script>,canary-1@x.org,2013-12-01,12.50\n"
    "2,bread,canary-2@x.org,2013-12-02,3.20\n"
    "3,cake,,2013-12-03,7\n"
    "x,broken,canary-3@x.org,2013-12-03,1\n",
    "models/days.sql": """/* ---
description: What was sold, by day
kind: table
key: [day]
time_column: day
checks:
  - not_null: [day]
  - id: rich
    expression: amount > 5
    severity: warning
--- */
select day, sum(amount) as amount, count(*) as sales from till.sales group by day
""",
    "serving/dashboards/sales.md": f"""---
title: Sales {HOSTILE}
needs: [bake]
params:
  since: {{type: date, default: 2013-12-01, description: "From"}}
---
Text with {HOSTILE} in it.

```sql name=by_day
select day, amount, sales from days where day >= $since order by day
```

```chart
type: line
title: By day
data: by_day
x: day
y: [amount, sales]
```

```sql name=total
select sum(amount) as amount from days
```

```sql name=things hidden
select what, mail, amount from till.sales order by id
```

```chart
type: bar
data: things
x: what
y: amount
```

```vega-lite
{{"data": {{"name": "things"}}, "mark": "bar", "title": "What",
 "encoding": {{"x": {{"field": "what", "type": "nominal"}}, "y": {{"field": "amount", "type": "quantitative"}}}}}}
```
""",
    "serving/apis/sales.sql": "/* ---\ntitle: Sales\n--- */\nselect id, what, mail from till.sales order by id\n",
    "requirements/goals/good-bread.md": "---\nkind: goal\nid: good-bread\ntitle: Good bread\n---\n",
    "requirements/stakeholders/baker.md": "---\nkind: stakeholder\nid: baker\ntitle: The baker\n---\n",
    "requirements/needs/bake.md": (
        "---\nkind: need\nid: bake\ntitle: Bake what is sold\nstakeholder: baker\ngoal: good-bread\n---\n"
    ),
    "requirements/days-known.md": f"""---
kind: requirement
id: days-known
title: "Every day is known {HOSTILE}"
needs: [bake]
class: non-functional
characteristic: conformity
priority: must
statement: >-
  When a day has ended, main.days shall know the sales of at least 60 % of days.
binds: [main.days, dashboards/sales]
objective:
  measure: {{conformity: main.days, checks: [rich], at_least: 0.6}}
  misses: 0
  window: 7d
  slice: 1d
---
""",
    "requirements/ready-early.md": """---
kind: requirement
id: ready-early
title: Sales are ready in the morning
needs: [bake]
class: non-functional
characteristic: ready_by
priority: must
statement: >-
  When a day has ended, main.days shall hold it by 05:15 UTC on the next day.
binds: [main.days]
objective:
  measure: {ready_by: main.days, partition: day, deadline: "+1d 05:15"}
  misses: 1
  window: 7d
  slice: 1d
---
""",
    "requirements/shown.md": """---
kind: requirement
id: shown
title: The baker sees what was sold
needs: [bake]
class: functional
priority: should
statement: >-
  The dashboard shall list what was sold on each day.
binds: [dashboards/sales]
proofs:
  - {answers: dashboards/sales, as: baker}
  - {accepted_by: baker}
---
""",
}

FIRST = datetime(2013, 12, 4, 6, tzinfo=UTC)


def write(root: Path) -> None:
    """Write the project's files."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def agreed(root: Path) -> SetClock:
    """The instant of the first run; the baker has agreed to all but one requirement an instant before."""
    project = load(root)
    if not project.agreements:
        for id in ("days-known", "ready-early"):
            append_agreement(root, id, agree(project, id, "baker", FIRST, None))
    return SetClock(FIRST)


def publish(root: Path, clock: SetClock, env: str = "prod") -> None:
    """One run at that instant."""
    project = load(root, env)
    ledger = open_ledger(project.ledger)
    witnessed(project, ledger, FIRST)
    done = run(project, ledger, clock, env)
    ledger.close()
    assert done.failures == ()


def open_shop(root: Path) -> Path:
    """The project published, agreed to, and published again two days later."""
    write(root)
    publish(root, agreed(root))
    publish(root, later(root, 2))
    return root


def later(root: Path, days: int) -> SetClock:
    """So many days after the first run."""
    return SetClock(agreed(root).now() + timedelta(days=days))


@contextmanager
def desk_over(root: Path) -> Iterator[Desk]:
    """A desk over what is published, if anything is; it ends with its ledger."""
    ledger = open_ledger(load(root).ledger)
    desk = Desk(root, "prod", ledger)
    try:
        desk.refresh()
        yield desk
    finally:
        desk.close()
        ledger.close()
