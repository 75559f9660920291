"""A batch goes into the table that it was planned against, or nowhere; what was restored over does not count."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace as replace_fields
from pathlib import Path
from typing import NamedTuple

import pytest
from pyspark.sql import SparkSession

from headgate_spark.codec import decode
from headgate_spark.delta.log import LoggedVersion
from headgate_spark.delta.unique import bound_key, is_proven
from headgate_spark.errors import JobFailed
from headgate_spark.protocol import Target
from tests.batch import Batch, Document, base_of, columns, csv_source, golden, pipeline_of
from tests.spark.tables import table, versions

SHAPE = columns(id="string!", note="string")


def batch_of(tmp_path: Path, name: str, lines: str) -> Batch:
    path = tmp_path / f"{name}.csv"
    path.write_text("id,note\n" + lines, encoding="utf-8")
    return Batch(tmp_path / "lake", pipeline_of(csv_source("sales", SHAPE, ["id"])), {"sales": [path]})


class Template(NamedTuple):
    """Made once: a table with two batches in it, and what was staged of a third."""

    table: Path
    prepared: Document


@pytest.fixture(scope="module")
def template(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("template")
    for name, lines in (("one", "a,1\n"), ("two", "b,2\n")):
        batch = batch_of(folder, name, lines)
        if name == "two":
            batch.planned_against(base_of(folder / "lake" / "table"))
        batch.run(spark)
    return Template(folder / "lake" / "table", batch_of(folder, "three", "a,3\nc,3\n").prepare(spark))


class Scene:
    """That table at a place of its own, and the third batch, which was planned against it."""

    def __init__(self, spark: SparkSession, folder: Path, template: Template) -> None:
        self.spark = spark
        self.folder = folder
        self.path = folder / "lake" / "table"
        self.name = f"delta.`{self.path}`"
        shutil.copytree(template.table, self.path)
        self.third = batch_of(folder, "three", "a,3\nc,3\n").planned_against(base_of(self.path))
        self.prepared = template.prepared

    def sql(self, text: str) -> None:
        self.spark.sql(text.replace("TABLE_", self.name)).collect()

    def time_of(self, version: int) -> str:
        rows = self.spark.sql(f"DESCRIBE HISTORY {self.name}").filter(f"version = {version}").collect()
        return f"'{rows[0]['timestamp']}'"

    def commit(self, attempt: int = 1) -> Document:
        return self.third.commit(self.spark, self.prepared, attempt)

    def again(self, **target: object) -> Document:
        """The same rows as another batch, planned against what is there now."""
        number = len(versions(self.path))
        batch = batch_of(self.folder, f"f{number}", f"a,{number}\n").planned_against(base_of(self.path))
        batch.pipeline["target"] |= target
        return batch.commit(self.spark, self.prepared)

    def refused(self, attempt: int = 1) -> JobFailed:
        before = versions(self.path)
        with pytest.raises(JobFailed) as caught:
            self.commit(attempt)
        assert versions(self.path) == before
        return caught.value

    def notes(self) -> dict[str, str]:
        return {row["id"]: row["note"] for row in table(self.spark, self.path)}

    def forget(self) -> None:
        """Delta's memory of tables, as in another process."""
        self.spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]


@pytest.fixture
def scene(spark: SparkSession, tmp_path: Path, template: Template) -> Scene:
    return Scene(spark, tmp_path, template)


def test_the_table_as_it_was_planned_takes_the_batch(scene: Scene) -> None:
    report = scene.commit()
    assert (report["table"]["version"], report["warnings"]) == (2, [])
    assert scene.notes() == {"a": "3", "b": "2", "c": "3"}


def test_commits_of_others_that_came_since_are_no_reason_to_refuse(scene: Scene) -> None:
    scene.sql("INSERT INTO TABLE_ (id, note) VALUES ('x', 'theirs')")
    scene.sql("OPTIMIZE TABLE_")
    scene.commit()
    assert scene.notes() == {"a": "3", "b": "2", "c": "3", "x": "theirs"}


def replace(scene: Scene) -> None:
    """As some releases of Delta do it: the log goes on under another id."""
    log = scene.path / "_delta_log"
    first = [json.loads(line) for line in (log / f"{0:020}.json").read_text().splitlines()]
    (meta,) = [action for action in first if "metaData" in action]
    meta["metaData"]["id"] = "another"
    (log / f"{2:020}.json").write_text(json.dumps({"commitInfo": {"operation": "REPLACE"}}) + "\n" + json.dumps(meta))
    scene.forget()


def make_another(scene: Scene) -> None:
    shutil.rmtree(scene.path)
    for value in ("x", "y", "z"):
        frame = scene.spark.sql(f"SELECT '{value}' AS id, 'theirs' AS note, cast(NULL AS string) AS _headgate_delivery")
        frame.write.format("delta").mode("append").save(str(scene.path))


