"""The clients for tests, `simulator.testing`, against a real server: what they do, and what they say when it fails.

Ours: developers' tests are written with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from simulator import Settings, Simulator
from simulator.testing import (
    BatchFailed,
    Endpoint,
    HttpClient,
    NoAnswer,
    NotSeen,
    NotSigned,
    Refused,
    Server,
    World,
    asset,
    reading,
    running_endpoint,
    unit,
)
from tests.servers import running

START = datetime(2026, 11, 2, 16, tzinfo=UTC)
EVE = START - timedelta(hours=1)
SECRET = "a-secret-of-this-test"


@pytest.fixture(scope="module")
def reached(server: Simulator) -> Iterator[Server]:
    """The tests' server as the clients reach it."""
    client = server.server_client()
    yield client
    client.close()


@pytest.fixture
def eve(reached: Server) -> Iterator[World]:
    """A quiet world that stands at 15:00, an hour before the dispatch of these tests."""
    with reached.fresh_world(now=EVE, about="clients for tests") as world:
        world.clock.freeze(EVE)
        yield world


@pytest.fixture
def receiver() -> Iterator[Endpoint]:
    """An endpoint of the clients' own."""
    with running_endpoint() as found:
        yield found


def dispatched(world: World, receiver: Endpoint) -> str:
    """A dispatch from 16:00 to 18:00, whose messages go to the endpoint."""
    world.participant().take_messages_at(receiver.url, auth="hmac", secret=SECRET)
    return world.control_room.dispatch(["MU-1001"], START, START + timedelta(hours=2), power_kw=150)


def test_readings_are_sent_with_the_participant_s_token(eve: World) -> None:
    """The receipt is the platform's."""
    receipt = eve.participant().send_readings(reading("MU-1001", EVE, power_kw=1.5))
    assert receipt["accepted"] == 1
    entry = eve.journal.assert_happened("readings.accepted", units=["MU-1001"], last=EVE)
    assert [cause.kind for cause in eve.journal.causes(entry)] == ["http.in"]


def test_a_refusal_has_all_errors(eve: World) -> None:
    """RFC 9457: status, codes, and a line for each error."""
    bad = [reading("MU-9", EVE, 1.0), reading("MU-1001", "2026-11-02T15:00:00", 1.0)]
    with pytest.raises(Refused, match=r"(?s)/0/meterableUnitId unknown_unit: .*\n.*/1/timestamp naive_time") as refusal:
        eve.participant().send_readings(*bad)
    assert (refusal.value.status, refusal.value.codes) == (422, ["unknown_unit", "naive_time"])


def test_another_token_can_be_used(eve: World) -> None:
    """What a wrong token gets is part of many tests."""
    answer = eve.participant(token="wrong").post("/api/v2/readings", [])
    assert answer.status == 401


def test_messages_are_noted_and_answered_as_told(eve: World, receiver: Endpoint) -> None:
    """503 first: the second attempt is acknowledged, and both have been sent when the clock has been advanced."""
    dispatch = dispatched(eve, receiver)
    receiver.answer_next(503)
    eve.clock.advance(to=START)
    assert [message.attempt for message in receiver.messages] == [1, 2]
    message = receiver.wait_for(instruction="START", dispatchId=dispatch, headers={"X-Dispatch-Id": dispatch})
    assert message.path == "/dispatch" and not message.is_test
    message.check_hmac(SECRET)
    with pytest.raises(NotSigned, match="X-Signature is sha256="):
        message.check_hmac("another")
    assert eve.control_room.state_of(dispatch) == "running"


def test_a_message_is_found_by_parts_of_its_body(eve: World, receiver: Endpoint) -> None:
    """assert_sent: every attempt is a message, with what the endpoint answered."""
    dispatch = dispatched(eve, receiver)
    receiver.answer_next(500)
    eve.clock.advance(by="PT1H")
    eve.journal.assert_sent("dispatch", to="brindle", dispatchId=dispatch, status=500, headers={"x-attempt": "1"})
    entry = eve.journal.assert_sent("dispatch", instruction="START", startTime=START, status=200)
    assert entry.request["meterableUnitIds"] == ["MU-1001"]
    eve.journal.assert_not_sent("dispatch", instruction="STOP")


def test_a_message_that_was_not_sent_is_explained_by_the_closest(eve: World, receiver: Endpoint) -> None:
    """Ours: a near-miss explanation of what came closest when an assertion fails."""
    dispatched(eve, receiver)
    eve.clock.advance(to=START)
    with pytest.raises(NotSeen) as failure:
        eve.journal.assert_sent("dispatch", to="brindle", instruction="STOP", powerChangeKw=150, within=0)
    said = str(failure.value)
    assert f"the world {eve.name} has no dispatch message like this" in said
    assert "closest of 1 such: #" in said and "3 of 4 fields fit" in said
    assert "  wrong  body.instruction    expected 'STOP'\n                             found    'START'" in said
    assert "message.delivered" in said.partition("around it:")[2]
    with pytest.raises(NotSeen, match=r"(?s)1 of 2 fields fit.*expected 'STOP'\s+found    'START'"):
        receiver.wait_for(instruction="STOP", powerChangeKw=150, within=0)


