"""Registering endpoints: what is known of them, what changes, and which revision an invocation runs on."""

import pathlib
import shutil
import subprocess
import tempfile

from asking import ask
from cases import case
from processes import ENDPOINTS, unused_port
from stand import register
from world import check, same

ONCE = ("bidi",)  # These start endpoints of their own; the mode changes nothing.


def versioned(w, revision):
    """An endpoint of a tag of its own with the one service Versioned; not registered yet."""
    tag = w.token.replace("-", "_")
    endpoint = ENDPOINTS[w.stand.sdk](w.server.folder, w.driver, tag, "bidi", only="Versioned",
                                      revision=revision)
    return f"Versioned_{tag}", endpoint.start().wait_until_ready()


def send(w, service, handler, body=None):
    answer = ask(w.server.ingress, "POST", f"/{service}/{handler}/send", body)
    same(answer.status, 202, str(answer))
    return answer.json()["invocationId"]


@case(modes=ONCE)
def registering_again_changes_nothing(w):
    service, endpoint = versioned(w, "1")
    first = register(w.server, endpoint)
    same(first.status, 201, str(first))
    same([one["name"] for one in first.json()["services"]], [service])
    check(first.headers["location"].endswith(first.json()["id"]), dict(first.headers))

    again = register(w.server, endpoint)

    same(again.status, 200, str(again))
    same(again.json()["id"], first.json()["id"])
    endpoint.kill()


@case(modes=ONCE)
def a_dry_run_registers_nothing(w):
    service, endpoint = versioned(w, "1")

    answer = register(w.server, endpoint, dry_run=True)

    check(answer.status in (200, 201), str(answer))
    same(w.admin("GET", f"/services/{service}").status, 404)
    same(register(w.server, endpoint).status, 201)
    endpoint.kill()


@case(modes=ONCE)
def what_is_registered_can_be_read(w):
    deployment = next(one for one in w.admin("GET", "/deployments").json()["deployments"]
                      if one["uri"].rstrip("/") == w.stand.endpoint.uri)
    check(w.name("Steps") in [one["name"] for one in deployment["services"]], deployment)
    same(deployment["protocol_type"], "BidiStream")
    same(w.admin("GET", f"/deployments/{deployment['id']}").json()["id"], deployment["id"])
    for version in ("", "/v2", "/v3"):
        service = w.admin("GET", f"{version}/services/{w.name('Counter')}").json()
        same((service["ty"], service["deployment_id"]), ("VirtualObject", deployment["id"]))
    handler = w.admin("GET", f"/services/{w.name('Counter')}/handlers/total").json()
    same((handler["name"], handler["ty"]), ("total", "Shared"))
    rows = w.query(f"select s.ty, d.endpoint from sys_service s join sys_deployment d on "
                   f"s.deployment_id = d.id where s.name = '{w.name('Order')}'")
    same([(row["ty"], row["endpoint"].rstrip("/")) for row in rows],
         [("workflow", w.stand.endpoint.uri)])


@case(modes=ONCE)
def new_invocations_go_to_the_newest_revision_and_old_ones_stay(w):
    service, first = versioned(w, "1")
    same(register(w.server, first).status, 201)
    old = send(w, service, "revision", {"token": f"{w.token}/old"})
    w.told(f"{w.token}/old")

    _, second = versioned(w, "2")
    same(register(w.server, second, force=True).status, 201)
    new = send(w, service, "revision", {"token": f"{w.token}/new"})
    for token in ("old", "new"):
        w.restate("POST", f"awakeables/{w.told(f'{w.token}/{token}')}/resolve", None)

    same(w.result(old), "1")
    same(w.result(new), "2")
    first.kill()
    second.kill()


@case(modes=ONCE)
def a_service_that_becomes_an_object_needs_to_be_told_so(w):
    service, first = versioned(w, "1")
    same(register(w.server, first).status, 201)
    _, third = versioned(w, "3")

    refused = register(w.server, third)

    same(refused.status, 409, str(refused))
    check(service in refused.json()["message"], str(refused))
    same(w.admin("GET", f"/services/{service}").json()["ty"], "Service")
    same(register(w.server, third, breaking=True).status, 201)
    same(w.admin("GET", f"/services/{service}").json()["ty"], "VirtualObject")
    first.kill()
    third.kill()


@case(modes=ONCE)
def a_revision_that_loses_a_handler_needs_to_be_told_so(w):
    if w.is_reference():
        return  # 1.7.12 takes it without a word.
    service, first = versioned(w, "1")
    same(register(w.server, first).status, 201)
    _, second = versioned(w, "2")

    refused = register(w.server, second)

    same(refused.status, 409, str(refused))
    check("only_in_the_first" in refused.json()["message"], str(refused))
    same(ask(w.server.ingress, "POST", f"/{service}/only_in_the_first").json(), 1)
    same(register(w.server, second, force=True).status, 201)
    same(ask(w.server.ingress, "POST", f"/{service}/only_in_the_first").status, 404)
    first.kill()
    second.kill()


