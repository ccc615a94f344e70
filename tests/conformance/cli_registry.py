"""What an operator does with deployments and services, by the command line tool."""

import re

from world import check, same


def a_new_deployment_is_registered_with_its_services_at_revision_1(w):
    said = w.tool("deployments", "register", w.extra.uri)

    said.has("SERVICES THAT WILL BE ADDED", "Extra", "first")
    same(said.row("Extra"), ["Extra", "1"])
    same(deployment_of(said), w.query("select id from sys_deployment where endpoint like "
                                      f"'%:{w.extra.port}/'")[0]["id"])


def registering_the_same_again_changes_nothing(w):
    w.tool("deployments", "register", w.shop.uri).has(
        f"Deployment already exists with id {w.deployment}", "No changes will be made.")

    w.tool("services", "describe", "Greeter").has("Revision: 1 ")


def registering_the_same_with_force_is_an_update_to_the_next_revision(w):
    said = w.tool("deployments", "register", w.extra.uri, "--force")

    said.has("already known to the server", "DANGEROUS", "SERVICES THAT WILL BE UPDATED:",
             "Revision: 1 -> 2")
    same(said.row("Extra"), ["Extra", "2"])


def an_update_at_another_address_tells_the_old_one_and_what_is_new(w):
    old, before = deployment_id(w, w.extra), revision(w)

    said = w.tool("deployments", "register", w.new_extra.uri, "--metadata", "team=x")

    said.has("SERVICES THAT WILL BE UPDATED:", f"Revision: {before} -> {before + 1}",
             f"Old Deployment: {w.extra.uri}/ (at {old})", "++ second")
    same(said.row("Extra"), ["Extra", str(before + 1)])


def an_endpoint_that_is_not_there_is_refused_with_its_address(w):
    w.tool.refused("deployments", "register", "http://127.0.0.1:1").has("127.0.0.1:1")


def deployments_are_listed_with_their_services(w):
    w.tool("deployments", "list").has(
        f"{w.shop.uri}/ HTTP {w.deployment}", "Greeter [1]", "Cart [1]", "Order [1]",
        f"{w.extra.uri}/ HTTP {deployment_id(w, w.extra)}", f"Extra [{revision(w) - 1}]",
        f"Extra [{revision(w)}]")


def the_longer_list_tells_what_is_active_and_how_many_invocations_hold_it(w):
    said = w.tool("deployments", "list", "--extra")

    said.has("STATUS", "ACTIVE-INVOCATIONS", f"HTTP Active 7 {w.deployment}",
             f"HTTP Drained 0 {deployment_id(w, w.extra)}",
             f"HTTP Active 0 {deployment_id(w, w.new_extra)}")


def a_deployment_is_described(w):
    said = w.tool("deployments", "describe", w.deployment).has(
        f"ID: {w.deployment}", "Transport: HTTP/2.0", "Protocol Style: Bidirectional Stream",
        f"Endpoint: {w.shop.uri}/", "SDK Version restate-sdk-typescript/", "Type: VirtualObject",
        "Type: Workflow", "Revision: 1 [Latest]")
    for handler in ("greet", "hold", "approve"):
        said.row(handler)

    w.tool("deployments", "describe", w.deployment, "--extra").has("Status: Active", "Invocations: 7")


def a_deployment_of_an_older_revision_tells_where_the_latest_is(w):
    latest, now = deployment_id(w, w.new_extra), revision(w)

    w.tool("deployments", "describe", deployment_id(w, w.extra)).has(
        f"Revision: {now - 1} [Latest {now} is in deployment ID {latest}]")
    w.tool("deployments", "describe", latest).has("team: x", f"Revision: {now} [Latest]")


def a_deployment_that_is_not_there_is_said_to_be_missing(w):
    w.tool.refused("deployments", "describe", "dp_11BAdWYhGGGLUPb3GceAYQV").has(
        "dp_11BAdWYhGGGLUPb3GceAYQV", "404 Not Found")