def test_no_message_at_all_is_told_with_what_may_be_missing(eve: World, receiver: Endpoint) -> None:
    """The first mistake of everybody: no endpoint is set, or the clock stands."""
    with pytest.raises(NotSeen, match="no message was sent at all. Does the participant have an endpoint"):
        eve.journal.assert_sent("dispatch", within=0)
    with pytest.raises(NotSeen, match="no message came at all"):
        receiver.wait_for(within=0)
    with pytest.raises(NotSeen, match="0 of 2 messages came"):
        receiver.wait_for_count(2, within=0)


def test_an_unknown_kind_is_told_with_those_like_it(eve: World) -> None:
    """A slip of the pen is found at once."""
    with pytest.raises(NotSeen, match="did you mean world.started"):
        eve.journal.assert_happened("world.start", within=0)


def test_what_should_not_have_happened_is_shown(eve: World) -> None:
    """With its line and its place in the console."""
    with pytest.raises(NotSeen, match=r"(?s)should not be there:.*world.started fixture=quiet.*/console/journal/1"):
        eve.journal.assert_not_happened("world.started", fixture="quiet")
    eve.journal.assert_not_happened("world.started", fixture="demo")


def test_a_mail_is_waited_for_and_its_link_followed(eve: World) -> None:
    """From the invitation to the page on which the password is made."""
    eve.invite("Dart Storage Ltd", "desk@dart.example")
    mail = eve.mailbox.wait_for(to="desk@dart.example", subject="Activate")
    portal = eve.portal("dart")
    assert portal.get(mail.link).heading == "Create your password"
    assert eve.mailbox.link(mail, containing=f"/w/{eve.name}/") == mail.link
    with pytest.raises(LookupError, match="has no link with 'nowhere'"):
        eve.mailbox.link(mail, containing="nowhere")


def test_a_mail_that_does_not_come_is_told_with_those_that_did(eve: World) -> None:
    """Near misses of mails: the right address with another subject, and the other way round."""
    with pytest.raises(NotSeen, match=r"(?s)holds 1:.*desk@tamar-flex.example.*\(another subject\)"):
        eve.mailbox.wait_for(to="desk@tamar-flex.example", subject="Invoices", within=0)
    with pytest.raises(NotSeen, match=r"\(another address\)"):
        eve.mailbox.wait_for(to="nobody@x.example", subject="Activate", within=0.05)
    eve.mailbox.empty()
    with pytest.raises(NotSeen, match="it is empty"):
        eve.mailbox.wait_for(within=0)


def test_the_clock_stands_runs_and_moves(eve: World) -> None:
    """Instants with an offset, durations, and the jobs that ran on the way."""
    assert (eve.clock.now, eve.clock.mode) == (EVE, "frozen")
    jobs = eve.clock.advance(by=timedelta(days=1))
    assert eve.clock.now == EVE + timedelta(days=1)
    assert EVE < jobs[0].due_at <= EVE + timedelta(days=1)
    eve.clock.run(speed=60)
    assert eve.clock.mode == "scaled"
    with pytest.raises(ValueError, match="has no offset"):
        eve.clock.freeze(datetime(2026, 11, 2))
    with pytest.raises(ValueError, match="either"):
        eve.clock.advance()


def test_forms_are_sent_with_their_protection(eve: World, receiver: Endpoint) -> None:
    """The portal without a browser: sign in, fill in a form, see what was stored."""
    portal = eve.portal()
    assert portal.sign_in().heading == "Meterable Units"
    assert [row["ID"] for row in portal.page.rows()] == ["MU-1001", "MU-1002", "MU-1003"]
    portal.follow("Dispatch Settings")
    assert portal.submit("Save", base_url=receiver.url, auth="bearer", secret=SECRET).errors == []
    assert eve.participant().details()["dispatch"] == {"baseUrl": receiver.url, "auth": "bearer"}
    assert portal.submit("Save", base_url="nonsense").errors != []
    assert portal.sign_out().form("Log in").names[-2:] == ["email", "password"]


def test_a_file_is_uploaded(eve: World) -> None:
    """CSV of readings, as on the Readings page."""
    portal = eve.portal()
    portal.sign_in()
    portal.get("/api-testing/readings")
    rows = b"meterable_unit_id,timestamp,power_kw\nMU-1001,2026-11-02T15:00:00Z,1.5\n"
    portal.submit("Upload readings", quantity="power", file=("readings.csv", rows))
    eve.journal.assert_happened("readings.accepted", source=lambda source: source != "api", accepted=1)
    portal.get("/api-testing/readings")
    with pytest.raises(LookupError, match="no field for a file 'csv'"):
        portal.submit("Upload readings", csv=("readings.csv", rows))