@case(modes=ONCE)
def a_paused_invocation_is_resumed_on_a_newer_revision(w):
    service, first = versioned(w, "1")
    same(register(w.server, first).status, 201)
    invocation = send(w, service, "stuck")
    w.wait_for_status(invocation, "paused")
    _, second = versioned(w, "2")
    same(register(w.server, second, force=True).status, 201)

    w.change(invocation, "resume?deployment=latest", 200)

    same(w.result(invocation), "2")
    first.kill()
    second.kill()


@case(modes=ONCE)
def an_endpoint_that_is_not_there_is_not_registered(w):
    uri = f"http://127.0.0.1:{unused_port()}"

    answer = w.admin("POST", "/deployments", {"uri": uri})

    check(400 <= answer.status < 600 and answer.json()["message"], str(answer))
    check(uri not in w.admin("GET", "/deployments").body.decode(), "it is listed")


@case(modes=ONCE)
def a_deleted_deployment_takes_its_services_along(w):
    service, endpoint = versioned(w, "1")
    deployment = register(w.server, endpoint).json()["id"]

    answer = w.admin("DELETE", f"/deployments/{deployment}?force=true")

    same(answer.status, 202, str(answer))
    w.until("the service is gone", lambda: ask(
        w.server.ingress, "POST", f"/{service}/only_in_the_first").status == 404)
    same(w.admin("GET", f"/deployments/{deployment}").status, 404)
    endpoint.kill()


@case(modes=ONCE)
def an_endpoint_that_moved_is_found_at_its_new_address(w):
    service, first = versioned(w, "1")
    deployment = register(w.server, first).json()["id"]
    invocation = send(w, service, "revision", {"token": w.token})
    awakeable = w.told()
    first.kill()
    _, second = versioned(w, "1")

    answer = w.admin("PATCH", f"/deployments/{deployment}", {"uri": second.uri, "overwrite": True})

    same(answer.status, 200, str(answer))
    w.restate("POST", f"awakeables/{awakeable}/resolve", None)
    same(w.result(invocation), "1")
    second.kill()


@case(modes=ONCE)
def additional_headers_are_kept(w):
    _, endpoint = versioned(w, "1")

    answer = register(w.server, endpoint, additional_headers={"x-conformance": "yes"})

    same(answer.status, 201, str(answer))
    deployment = w.admin("GET", f"/deployments/{answer.json()['id']}").json()
    same(deployment["additional_headers"], {"x-conformance": "yes"})
    endpoint.kill()


@case(modes=ONCE)
def an_operator_makes_a_service_private(w):
    service, endpoint = versioned(w, "1")
    same(register(w.server, endpoint).status, 201)
    same(ask(w.server.ingress, "POST", f"/{service}/only_in_the_first").status, 200)

    answer = w.admin("PATCH", f"/services/{service}", {"public": False})

    same(answer.status, 200, str(answer))
    same(answer.json()["public"], False)
    w.until("it is private", lambda: ask(
        w.server.ingress, "POST", f"/{service}/only_in_the_first").status == 400)
    endpoint.kill()


@case(modes=ONCE)
def requests_are_signed_with_the_key_the_endpoint_expects(w):
    """The SDK itself checks; a server with another key is not let in."""
    if shutil.which("openssl") is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        keys = [new_key(pathlib.Path(folder) / f"{name}.pem") for name in ("right", "wrong")]
        tag = w.token.replace("-", "_")
        endpoint = ENDPOINTS[w.stand.sdk](w.server.folder, w.driver, tag, "bidi", only="Versioned")
        endpoint.settings["CONFORMANCE_IDENTITY"] = keys[0][1]
        endpoint.start().wait_until_ready()
        for (file, _), right in zip(keys, (True, False)):
            server = type(w.server)(pathlib.Path(folder) / file.stem)
            server.identity = file
            server.start().wait_until_ready()
            answer = register(server, endpoint)
            same(answer.status == 201, right, f"whether it is registered: {answer}")
            if right:
                same(ask(server.ingress, "POST", f"/Versioned_{tag}/only_in_the_first").json(), 1)
            server.stop()
        endpoint.kill()


def new_key(file):
    """A new Ed25519 key in the file, and the public key as an SDK wants it."""
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", file], check=True)
    der = subprocess.run(["openssl", "pkey", "-in", file, "-pubout", "-outform", "DER"], check=True,
                         capture_output=True).stdout
    number, text = int.from_bytes(der[-32:], "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[digit] + text
    leading = len(der[-32:]) - len(der[-32:].lstrip(b"\0"))
    return file, "publickeyv1_" + "1" * leading + text
