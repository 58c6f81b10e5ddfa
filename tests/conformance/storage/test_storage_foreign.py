"""Tables that others wrote, or wrote to: read rightly, or refused with a reason; never read wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from deltalake import DeltaTable, write_deltalake
from storage_world import World

from mainstem.core.problem import WorldError
from mainstem.lifecycle.storage import tables


def meddle(world: World, actions: list[Mapping[str, Any]]) -> None:
    """Another writer's entry, after ours."""
    number = world.numbers()[-1] + 1
    path = world.lake / "m/t/_delta_log" / f"{number:020d}.json"
    path.write_text("\n".join(json.dumps(action) for action in actions))


def metadata(world: World, configuration: Mapping[str, str], **more: Any) -> Mapping[str, Any]:
    found = next(action["metaData"] for action in world.log(0) if "metaData" in action)
    return {"metaData": {**found, **more, "configuration": {**found["configuration"], **configuration}}}


def test_a_table_of_another_writer_is_read(world: World) -> None:
    select = "select i::integer as n, 'x' || i as s from range(10) r(i)"
    write_deltalake(str(world.lake / "m/t"), world.session.query(select))
    found = tables.snapshot(world.lake, "m/t")
    assert found is not None
    assert (found.rows, found.attempt, tables.facts(found)) == (10, 0, None)
    assert world.rows(found) == sorted(world.session.rows(select))
    made = world.put("select 99 as n, 'ours' as s", found)
    assert world.library_rows() == sorted(world.rows(made), key=repr)


def test_partitions_of_another_writer_are_refused(world: World) -> None:
    rows = world.session.query("select 1 as n, 'x' as s")
    write_deltalake(str(world.lake / "m/t"), rows, partition_by=["s"])
    with pytest.raises(WorldError, match=r"K003 .*partitioned"):
        tables.snapshot(world.lake, "m/t")


def test_deletion_vectors_are_refused(world: World) -> None:
    base = world.put("select 1 as n")
    add = {"path": base.files[0].path, "size": 1, "partitionValues": {}, "modificationTime": 0, "dataChange": True}
    vector = {"storageType": "u", "pathOrInlineDv": "x", "offset": 1, "sizeInBytes": 1, "cardinality": 1}
    meddle(world, [{"add": {**add, "stats": '{"numRecords":1}', "deletionVector": vector}}])
    with pytest.raises(WorldError, match=r"K003 .*deletion vectors"):
        tables.snapshot(world.lake, "m/t")
    assert tables.snapshot(world.lake, "m/t", 0) == base


def test_files_without_a_row_count_are_refused(world: World) -> None:
    world.put("select 1 as n")
    add = {"path": "x.parquet", "size": 1, "partitionValues": {}, "modificationTime": 0, "dataChange": True}
    meddle(world, [{"add": add}])
    with pytest.raises(WorldError, match=r"K003 .*row count"):
        tables.snapshot(world.lake, "m/t")


def test_files_on_other_stores_are_refused(world: World) -> None:
    world.put("select 1 as n")
    add = {"path": "s3://b/x.parquet", "size": 1, "partitionValues": {}, "modificationTime": 0, "dataChange": True}
    meddle(world, [{"add": {**add, "stats": '{"numRecords":1}'}}])
    with pytest.raises(WorldError, match=r"K003 .*elsewhere"):
        tables.snapshot(world.lake, "m/t")


def test_mapped_column_names_are_refused(world: World) -> None:
    world.put("select 1 as n")
    meddle(world, [metadata(world, {"delta.columnMapping.mode": "name"})])
    with pytest.raises(WorldError, match=r"K003 .*maps column names"):
        tables.snapshot(world.lake, "m/t")


def test_columns_of_types_that_are_not_known_are_refused(world: World) -> None:
    world.put("select 1 as n")
    column = {"name": "v", "type": "variant", "nullable": True, "metadata": {}}
    meddle(world, [metadata(world, {}, schemaString=json.dumps({"type": "struct", "fields": [column]}))])
    with pytest.raises(WorldError, match=r'K003 .*column "v" is VARIANT'):
        tables.snapshot(world.lake, "m/t")


def test_unknown_features_of_readers_are_refused(world: World) -> None:
    world.put("select 1 as n")
    features = {"readerFeatures": ["typeWidening"], "writerFeatures": ["typeWidening"]}
    meddle(world, [{"protocol": {"minReaderVersion": 3, "minWriterVersion": 7, **features}}])
    with pytest.raises(WorldError, match=r"K003 .*typeWidening"):
        tables.snapshot(world.lake, "m/t")


@pytest.mark.parametrize(
    "configuration",
    [{"delta.enableChangeDataFeed": "true"}, {"delta.appendOnly": "true"}, {"delta.constraints.positive": "n > 0"}],
    ids=lambda found: next(iter(found)),
)
def test_promises_that_a_commit_would_break_are_read_but_not_written(
    world: World, configuration: Mapping[str, str]
) -> None:
    world.put("select 1 as n")
    meddle(world, [metadata(world, configuration)])
    found = tables.snapshot(world.lake, "m/t")
    assert found is not None
    assert world.rows(found) == [(1,)]
    with pytest.raises(WorldError, match=r"K003 .*would break"):
        world.put("select 2 as n", found)


def test_features_of_writers_that_are_not_known_stop_a_commit(world: World) -> None:
    world.put("select 1 as n")
    meddle(world, [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 7, "writerFeatures": ["rowTracking"]}}])
    found = tables.snapshot(world.lake, "m/t")
    with pytest.raises(WorldError, match=r"K003 .*rowTracking"):
        world.put("select 2 as n", found)


def test_a_log_without_a_schema_is_refused(world: World) -> None:
    (world.lake / "m/t/_delta_log").mkdir(parents=True)
    (world.lake / "m/t/_delta_log" / f"{0:020d}.json").write_text('{"commitInfo": {}}\n')
    with pytest.raises(WorldError, match=r"K003 .*without a schema"):
        tables.snapshot(world.lake, "m/t")


def test_a_stranger_that_rewrites_our_files_is_followed(world: World) -> None:
    base = None
    for number in range(3):
        base = world.put(f"select {number} as n", base)
    DeltaTable(str(world.lake / "m/t")).optimize.compact()
    found = tables.snapshot(world.lake, "m/t")
    assert found is not None
    assert len(found.files) == 1
    assert world.rows(found) == [(0,), (1,), (2,)]
    made = world.put("select 3 as n", found)
    assert world.library_rows() == world.rows(made)
