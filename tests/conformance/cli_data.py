"""What an operator reads by SQL and changes in the state of objects, by the command line tool; and what it
shows of a service that runs in the server's own process."""

import json
import re

from world import check, same

# -- State.


def state_of(w, key):
    """As the tool prints it for programs."""
    said = w.tool("state", "get", "Cart", key, "--plain")
    try:
        return json.loads(said.out)
    except ValueError as error:
        raise AssertionError(f"{error}:\n{said}") from error


def the_state_of_a_key_is_shown(w):
    said = w.tool("state", "get", "Cart", "ada").has("Service Cart", "Key ada")
    same([said.row("total"), said.row("owner")], [["total", "5"], ["owner", '"ada"']])

    same(state_of(w, "ada"), {"total": 5, "owner": "ada"})


def a_key_without_state_is_shown_empty(w):
    w.tool("state", "get", "Cart", "nobody").has("Service Cart", "Key nobody").lacks("total")


def the_state_of_a_key_is_patched_with_force(w):
    patch = [{"op": "replace", "path": "/total", "value": 9},
             {"op": "add", "path": "/more", "value": {"a": 1}}]

    w.tool("state", "patch", "Cart", "ada", "--force", "--patch", json.dumps(patch)).has(
        "New State:", "total 9", "Successfully submitted state update.")

    w.until("the total is the new one", lambda: w.call("Cart/ada/total") == 9)
    same(state_of(w, "ada"), {"total": 9, "owner": "ada", "more": {"a": 1}})


def the_state_of_a_key_is_cleared_with_force_and_of_no_other_key(w):
    w.tool("state", "clear", "Cart/bob", "--force").has("Cart/bob", "Enqueued successfully")

    w.until("the total is gone", lambda: w.call("Cart/bob/total") == 0)
    w.tool("state", "get", "Cart", "bob").lacks("total", "owner")
    check(w.call("Cart/ada/total") > 0, "the other key has lost its state")


# -- SQL.

def a_query_counts(w):
    said = w.tool("sql", "select count(*) as n from sys_invocation where target_service_key = 'eve'")

    said.has("1 rows.")
    same([said.row("N"), said.row("3")], [["N"], ["3"]])


def a_query_shows_texts_and_leaves_out_what_is_null(w):
    said = w.tool("sql", "select id, status, completion_failure, target from sys_invocation where id in "
                  f"('{w.failed}', '{w.waiting}')")

    said.has("ID STATUS COMPLETION_FAILURE TARGET", "2 rows.")
    same(said.row(w.failed), [w.failed, "completed", "[422]", "no", "luck", "Greeter/fail"])
    same(said.row(w.waiting), [w.waiting, "suspended", "Greeter/wait"])


def a_query_without_rows_says_so(w):
    w.tool("sql", "select id, created_at from sys_invocation where status = 'nothing'").has("0 rows.")


def a_query_groups_and_orders(w):
    said = w.tool("sql", "select target_handler_name as handler, count(*) as n from sys_invocation where "
                  "target_service_name = 'Cart' group by target_handler_name order by n desc, handler")

    said.has("HANDLER N add 4 hold 1 2 rows.")


def a_query_for_programs_gives_a_line_of_json_for_each_row(w):
    rows = w.tool("sql", "--jsonl", "select id, completion_failure, created_at, retry_count, journal_size "
                  f"from sys_invocation where id in ('{w.failed}', '{w.broken}') order by created_at").jsonl()

    same([row["id"] for row in rows], [w.failed, w.broken])
    same([row.get("completion_failure") for row in rows], ["[422] no luck", None])
    same([rows[0]["journal_size"], rows[1]["retry_count"]], [2, 1])
    for row in rows:
        check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", row["created_at"]), f"when is {row}")


def a_query_for_programs_gives_nothing_where_there_are_no_rows(w):
    same(w.tool("sql", "--jsonl", "select id from sys_invocation where status = 'nothing'").jsonl(), [])


def a_query_for_all_columns_of_any_table_is_shown(w):
    for table in ("sys_invocation", "sys_journal", "sys_service", "sys_deployment", "state", "sys_promise"):
        rows = w.tool("sql", "--jsonl", f"select * from {table}").jsonl()
        same(len(rows), w.query(f"select count(*) as n from {table}")[0]["n"], f"{table} has rows: it")


def a_query_that_is_wrong_is_refused_with_the_reason(w):
    w.tool.refused("sql", "select nope from sys_invocation").has("nope")


PROMISES = (
    the_state_of_a_key_is_shown,
    a_key_without_state_is_shown_empty,
    a_query_counts,
    a_query_shows_texts_and_leaves_out_what_is_null,
    a_query_without_rows_says_so,
    a_query_groups_and_orders,
    a_query_for_programs_gives_a_line_of_json_for_each_row,
    a_query_for_programs_gives_nothing_where_there_are_no_rows,
    a_query_for_all_columns_of_any_table_is_shown,
    a_query_that_is_wrong_is_refused_with_the_reason,
    the_state_of_a_key_is_patched_with_force,
    the_state_of_a_key_is_cleared_with_force_and_of_no_other_key,
)


# -- Orders, which the server runs itself.

def a_service_of_the_server_itself_is_listed_and_described(w):
    w.tool("services", "list").has("[public] Orders 1")
    w.tool("services", "describe", "Orders").has("Name: Orders", "Service type: Service").row("price")
    w.tool("services", "config", "view", "Orders").has("Name: Orders", "Public: true")
    w.tool("services", "status", "Orders").row("price")


def a_service_of_the_server_itself_is_in_the_list_of_deployments(w):
    for words in ((), ("--extra",)):
        w.tool("deployments", "list", *words).has("Orders [1]", w.deployment)


def the_deployment_that_is_the_server_itself_is_described_and_not_removed(w):
    own = re.search(r"Deployment ID: (dp_\w+)", w.tool("services", "describe", "Orders").text).group(1)

    w.tool("deployments", "describe", own, "--extra").has(f"ID: {own}", "Revision: 1 [Latest]").row("price")
    w.tool.refused("deployments", "remove", own, "--force").has("409 Conflict")
    w.tool("deployments", "list").has(own)


def an_invocation_of_the_server_itself_is_listed_and_described(w):
    basket = {"items": [{"name": "tea", "cents": 250, "count": 2}]}
    answer = w.ask("Orders/price", basket, {"idempotency-key": "tea"})
    same(answer.json(), {"cents": 500})
    invocation = answer.headers["x-restate-id"]

    w.wait_for_status(invocation, "completed")
    same(w.tool("invocations", "list", "--service", "Orders", "--all").shown_invocations(), [invocation])
    w.tool("invocations", "describe", invocation).has(
        "Target: Orders/price", "Status: completed with success", "Command: Run [sum]", ">> completed")


OF_THE_SERVER = (
    a_service_of_the_server_itself_is_listed_and_described,
    a_service_of_the_server_itself_is_in_the_list_of_deployments,
    the_deployment_that_is_the_server_itself_is_described_and_not_removed,
    an_invocation_of_the_server_itself_is_listed_and_described,
)