def take_back(scene: Scene) -> None:
    """As from a backup of the folder."""
    for file in (scene.path / "_delta_log").glob("*00001.*"):
        file.unlink()
    scene.forget()


@pytest.mark.parametrize(
    ("happens", "told"),
    [
        pytest.param(
            lambda scene: scene.sql(f"RESTORE TABLE TABLE_ TO TIMESTAMP AS OF {scene.time_of(0)}"),
            "restored by version 2",
            id="restored",
        ),
        pytest.param(replace, "another table", id="replaced"),
        pytest.param(make_another, "another table", id="another table at the same place"),
        pytest.param(take_back, "taken back to version 0", id="older copy of the same table"),
    ],
)
def test_another_table_or_an_older_one_is_refused_and_stays_as_it_is(
    scene: Scene, happens: Callable[[Scene], None], told: str
) -> None:
    happens(scene)
    failure = scene.refused()
    assert (failure.kind, failure.type) == ("inputs-changed", "TableChanged")
    assert told in failure.message
    assert failure.fields["plannedVersion"] == 1


def test_no_table_is_made_where_there_was_one(scene: Scene) -> None:
    shutil.rmtree(scene.path)
    scene.forget()
    failure = scene.refused()
    assert (failure.kind, failure.type) == ("inputs-changed", "TableChanged")
    assert "is gone" in failure.message
    assert not scene.path.exists()


def forget_base(scene: Scene) -> None:
    """The log is cleaned month by month: what it still holds begins at a checkpoint."""
    scene.sql("ALTER TABLE TABLE_ SET TBLPROPERTIES ('delta.checkpointInterval' = '1')")
    scene.sql("INSERT INTO TABLE_ (id, note) VALUES ('x', 'theirs')")
    for version in (0, 1):
        (scene.path / "_delta_log" / f"{version:020}.json").unlink()
    scene.forget()


def test_where_the_log_has_forgotten_the_version_the_id_decides_and_a_warning_says_so(scene: Scene) -> None:
    forget_base(scene)
    report = scene.commit()
    (warning,) = report["warnings"]
    assert warning["type"] == "BaseNotInLog"
    assert "version 1" in warning["message"]
    assert scene.notes()["c"] == "3"


def test_where_the_log_has_forgotten_the_version_another_id_is_refused(scene: Scene) -> None:
    forget_base(scene)
    assert scene.third.base is not None
    scene.third.base |= {"id": "another"}
    assert (scene.refused().type, scene.notes().get("c")) == ("TableChanged", None)


def test_where_the_log_has_forgotten_the_version_a_restore_is_still_seen(scene: Scene) -> None:
    forget_base(scene)
    scene.sql("RESTORE TABLE TABLE_ TO VERSION AS OF 2")
    failure = scene.refused()
    assert (failure.type, "restored by version" in failure.message) == ("TableChanged", True)


def lose_report(scene: Scene, *, base: bool = False) -> None:
    """As a crash between the MERGE and its report leaves it."""
    (left,) = scene.third.folder.glob("commit.report*.json")
    left.unlink()
    if not base:
        scene.third.base = None


def test_a_commit_that_was_restored_over_does_not_count(scene: Scene) -> None:
    scene.commit()
    lose_report(scene)
    scene.sql("RESTORE TABLE TABLE_ TO VERSION AS OF 1")
    failure = scene.refused(attempt=2)
    assert (failure.kind, failure.type) == ("inputs-changed", "CommitRestored")
    assert failure.fields["version"] == 2
    assert scene.notes() == {"a": "1", "b": "2"}


@pytest.mark.parametrize(("version", "counts"), [(1, False), (2, True)], ids=["before it", "to it"])
def test_where_a_restore_by_time_led_is_found_out(scene: Scene, version: int, counts: bool) -> None:
    scene.commit()
    lose_report(scene)
    scene.sql("INSERT INTO TABLE_ (id, note) VALUES ('x', 'theirs')")
    scene.sql(f"RESTORE TABLE TABLE_ TO TIMESTAMP AS OF {scene.time_of(version)}")
    if counts:
        assert scene.commit(attempt=2)["table"]["recovered"]
    else:
        assert scene.refused(attempt=2).type == "CommitRestored"


@pytest.mark.parametrize(
    ("restores", "counts"),
    [
        pytest.param([1, 2], True, id="back to the commit"),
        pytest.param([1, 2, 3], False, id="back and forth"),
        pytest.param([0, 2, 4], True, id="to a version that descends from it"),
    ],
)
def test_restores_on_restores_are_followed_to_the_rows_that_are_there(
    scene: Scene, restores: list[int], counts: bool
) -> None:
    scene.commit()
    lose_report(scene)
    for version in restores:
        scene.sql(f"RESTORE TABLE TABLE_ TO VERSION AS OF {version}")
    if counts:
        assert scene.commit(attempt=2)["table"] == {"path": str(scene.path), "version": 2, "recovered": True}
    else:
        assert scene.refused(attempt=2).type == "CommitRestored"
    assert (scene.notes().get("c") == "3") == counts


