"""`/_sim/snapshots`: copies of the world, taken, restored, downloaded and uploaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from flask import Blueprint, Response, abort, request

from simulator import snapshots
from simulator.control.bodies import Body, refuse
from simulator.downloads import large_file_to_keep
from simulator.market.errors import NotFound
from simulator.settings import SNAPSHOT_TYPE
from simulator.snapshots import Snapshot, SnapshotRefused
from simulator.web import current_world, current_worlds, json_answer, problem, stepped_out, work_of_request

_NOTHING = Body({})

Result = TypeVar("Result")


def add_routes(blueprint: Blueprint) -> None:
    """List, take, upload, download, restore and delete snapshots of the world."""
    blueprint.add_url_rule("/snapshots", "list_snapshots", list_snapshots)
    blueprint.add_url_rule("/snapshots/<name>", "read_snapshot", read_snapshot)
    blueprint.add_url_rule("/snapshots/<name>", "take_snapshot", take_snapshot, methods=["PUT"])
    blueprint.add_url_rule("/snapshots/<name>", "delete_snapshot", delete_snapshot, methods=["DELETE"])
    blueprint.add_url_rule("/snapshots/<name>/file", "download_snapshot", download_snapshot)
    blueprint.add_url_rule("/snapshots/<name>/restore", "restore_snapshot", restore_snapshot, methods=["POST"])


def list_snapshots() -> Response:
    """`{"snapshots": [...]}`, the newest first."""
    return json_answer({"snapshots": [_told(each) for each in snapshots.snapshots_of(current_worlds, _world())]})


def read_snapshot(name: str) -> Response:
    """One snapshot."""
    with _problems_told():
        return json_answer(_told(snapshots.snapshot_of(current_worlds, _world(), name)))


def take_snapshot(name: str) -> Response:
    """Take a snapshot, or keep the file that is sent as one; one of that name is replaced. 201 when it is new."""
    if request.mimetype == SNAPSHOT_TYPE:
        if (request.content_length or 0) > current_worlds.settings.max_snapshot_bytes:
            abort(413)
        # Not the stream around it: reading on after the last byte that is allowed is taken for one byte too many.
        file = request.environ["wsgi.input"]
        snapshot, is_new = _outside(lambda: snapshots.add(current_worlds, _world(), name, file))
    else:
        _NOTHING.read()
        snapshot, is_new = _outside(lambda: snapshots.take(current_worlds, _world(), name, work_of_request))
    return json_answer(_told(snapshot), 201 if is_new else 200)


def delete_snapshot(name: str) -> Response:
    """Forget a snapshot."""
    _outside(lambda: snapshots.remove(current_worlds, _world(), name))
    return Response(status=204)


def download_snapshot(name: str) -> Response:
    """The file of a snapshot."""
    with _problems_told():
        try:
            return large_file_to_keep(snapshots.file_of(current_worlds, _world(), name), SNAPSHOT_TYPE,
                                      f"{_world()}-{name}{snapshots.ENDING}")
        except FileNotFoundError:
            raise NotFound("snapshot", name) from None


def restore_snapshot(name: str) -> Response:
    """Let the world go back to a snapshot."""
    _NOTHING.read()
    world = _outside(lambda: snapshots.restore(current_worlds, _world(), name), 409)
    return json_answer({"world": world.name, "now": world.now()})


def _world() -> str:
    return current_world.name


def _outside(do: Callable[[], Result], refused_status: int = 422) -> Result:
    """Do something to the world's files that must not be done while this request uses the world."""
    with _problems_told(refused_status), stepped_out():
        return do()


@contextmanager
def _problems_told(refused_status: int = 422) -> Iterator[None]:
    try:
        yield
    except NotFound as error:
        abort(problem(404, "Not Found", str(error)))
    except SnapshotRefused as error:
        if refused_status == 409:
            abort(problem(409, "Conflict", str(error)))
        refuse([{"pointer": "", "code": "snapshot", "message": str(error)}])


def _told(snapshot: Snapshot) -> dict[str, Any]:
    return {"name": snapshot.name, "takenAt": snapshot.taken_at, "marketNow": snapshot.market_now,
            "bytes": snapshot.bytes, "fixture": snapshot.fixture, "schemaVersion": snapshot.schema_version,
            "usable": snapshot.is_usable, "whatHelps": snapshot.what_helps}
