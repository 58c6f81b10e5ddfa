"""Files in buckets and on web servers: what is new, and what goes wrong on the way."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ingestion_world import World, balanced, code_of, column, say
from moto.server import ThreadedMotoServer
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from mainstem.core.dataset import Dataset, Source
from mainstem.core.kinds import find
from mainstem.core.place import Place
from mainstem.core.problem import ProjectError, WorldError
from mainstem.core.secret import Secret
from mainstem.lifecycle.generation import file_web
from mainstem.lifecycle.generation.file_bucket import Signature

KIND = find("sources", "files")
WORDS = (column("id", "bigint"), column("word", "varchar"))
REMOTE = Place("sources/remote.yml", 1, 1)


class Remote(World):
    """A world whose files lie elsewhere: `options` are those of the source."""

    options: Any = None

    def source(self, dataset: Dataset) -> Source:
        return replace(super().source(dataset), options=self.options, place=REMOTE)


@pytest.fixture
def remote(world: World) -> Remote:
    return Remote(world.root, world.engine, world.session)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_web, "_WAITS_S", (0.0, 0.0))


def closed_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


# buckets


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


class Shelf:
    """A bucket of its own, filled by a client that is not ours."""

    def __init__(self, endpoint: str, name: str) -> None:
        import boto3

        self.client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="somebody",
            aws_secret_access_key="secret",
        )
        self.name, self.endpoint = name, endpoint
        self.client.create_bucket(Bucket=name)

    def put(self, key: str, content: bytes | str) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=content)

    def options(self, prefix: str = "in") -> Any:
        return KIND.Options(f"s3://{self.name}/{prefix}", endpoint=self.endpoint, key="somebody", secret="secret")


@pytest.fixture
def shelf(moto: str, remote: Remote, request: pytest.FixtureRequest) -> Shelf:
    made = Shelf(moto, f"bucket-{abs(hash(request.node.name))}")
    remote.options = made.options()
    return made


def test_new_and_changed_files_of_a_bucket_are_read_once(remote: Remote, shelf: Shelf) -> None:
    shelf.put("in/a b/1.csv", "id,word\n1,a\nx,b\n")
    shelf.put("in/2.txt", "no")
    shelf.put("inner/3.csv", "id,word\n9,z\n")
    words = remote.files("**/*.csv", WORDS, key=("id",), load="incremental")
    change = remote.load(words)
    assert remote.rows(words) == [(1, "a")]
    assert remote.reasons(words) == [('id: "x" is not a BIGINT', "a b/1.csv:3")]
    assert balanced(change)
    assert remote.look(words).state == "nothing"
    shelf.put("in/ü+%/2.csv", "id,word\n2,b\n")
    shelf.put("in/a b/1.csv", "id,word\n1,A\n")
    assert remote.look(words).detail == "1 new file, 1 changed file"
    assert remote.load(words).rows_in == 2
    assert remote.rows(words) == [(1, "A"), (2, "b")]
    assert remote.load(words).rows_in == 0


def test_a_long_list_is_read_to_its_end(remote: Remote, shelf: Shelf) -> None:
    for i in range(1001):
        shelf.put(f"in/{i:04}.csv", f"id,word\n{i},w\n" if i in (0, 1000) else "")
    words = remote.files("*.csv", WORDS)
    assert remote.look(words).detail == "1001 new files"


def test_parquet_and_packed_files_of_a_bucket(remote: Remote, shelf: Shelf, tmp_path: Path) -> None:
    remote.session.execute(f"copy (select 1::bigint as id) to '{tmp_path}/a.parquet' (format parquet)")
    shelf.put("in/day=1/a.parquet", (tmp_path / "a.parquet").read_bytes())
    found = remote.files("*/*.parquet", hive=True)
    remote.load(found)
    assert remote.rows(found) == [(1, 1)]


def test_the_same_content_under_a_new_stamp_is_no_change(remote: Remote, shelf: Shelf) -> None:
    shelf.put("in/1.csv", "id,word\n1,a\n")
    words = remote.files("*.csv", WORDS, load="incremental")
    remote.load(words)
    remote.positions[words.name]["files"]["1.csv"][1] = "other"
    assert remote.look(words).state == "new"
    assert remote.load(words).rows_in == 0
    assert remote.look(words).state == "nothing"


def test_a_bucket_that_does_not_exist(remote: Remote, shelf: Shelf) -> None:
    remote.options = replace(shelf.options(), path="s3://nobody-has-this/in")
    with pytest.raises(WorldError) as refused:
        remote.look(remote.files("*.csv", WORDS))
    assert (code_of(refused.value), refused.value.problems[0].place) == ("G010", REMOTE)


def test_a_named_file_that_a_bucket_does_not_have(remote: Remote, shelf: Shelf) -> None:
    with pytest.raises(WorldError) as refused:
        remote.look(remote.files("a.csv", WORDS))
    assert code_of(refused.value) == "G018"


def test_a_bucket_that_refuses(remote: Remote, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/closed").respond_with_data("<Error/>", status=403)
    remote.options = KIND.Options("s3://closed/in", endpoint=httpserver.url_for(""))
    with pytest.raises(WorldError) as refused:
        remote.look(remote.files("*.csv", WORDS))
    assert code_of(refused.value) == "G031"
    assert httpserver.log[0][0].headers.get("authorization") is None


def test_a_signature_is_that_of_the_specification() -> None:
    """The example "GET Bucket (List Objects)" of the Amazon S3 API Reference, Signature Version 4."""
    sign = Signature("us-east-1", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None)
    headers = sign("https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J", datetime(2013, 5, 24, tzinfo=UTC))
    assert headers["authorization"].endswith(
        "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    )


def test_credentials_are_whole_or_absent() -> None:
    with pytest.raises(ProjectError) as refused:
        KIND.Options("s3://bucket", key="somebody")
    assert code_of(refused.value) == "G016"


# web servers


def options(server: HTTPServer) -> Any:
    return KIND.Options(server.url_for("/data/"))


def test_a_file_of_a_web_server_is_read_when_it_is_new_or_changed(remote: Remote, httpserver: HTTPServer) -> None:
    content, etag = ["id,word\n1,a\n"], ['"one"']

    def give(request: Request) -> Response:
        return Response(content[0], headers={"ETag": etag[0]})

    httpserver.expect_request("/data/a.csv").respond_with_handler(give)
    remote.options = options(httpserver)
    words = remote.files("a.csv", WORDS, key=("id",), load="incremental")
    assert remote.look(words).detail == "1 new file"
    remote.load(words)
    assert remote.look(words).state == "nothing"
    content[0], etag[0] = "id,word\n1,b\n2,c\n", '"two"'
    assert remote.look(words).detail == "1 changed file"
    remote.load(words)
    assert remote.rows(words) == [(1, "b"), (2, "c")]
    httpserver.clear()
    httpserver.expect_request("/data/a.csv").respond_with_data("gone", status=410)
    assert remote.look(words).state == "nothing"


def test_a_server_that_knows_no_head_and_no_stamps_is_asked_for_content(remote: Remote, httpserver: HTTPServer) -> None:
    def give(request: Request) -> Response:
        return Response("id,word\n1,a\n") if request.method == "GET" else Response(status=405)

    httpserver.expect_request("/data/a.csv", query_string="day=1").respond_with_handler(give)
    remote.options = options(httpserver)
    words = remote.files("a.csv?day=1", WORDS, key=("id",), load="incremental")
    assert remote.load(words).loaded == 1
    assert remote.look(words).state == "unsure"
    assert remote.load(words).rows_in == 0


def test_a_server_that_stumbles_is_asked_again(remote: Remote, httpserver: HTTPServer) -> None:
    for status in (503, 200, 500, 502):
        httpserver.expect_ordered_request("/data/a.csv").respond_with_data("id,word\n1,a\n", status=status)
    httpserver.expect_ordered_request("/data/a.csv").respond_with_data("id,word\n1,a\n")
    remote.options = options(httpserver)
    assert remote.load(remote.files("a.csv", WORDS)).loaded == 1


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [(404, "G018", "does not exist"), (403, "G031", "(403)"), (401, "G031", "(401)"), (500, "G030", "answers 500")],
)
def test_answers_that_are_no_file(remote: Remote, httpserver: HTTPServer, status: int, code: str, said: str) -> None:
    httpserver.expect_request("/data/a.csv").respond_with_data("no", status=status)
    remote.options = options(httpserver)
    words = remote.files("a.csv", WORDS)
    for action in (remote.look, remote.load):
        with pytest.raises(WorldError) as refused:
            action(words)
        assert code_of(refused.value) == code
        assert said in say(refused.value)
        assert len(refused.value.problems) == 1
        assert refused.value.problems[0].place is not None


def test_a_server_that_is_not_there(remote: Remote) -> None:
    remote.options = KIND.Options(f"http://127.0.0.1:{closed_port()}/data")
    with pytest.raises(WorldError) as refused:
        remote.load(remote.files("a.csv", WORDS))
    assert code_of(refused.value) == "G030"
    assert "does not answer" in say(refused.value)


def test_a_download_that_breaks_off_leaves_what_was_loaded(remote: Remote, httpserver: HTTPServer) -> None:
    whole = [True]

    def give(request: Request) -> Response:
        content = b"id,word\n1,a\n" if whole[0] else b"id,word\n1,b\n2,c\n"
        answer = Response(content, headers={"ETag": str(whole[0])})
        if not whole[0] and request.method == "GET":
            answer.headers["Content-Length"] = str(len(content) + 10)
            answer.automatically_set_content_length = False
        return answer

    httpserver.expect_request("/data/a.csv").respond_with_handler(give)
    remote.options = options(httpserver)
    words = remote.files("a.csv", WORDS, key=("id",), load="incremental")
    remote.load(words)
    before = remote.positions[words.name]
    whole[0] = False
    with pytest.raises(WorldError) as refused:
        remote.load(words)
    assert code_of(refused.value) == "G032"
    assert remote.positions[words.name] == before
    assert remote.rows(words) == [(1, "a")]


def test_a_file_that_changes_before_it_is_brought(remote: Remote, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/data/a.csv", method="HEAD").respond_with_data("id\n1\n", headers={"ETag": "1"})
    httpserver.expect_request("/data/a.csv", method="GET").respond_with_data("id\n2\n", headers={"ETag": "2"})
    remote.options = options(httpserver)
    with pytest.raises(WorldError) as refused:
        remote.load(remote.files("a.csv", (column("id", "bigint"),)))
    assert code_of(refused.value) == "G014"


def test_a_web_server_has_no_list(remote: Remote, httpserver: HTTPServer) -> None:
    remote.options = options(httpserver)
    with pytest.raises(WorldError) as refused:
        remote.look(remote.files("*.csv", WORDS))
    assert code_of(refused.value) == "G039"


def test_a_secret_in_an_address_is_not_written_down(remote: Remote, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/data/a.csv", query_string="token=hush").respond_with_data("id,word\nx,a\n")
    remote.options = options(httpserver)
    words = remote.files(Secret("a.csv?token=hush", "a.csv?token=${TOKEN}"), WORDS)
    remote.load(words)
    assert remote.reasons(words) == [('id: "x" is not a BIGINT', "a.csv?token=${TOKEN}:2")]
    assert "hush" not in repr(remote.positions)
    httpserver.clear()
    httpserver.expect_request("/data/a.csv").respond_with_data("no", status=403)
    with pytest.raises(WorldError) as refused:
        remote.load(words)
    assert "hush" not in str(refused.value)
