"""What a cached step costs the database in statements, on SQLite and on Postgres.

Statements, not round trips: what begins and ends a transaction comes on top.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import event

from campaign_pipeline.building.builder import Builder
from campaign_pipeline.model.steps import STEPS
from campaign_pipeline_tests.building.direct import Direct, take_step


def test_a_cached_step_costs_at_most_ten_statements_with_what_takes_its_scopes_on(direct: Direct) -> None:
    direct.build()
    order, costs = direct.order(), Counter[str]()

    with closing(Builder(direct.settings)) as builder:
        builder.open(order)
        for step in STEPS:
            with _counted(builder, costs, step.step_id):
                take_step(builder, order, step.step_id)
        steps = builder.ledger.tenant("demo").steps(order.run_id)

    assert {step.cache_hit for step in steps} == {True}
    assert max(costs.values()) <= 10, costs


@contextmanager
def _counted(builder: Builder, costs: Counter[str], name: str) -> Iterator[None]:
    def count(_connection: object, _cursor: object, sql: str, *_rest: object) -> None:
        costs[name] += not sql.startswith("BEGIN")

    engine = builder.ledger._database._engine
    event.listen(engine, "before_cursor_execute", count)
    yield
    event.remove(engine, "before_cursor_execute", count)
