#!/usr/bin/env python3
"""What somebody sees who starts the program: help on stdout, and for each mistake one line on stderr that
says what to do, with the exit code the documents promise."""

import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(os.environ.get("HOLDFAST_BUILD", "build/dev")).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]
FAILED, WRONG = 1, 2
problems = []


def holdfast(*arguments, environment=()):
    """(exit code, stdout, stderr); the exit code is None if it runs on, which no mistake may do."""
    try:
        ended = subprocess.run([BUILD / "holdfast", *map(str, arguments)], capture_output=True,
                               text=True, timeout=20, env={**os.environ, **dict(environment)})
    except subprocess.TimeoutExpired as late:
        return None, str(late.stdout), str(late.stderr)
    return ended.returncode, ended.stdout, ended.stderr


def says(*arguments, holds):
    code, out, err = holdfast(*arguments)
    if code != 0 or err or any(text not in out for text in holds):
        problems.append(f"{arguments}: exit code {code}, stdout {out[:200]!r}, stderr {err!r}")


def refuses(name, *arguments, code, holds, environment=()):
    """One line, `holdfast: ...`, that matches the pattern `holds`; nothing on stdout."""
    ended, out, err = holdfast(*arguments, environment=environment)
    lines = err.splitlines()
    if ended != code or out or len(lines) != 1 or not re.match(f"holdfast: .*{holds}", lines[0]):
        problems.append(f"{name}: exit code {ended}, not {code}; stdout {out!r}; stderr {err!r}; "
                        f"not one line with '{holds}'")


def serve(folder, *more):
    return ("serve", "--data", folder, "--ingress", "127.0.0.1:0", "--admin", "127.0.0.1:0", *more)