def removing_a_deployment_in_use_is_refused(w):
    w.tool.refused("deployments", "remove", w.deployment).has(
        "Status: Active", "Invocations: 7", "Deployment is still Active.", "use --force")

    w.tool("deployments", "list").has(w.deployment)


def a_drained_deployment_is_removed(w):
    drained = deployment_id(w, w.extra)

    w.tool("deployments", "remove", drained).has(
        "fully drained and is safe to remove", f"Deployment {drained} removed successfully")

    w.tool("deployments", "list").lacks(drained)


def a_deployment_in_use_is_removed_with_force(w):
    active = deployment_id(w, w.new_extra)

    w.tool("deployments", "remove", active, "--force").has(
        "Deployment is still Active.", f"Deployment {active} removed successfully")

    w.tool("deployments", "list").lacks(active)
    w.tool("services", "list").lacks("Extra")


def services_are_listed(w):
    w.tool("services", "list").has(
        f"[public] Cart 1 virtual object HTTP {w.deployment}",
        f"[public] Order 1 workflow HTTP {w.deployment}", f"[public] Greeter 1 HTTP {w.deployment}")

    said = w.tool("services", "list", "--extra").has(f"{w.shop.uri}/")
    check({"nap", "hold", "approve"} <= set(said.text.split()), f"not all handlers are there:\n{said}")


def a_service_is_described(w):
    said = w.tool("services", "describe", "Cart").has(
        "Name: Cart", "Service type: VirtualObject", "Revision: 1", "Public: true",
        f"Deployment ID: {w.deployment}", f"Endpoint: {w.shop.uri}/")
    for handler in ("add", "hold", "total"):
        check("application/json" in " ".join(said.row(handler)), f"{handler} takes no JSON:\n{said}")


def a_service_that_has_moved_on_is_described_with_its_older_revisions(w):
    w.tool("services", "describe", "Extra").has(
        f"Revision: {revision(w)}", "Older Revisions:",
        f"{w.extra.uri}/ HTTP {revision(w) - 1} 0 {deployment_id(w, w.extra)}")


def a_service_that_is_not_there_is_said_to_be_missing(w):
    w.tool.refused("services", "describe", "Nope").has("'Nope'", "404 Not Found")


# -- What the services are doing. The columns of `services status`, which are counts.
COLUMNS = ("PENDING", "SCHEDULED", "READY", "RUNNING", "BACKING-OFF", "SUSPENDED")


def counted(said, handler):
    said.has(" ".join(COLUMNS))
    return {column: int(count) for column, count in zip(COLUMNS, said.row(handler)[1:]) if count != "-"}


def the_status_of_all_services_counts_their_invocations(w):
    said = w.tool("services", "status")

    same({handler: counted(said, handler)
          for handler in ("busy", "call", "fail", "flaky", "greet", "nap", "add", "hold", "total", "run")},
         {"busy": {"RUNNING": 1}, "call": {"SUSPENDED": 1}, "fail": {}, "flaky": {"BACKING-OFF": 1},
          "greet": {"SCHEDULED": 1}, "nap": {"SUSPENDED": 1}, "add": {"PENDING": 2},
          "hold": {"RUNNING": 1}, "total": {}, "run": {"SUSPENDED": 1}}, f"{said}\nthe counts")


def the_status_of_an_object_tells_who_holds_a_key_and_how_many_wait(w):
    said = w.tool("services", "status", "Cart").has("Active Keys:")

    same(said.row("eve")[:5], ["eve", "2", w.holding, "(running)", "hold"])


def the_status_of_a_workflow_tells_which_run_holds_a_key(w):
    said = w.tool("services", "status", "Order").has("Active Keys:")

    same(said.row("o1")[:5], ["o1", "0", w.order, "(suspended)", "run"])