def test_a_commit_whose_rows_are_there_counts_although_the_table_was_restored(scene: Scene) -> None:
    scene.commit()
    lose_report(scene, base=True)
    scene.sql("INSERT INTO TABLE_ (id, note) VALUES ('x', 'theirs')")
    scene.sql("RESTORE TABLE TABLE_ TO VERSION AS OF 2")
    assert scene.commit(attempt=2)["table"]["recovered"]


def double(scene: Scene, *ids: str) -> None:
    values = ", ".join(f"('{name}', 'theirs')" for name in ids)
    scene.sql(f"INSERT INTO TABLE_ (id, note) VALUES {values}")


def test_a_key_that_the_table_holds_twice_is_named_before_anything_is_written(scene: Scene) -> None:
    double(scene, "a")
    failure = scene.refused()
    assert (failure.kind, failure.type) == ("data", "DuplicateKeysInTarget")
    assert failure.fields["keys"] == "id=a"
    query = failure.remedy.partition("with ")[2].partition(", delete")[0]
    assert [tuple(row) for row in scene.spark.sql(query).collect()] == [("a", 2)]
    scene.sql("DELETE FROM TABLE_ WHERE note = 'theirs'")
    assert scene.commit(attempt=2)["rows"] == {"staged": 2, "inserted": 1, "updated": 1, "unchanged": 0}


def test_of_many_such_keys_five_are_named(scene: Scene) -> None:
    lines = "".join(f"k{number},x\n" for number in range(9))
    double(scene, *(f"k{number}" for number in (*range(9), *range(9))))
    with pytest.raises(JobFailed) as caught:
        batch_of(scene.folder, "many", lines).run(scene.spark)
    assert caught.value.fields["keys"] == "id=k0; id=k1; id=k2; id=k3; id=k4"
    assert "id=k4 and more." in caught.value.message


def test_keys_that_are_no_part_of_the_batch_are_nothing_to_it(scene: Scene) -> None:
    double(scene, "b")
    scene.commit()
    assert [row["note"] for row in table(scene.spark, scene.path) if row["id"] == "a"] == ["3"]


class Looks:
    """How often the table was looked at for keys that it holds twice."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.number = 0
        monkeypatch.setattr("headgate_spark.delta.merge.check_unique", self._count)

    def _count(self, *_: object) -> None:
        self.number += 1


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    return Looks(monkeypatch)


def test_a_table_that_only_we_have_written_is_not_looked_at(scene: Scene, looks: Looks) -> None:
    scene.commit()
    scene.sql("OPTIMIZE TABLE_")
    scene.again()
    assert looks.number == 0
    info = scene.spark.sql(f"DESCRIBE HISTORY {scene.name} LIMIT 1").collect()[0]
    assert json.loads(info["userMetadata"])["unique"] is True


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO TABLE_ (id, note) VALUES ('y', 'theirs')", "ALTER TABLE TABLE_ RENAME COLUMN note TO remark"],
    ids=["rows of others", "columns of others"],
)
def test_a_table_that_others_have_written_to_is_looked_at(scene: Scene, looks: Looks, statement: str) -> None:
    mapping = "'delta.columnMapping.mode' = 'name', 'delta.minReaderVersion' = '2', 'delta.minWriterVersion' = '5'"
    if "RENAME" in statement:
        scene.sql(f"ALTER TABLE TABLE_ SET TBLPROPERTIES ({mapping})")
    scene.sql(statement)
    if "RENAME" in statement:
        scene.sql("ALTER TABLE TABLE_ RENAME COLUMN remark TO note")
    scene.again()
    assert looks.number == 1
    scene.again()
    assert looks.number == 2


def test_without_a_proof_the_table_is_looked_at(scene: Scene, looks: Looks) -> None:
    scene.third.base = None
    scene.commit()
    assert looks.number == 1, "the batch was not planned against this table"
    scene.again()
    assert looks.number == 1, "the versions of the log prove it all the same"
    scene.again(key=["id", "note"])
    assert looks.number == 2, "the rows were made under another key"


def test_fixed_partitions_are_a_claim_and_prove_nothing() -> None:
    target = decode(Target, golden("commit.request.json")["target"])
    assert bound_key(target) == ["invoice_no"]
    assert bound_key(replace_fields(target, partitions_fixed=True)) is None
    assert bound_key(replace_fields(target, partitions_fixed=True, partition_by=("invoice_no",))) == ["invoice_no"]
    written = LoggedVersion(0, "WRITE", {"key": None, "unique": False}, "id", True, "f")
    assert not is_proven(replace_fields(target, partitions_fixed=True), [written])
