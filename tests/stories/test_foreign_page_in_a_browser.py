"""A page of another port of this machine tries everything a page can, in a real browser, and gets nowhere."""

from __future__ import annotations

import socket

from playwright.sync_api import Browser

from simulator import Simulator
from tests.endpoints import Endpoint, endpoint, read_request
from tests.servers import WorldClient

PAGE = """<!doctype html><title>evil</title>
<form id="post" method="post" action="{url}/_sim/reset" enctype="text/plain" target="in"><input name="x"></form>
<iframe name="in"></iframe><iframe src="{url}/console"></iframe>
<img src="{url}/_sim/journal"><script src="{url}/_sim/journal"></script>
"""
TRIES = """async url => {
  const said = {};
  const attempt = async (name, path, options) => {
    try { said[name] = await (await fetch(url + path, options)).text(); }
    catch (error) { said[name] = error.name; }
  };
  await attempt("read", "/_sim/mailbox");
  await attempt("read with cookies", "/console", {credentials: "include"});
  await attempt("blind post", "/_sim/reset", {method: "POST", mode: "no-cors"});
  await attempt("blind text", "/_sim/clock", {method: "POST", mode: "no-cors", body: '{"mode": "frozen"}'});
  await attempt("put", "/_sim/clock",
                {method: "PUT", headers: {"Content-Type": "application/json"}, body: '{"mode": "frozen"}'});
  await attempt("delete", "/_sim/mailbox", {method: "DELETE"});
  document.getElementById("post").submit();
  await new Promise(done => setTimeout(done, 300));
  said.frames = [...document.querySelectorAll("iframe")].map(frame => {
    try { return frame.contentDocument ? frame.contentDocument.body.innerText : null; } catch (error) { return null; }
  });
  return said;
}"""


def test_a_page_of_another_port_of_this_machine_gets_nowhere(browser: Browser, server: Simulator, world: WorldClient
                                                             ) -> None:
    """Ours: ports share cookies and the site, so only the simulator itself can tell its own pages from others."""

    def serve(connection: socket.socket, running: Endpoint) -> None:
        read_request(connection, running)
        body = PAGE.format(url=world.url).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + body)

    before = world.get("/_sim/clock").json()["mode"], len(world.mails()), world.journal("world.")
    with endpoint(serve) as evil:
        context = browser.new_context()
        page = context.new_page()
        answered: list[tuple[str, str, int]] = []
        page.on("response", lambda answer: answered.append((answer.request.method, answer.url, answer.status)))
        page.goto(f"{evil.url}/")
        said = page.evaluate(TRIES, world.url)
        context.close()
    assert not any(said["frames"])
    assert {said[name] for name in ("read", "read with cookies", "put", "delete")} == {"TypeError"}
    assert {said[name] for name in ("blind post", "blind text")} <= {"", "TypeError"}
    reached = [(method, status) for method, url, status in answered if url.startswith(world.url)]
    assert reached and {status for _, status in reached} == {403}, answered
    assert (world.get("/_sim/clock").json()["mode"], len(world.mails()), world.journal("world.")) == before
