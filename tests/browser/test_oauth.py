"""Connecting programs: the code of a device, the consent page, and what people have registered and let in."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from pioche.oauth.types import STOCK_CLIENT_ID
from pioche.testkit.browser import Visits
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

pytestmark = pytest.mark.browser
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def program() -> Iterator[str]:
    """The address of a program on the person's machine that waits for its code."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<!doctype html><link rel=icon href=data:,><h1>The program has it</h1>")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/done"
        server.shutdown()
        thread.join()


def test_the_code_of_a_device(visit: Visits, cast: Cast, server: Server) -> None:
    started = httpx.post(f"{server.url}/oauth/device", data={"client_id": STOCK_CLIENT_ID}).json()
    page = visit(cast.carol)
    page.goto("/oauth/device")
    page.get_by_label("Code").fill(started["user_code"].lower())
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Connect “Hugging Face client")).to_be_visible()
    expect(page.get_by_text(started["user_code"])).to_be_visible()
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("Go back to it")).to_be_visible()
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": started["device_code"],
        "client_id": STOCK_CLIENT_ID,
    }
    token = httpx.post(f"{server.url}/oauth/token", data=form).json()["access_token"]
    asked = {"headers": {"authorization": f"Bearer {token}"}}
    assert httpx.get(f"{server.url}/api/whoami-v2", **asked).json()["name"] == "carol"  # type: ignore[arg-type]
    page.get_by_role("main").get_by_role("link", name="Connected programs").click()
    page.get_by_text("1 log-in").click()
    expect(page.get_by_text("Everything but your account")).to_be_visible()
    page.get_by_role("button", name="Shut out").click()
    expect(page.get_by_text("The program is locked out.")).to_be_visible()
    assert httpx.get(f"{server.url}/api/whoami-v2?again", **asked).status_code == 401  # type: ignore[arg-type]


def test_registering_and_connecting_an_application(visit: Visits, cast: Cast, server: Server, program: str) -> None:
    owner = visit(cast.bob)
    owner.goto("/settings/applications")
    owner.get_by_role("link", name="New application").click()
    owner.get_by_label("On the machines of people").check()
    owner.get_by_label("Name").fill("Notebook")
    owner.get_by_label("Redirect addresses").fill("http://127.0.0.1/done")
    owner.get_by_label("read-repos").check()
    owner.get_by_role("button", name="Register").click()
    client_id = owner.locator("dd code").first.inner_text()

    page = visit(cast.alice)
    asked = {"client_id": client_id, "redirect_uri": program, "response_type": "code", "state": "s"}
    asked |= {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    page.goto(f"/oauth/authorize?{urlencode(asked)}")
    expect(page.get_by_text("Read your repositories")).to_be_visible()
    page.get_by_label("lab").check()
    page.get_by_role("button", name="Connect").click()
    # The form leads to another place, which the policy of the page has to allow.
    expect(page.get_by_role("heading", name="The program has it")).to_be_visible()
    visit.expect_error("request to another host")
    said = parse_qs(urlsplit(page.url).query)
    form = {"grant_type": "authorization_code", "code": said["code"][0], "client_id": client_id}
    form |= {"redirect_uri": program, "code_verifier": VERIFIER}
    got = httpx.post(f"{server.url}/oauth/token", data=form).json()
    assert got["scope"] == "openid profile read-repos"
    page.goto("/settings/connected")
    page.get_by_text("1 log-in").click()
    expect(page.get_by_text("lab", exact=True).last).to_be_visible()