def command_lines():
    version = re.search(r"project\(holdfast VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())
    says("--version", holds=[f"holdfast {version.group(1)}\n"])
    says("help", holds=["holdfast serve", "--version", "--load", "curl"])
    says("--help", holds=["holdfast serve"])
    says("help", "serve", holds=["--data", "--ingress", "--admin", "Exit codes"])
    says("serve", "--help", holds=["--data", "--ingress", "--admin", "Exit codes"])
    says("verify", "--help", holds=["--data", "--json", "Exit codes"])
    says("help", "verify", holds=["--data", "--json", "Exit codes"])
    says("doctor", "--help", holds=["--admin", "Exit codes"])
    says("help", "doctor", holds=["--admin", "Exit codes"])
    refuses("doctor: no address", "doctor", "--admin", "here", code=WRONG, holds="--admin 'here'")
    refuses("doctor: no id", "doctor", "nonsense", code=WRONG, holds="does not start with inv_")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        refuses("doctor: nobody there", "doctor", "--admin", url, code=WRONG,
                holds=f"no server answers at {url}")
    refuses("verify without a folder", "verify", code=WRONG, holds="--data is required")
    refuses("verify with more", "verify", "--data", "x", "y", code=WRONG, holds="y")
    refuses("a verb that is none", "fly", code=WRONG, holds="fly.*holdfast help")
    refuses("an option that is none", "serve", "--colour", "red", code=WRONG, holds="--colour")
    refuses("an option without its value", "serve", "--data", code=WRONG, holds="--data")
    refuses("not a number", "serve", "--drain-ms", "soon", code=WRONG, holds="drain")
    refuses("not an address", "serve", "--ingress", "here", code=WRONG, holds="--ingress.*here")
    refuses("an admin port for everybody", "serve", "--admin", "0.0.0.0:0", code=WRONG,
            holds="--admin-allow-remote")
    refuses("a configuration that is not there", "serve", "--config", "/nowhere.toml", code=WRONG,
            holds="/nowhere.toml")
    refuses("a name in the environment", "serve", code=WRONG, holds="HOLDFAST_ENGINE__PARK_AFTER_MS|"
            "park", environment=[("HOLDFAST_ENGINE__PARK_AFTER_MS", "never")])


def configuration_files(folder):
    file = folder / "holdfast.toml"
    for name, text, holds in [("a section that is none", "[colours]\nred = 1\n", "colours"),
                              ("a key that is none", "[storage]\ncolour = 1\n", "colour"),
                              ("not TOML", "[storage\n", str(file)),
                              ("a number for a text", "[ingress]\nlisten = 5\n", "--ingress")]:
        file.write_text(text)
        refuses(name, "serve", "--config", file, code=WRONG, holds=holds)


def data_folders(folder):
    def made(name, **files):
        path = folder / name
        path.mkdir()
        for file, text in files.items():
            (path / file).write_text(text)
        return path

    refuses("a stamp that is none", *serve(made("garbage", FORMAT="\0\1garbage")), code=FAILED,
            holds="garbage.* FORMAT is damaged")
    refuses("an empty stamp", *serve(made("empty", FORMAT="")), code=FAILED, holds="damaged")
    refuses("a newer stamp", *serve(made("newer", FORMAT="holdfast data 5\n")), code=FAILED,
            holds="newer has format 5.*newer release")
    older = made("older", FORMAT="holdfast data 2\n")
    (older / "store").mkdir()
    (older / "store" / "CURRENT").write_text("what")
    code, _, err = holdfast(*serve(older))
    if code != FAILED or "HF0003" not in err or (older / "FORMAT").read_text() != "holdfast data 2\n":
        problems.append(f"a start that failed locks the older release out: exit code {code}; {err!r}")
    refuses("somebody else's folder", *serve(made("foreign", notes="mine")), code=FAILED,
            holds='holds "notes"')
    file = folder / "file"
    file.write_text("no folder")
    refuses("a file for a folder", *serve(file), code=FAILED, holds="file")
    refuses("a folder in a file", *serve(file / "data"), code=FAILED, holds="file/data")
    if os.geteuid() != 0:  # Root may read everything.
        locked = made("locked")
        locked.chmod(0)
        refuses("a folder that may not be read", *serve(locked), code=FAILED,
                holds="Permission denied")
        locked.chmod(0o700)
    else:
        refuses("a folder nobody can make", *serve("/proc/holdfast"), code=FAILED,
                holds="/proc/holdfast")


def verified_folders(folder):
    """Folders that no server has made; the others come with ports_and_a_second_server."""
    refuses("verify: no folder", "verify", "--data", folder / "none", code=WRONG,
            holds="there is no data folder .*none")
    foreign = folder / "foreign to verify"
    foreign.mkdir()
    refuses("verify: no data folder", "verify", "--data", foreign, code=WRONG, holds="no FORMAT")
    if any(foreign.iterdir()):
        problems.append("verify: it has made something in a folder that is none")


def verify_with_damage(data):
    """Of a stopped server."""
    says("verify", "--data", data, holds=["rows checked, 0 problems", "invocations with timers"])
    says("verify", "--data", data, "--json", holds=['"problem_count":0'])
    (data / "store" / "CURRENT").unlink()
    code, out, err = holdfast("verify", "--data", data)
    if code != FAILED or err or "the store does not open" not in out or ", 1 problem\n" not in out:
        problems.append(f"verify: a damaged store: exit code {code}, {out!r}, {err!r}")


def doctor(admin):
    says("doctor", "--admin", admin, holds=["every invocation is completed"])
    says("doctor", "--admin", admin + "/", "--json", holds=['"not_completed":0'])
    unknown = "inv_1jp6uyMi2HLz2mqBc3VgkZqi8JKJzmLJH9"
    refuses("doctor: no such invocation", "doctor", unknown, "--admin", admin, code=FAILED,
            holds=f"'{unknown}' not found")


def libraries(folder):
    refuses("no such library", *serve(folder / "l1", "--load", folder / "none.so"), code=FAILED,
            holds="--load .*none.so")
    text = folder / "text.so"
    text.write_text("not a library")
    refuses("not a library", *serve(folder / "l2", "--load", text), code=FAILED, holds="text.so")
    libc = next(line.split()[-1] for line in
                pathlib.Path("/proc/self/maps").read_text().splitlines() if "libc.so" in line)
    refuses("not a handler library", *serve(folder / "l3", "--load", libc), code=FAILED,
            holds="not a handler library")


def ports_and_a_second_server(folder):
    data = folder / "data"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = f"127.0.0.1:{taken.getsockname()[1]}"
        refuses("the ingress port is taken", *serve(data, "--ingress", port)[:3], "--ingress", port,
                "--admin", "127.0.0.1:0", code=FAILED, holds=f"--ingress.*{port}.*in use")
        refuses("the admin port is taken", *serve(data)[:3], "--ingress", "127.0.0.1:0",
                "--admin", port, code=FAILED, holds=f"--admin.*{port}.*in use")

    first = subprocess.Popen([BUILD / "holdfast", *map(str, serve(data))], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    ready = first.stdout.readline()
    if " ready: ingress http://127.0.0.1:" not in ready:
        problems.append(f"the first line of a server: {ready!r}")
    refuses("a second server on one folder", *serve(data), code=FAILED,
            holds=f"data.* is in use by another server .pid {first.pid}.")
    refuses("verify: a server has the folder", "verify", "--data", data, code=WRONG,
            holds=f"data.* is in use by another server .pid {first.pid}.; stop it")
    admin = re.search(r"admin (\S+),", ready)
    if admin:
        doctor(admin.group(1))
    first.terminate()
    try:
        out, err = first.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        first.kill()
        problems.append("SIGTERM: the server runs on after 20 s")
        return
    if first.returncode != 0 or out or len(err.splitlines()) != 1 or " info " not in err:
        problems.append(f"SIGTERM: exit code {first.returncode}, stdout {out!r}, stderr {err!r}")
    verify_with_damage(data)


def main():
    with tempfile.TemporaryDirectory(prefix="holdfast-command.") as name:
        folder = pathlib.Path(name)
        command_lines()
        configuration_files(folder)
        data_folders(folder)
        verified_folders(folder)
        libraries(folder)
        ports_and_a_second_server(folder)
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problem(s)")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