def the_status_of_one_service_lists_its_recent_invocations(w):
    said = w.tool("services", "status", "Greeter").has("Recent Invocations:").lacks("Cart virtual object")

    same(counted(said, "wait"), {"SUSPENDED": 1}, f"{said}\nthe counts")
    check(w.later in said.shown_invocations(), f"the last one is not in\n{said}")


# -- Settings.

def the_settings_of_a_service_are_shown(w):
    w.tool("services", "config", "view", "Order").has(
        "Name: Order", "Service type: Workflow", "Public: true", "Workflow retention time: 1d",
        "Journal retention: 1d", "Abort timeout: 10m", "Retry Policy:")


def a_service_that_is_made_private_is_refused_to_callers_until_it_is_public_again(w):
    w.tool("services", "config", "patch", "Extra", "--public", "false", "--inactivity-timeout", "5m").has(
        "Public: false", "Inactivity timeout: 5m")

    w.tool("services", "config", "view", "Extra").has("Public: false", "Inactivity timeout: 5m")
    w.tool("services", "list").has("[private] Extra ", "[public] Greeter ")
    w.until("the ingress refuses it", lambda: w.ask("Extra/first").status in (400, 404))

    w.tool("services", "config", "patch", "Extra", "--public", "true")
    w.until("the ingress takes it", lambda: w.ask("Extra/first").status == 200)


def the_settings_of_a_workflow_take_a_retention(w):
    w.tool("services", "config", "patch", "Order", "--workflow-completion-retention", "5d")

    w.tool("services", "config", "view", "Order").has("Workflow retention time: 5d")


def there_are_no_subscriptions_and_no_kafka_clusters(w):
    w.tool("subscriptions", "list").has("No subscriptions registered.")
    w.tool("kafka-clusters", "list").has("No Kafka clusters registered.")


def deployment_of(said):
    found = re.search(r"Deployment ID: (dp_\w+)", said.text)
    check(found, f"no deployment's id:\n{said}")
    return found.group(1)


# -- Asked of the server itself.

def revision(w):
    """The latest of Extra; 0 when there is none."""
    answer = w.admin("GET", "/services/Extra")
    return answer.json()["revision"] if answer.status == 200 else 0


def deployment_id(w, endpoint):
    return next((one["id"] for one in w.admin("GET", "/deployments").json()["deployments"]
                 if f":{endpoint.port}/" in one.get("uri", "")), "dp_none")


# In their order: each finds what those before it left.
PROMISES = (
    a_new_deployment_is_registered_with_its_services_at_revision_1,
    registering_the_same_again_changes_nothing,
    registering_the_same_with_force_is_an_update_to_the_next_revision,
    an_update_at_another_address_tells_the_old_one_and_what_is_new,
    an_endpoint_that_is_not_there_is_refused_with_its_address,
    deployments_are_listed_with_their_services,
    the_longer_list_tells_what_is_active_and_how_many_invocations_hold_it,
    a_deployment_is_described,
    a_deployment_of_an_older_revision_tells_where_the_latest_is,
    a_deployment_that_is_not_there_is_said_to_be_missing,
    services_are_listed,
    a_service_is_described,
    a_service_that_has_moved_on_is_described_with_its_older_revisions,
    a_service_that_is_not_there_is_said_to_be_missing,
    the_status_of_all_services_counts_their_invocations,
    the_status_of_an_object_tells_who_holds_a_key_and_how_many_wait,
    the_status_of_a_workflow_tells_which_run_holds_a_key,
    the_status_of_one_service_lists_its_recent_invocations,
    the_settings_of_a_service_are_shown,
    a_service_that_is_made_private_is_refused_to_callers_until_it_is_public_again,
    the_settings_of_a_workflow_take_a_retention,
    removing_a_deployment_in_use_is_refused,
    a_drained_deployment_is_removed,
    a_deployment_in_use_is_removed_with_force,
    there_are_no_subscriptions_and_no_kafka_clusters,
)
