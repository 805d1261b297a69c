"""Pages that meet faults: of the control room, whose messages are held back, and of the portal, which are late."""

from __future__ import annotations

import threading

from tests.dispatching import BEGIN, END, EVE, plan, take_messages_at, taking
from tests.pages import PageClient
from tests.servers import WorldClient


def test_a_dispatch_whose_start_is_held_back_can_be_looked_at(world: WorldClient) -> None:
    """Regression: the page knew no words for a message that a fault holds back, and failed."""
    world.freeze(EVE)
    with taking() as taker:
        take_messages_at(world, taker.url)
        assert world.post("/_sim/faults", {"match": {"surface": "dispatch"}, "effect": {"outOfOrder": True},
                                           "when": {"times": 1}}).ok
        dispatch = plan(world)
        world.advance(to=BEGIN)
        page = PageClient(world.url).get(f"/console/control-room/{dispatch}")
        assert "held back by a fault" in page.content.text
        world.advance(to=END)
        assert "held back by a fault" not in PageClient(world.url).get(f"/console/control-room/{dispatch}").content.text


def test_a_late_page_that_waits_for_its_result_is_shown(client: PageClient, world: WorldClient) -> None:
    """Regression: a page that a fault delays and that is held until there is news was recorded twice, and failed."""
    with taking() as taker:
        take_messages_at(world, taker.url)
        assert world.post("/_sim/faults", {"match": {"surface": "portal", "route": "/api-testing/dispatch-testing/*"},
                                           "effect": {"delayMs": 1}}).ok
        taker.hold()
        form = client.get("/api-testing/dispatch-testing").form("Send V2 Message")
        values = {element["name"]: element.attributes.get("value", "") for element in form.find_all("input")}
        sent = client.raw("POST", "/api-testing/dispatch-testing", data={
            **values, "dispatch_id": "TEST-1", "instruction": "start", "power_change_kw": "150",
            "meterable_unit_ids": "MU-1001"})
        release = threading.Timer(0.2, taker.let_go)
        release.start()
        page = client.get(sent.headers["Location"].partition("#")[0].removeprefix(f"/w/{world.name}"))
        release.join()
        assert "Success" in page.content.text