def test_a_form_says_what_it_has(eve: World) -> None:
    """A field, a choice or a button that is not there is a mistake of the test, told with those that are."""
    portal = eve.portal()
    portal.sign_in()
    portal.get("/api-testing/dispatch-settings")
    for slip, words in ((lambda: portal.submit("Send"), "the buttons of its forms: Sign out; Save"),
                        (lambda: portal.submit("Save", url="x"), "has no field 'url'; it has csrf_token, base_url"),
                        (lambda: portal.submit("Save", auth="basic"), "cannot be 'basic'; it can be 'none', 'bearer'"),
                        (lambda: portal.follow("Nowhere"), "no link 'Nowhere'"),
                        (lambda: portal.get("https://elsewhere.example/"), "is not in the world")):
        with pytest.raises(LookupError, match=words):
            slip()
    with pytest.raises(Refused, match="404"):
        portal.get("/nowhere")


def test_a_sign_in_that_fails_says_why(eve: World) -> None:
    """Tamar has no password yet."""
    with pytest.raises(LookupError, match="whose sign-in"):
        eve.portal("tamar").sign_in()
    with pytest.raises(LookupError, match="no page was opened"):
        eve.portal().submit("Log in")


def test_assets_and_units_are_registered(reached: Server, receiver: Endpoint) -> None:
    """SMP overview: batches end with a return, signed by the platform's published keys."""
    with running(fixture="quiet", smp_progress="immediate") as simulator:
        world = simulator.client()
        smp = world.smp()
        smp.return_batches_to(receiver.url)
        ids = smp.register_assets(asset(1), asset(2))
        assert len(set(ids)) == 2
        assert smp.register_unit(unit(*ids))
        receiver.wait_for(type="ASSET_CREATE", status="SUCCEEDED").check_signature(world)
        with pytest.raises(BatchFailed, match="duplicate_reference") as failure:
            smp.register_assets(asset(1))
        assert failure.value.codes == ["duplicate_reference"]
        receiver.wait_for(status="FAILED")
        world.journal.assert_sent("callback", to="brindle", status=200, errors=[{"code": "duplicate_reference"}])


def test_a_batch_that_waits_for_the_clock_says_so(eve: World) -> None:
    """A batch ends in market time, and the clock of this world stands."""
    smp = eve.smp()
    transaction = smp.send_assets(asset(1))
    with pytest.raises(NotSeen, match="The clock stands still"):
        smp.wait_for(transaction, within=0)
    eve.clock.advance(by="PT2S")
    assert smp.wait_for(transaction)["status"] == "SUCCEEDED"


def test_a_token_that_ran_out_is_replaced(eve: World) -> None:
    """A fault says that the token has expired: what was refused for that is sent again with a new one."""
    smp = eve.smp()
    before = smp.token
    eve.faults.switch_on("smp", {"expiredToken": True}, route="*/assets", times=1)
    smp.send_assets(asset(1))
    assert smp.token != before
    assert [fault["applied"] for fault in eve.faults.all()] == [1]


def test_a_connection_that_breaks_is_no_answer_and_nothing_is_sent_twice(eve: World) -> None:
    """A client of a test must not hide what a fault does."""
    eve.faults.switch_on("participant", {"truncate": 10})
    with pytest.raises(NoAnswer):
        eve.participant().post("/api/v2/readings", [reading("MU-1001", EVE, 1.0)])
    calls = [entry for entry in eve.journal.entries("http.in") if entry.data["surface"] == "participant"]
    assert len(calls) == 1


def test_nobody_there_is_no_answer() -> None:
    """The address of a server that does not run."""
    with running_endpoint() as gone:
        address = gone.url
    with pytest.raises(NoAnswer, match="ConnectionRefusedError"):
        HttpClient(address).get("/")


def test_worlds_are_made_under_names_of_their_own(reached: Server) -> None:
    """Two fresh worlds of the same test are two, and gone afterwards."""
    with reached.fresh_world(about="One & the same") as one, reached.fresh_world(about="One & the same") as other:
        assert one.name != other.name and one.name.startswith("one-the-same-")
        assert {one.name, other.name} <= set(reached.worlds())
    assert not {one.name, other.name} & set(reached.worlds())
    reached.delete_world(one.name)


def test_a_server_that_asks_for_a_token_is_given_it() -> None:
    """wire format: the console and `/_sim` want the control token where one is set."""
    with Simulator(Settings(port=0, fixture="empty", control_token="s3cret")) as simulator:
        assert simulator.client().clock.mode == "real"
        with Server(simulator.url) as stranger, pytest.raises(Refused) as refusal:
            stranger.worlds()
        assert refusal.value.status == 401


def test_tls_is_trusted_by_the_simulator_s_own_authority() -> None:
    """`Simulator(Settings(tls=True)).client()` needs nothing else."""
    with running(fixture="empty", tls=True) as simulator:
        assert simulator.client().url.startswith("https://")
        assert simulator.client().clock.mode == "real"
