"""Our command on the PATH of a shell, many times faster than a new interpreter: forked from a process that imported it.

A page of the documentation has a dozen commands, and each would take most of a second to import what it needs. The
program on the PATH hands its arguments, environment, folder and streams to a server, and ends as the fork of it ends.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.runs import import_everything, run_main

ROOT = Path(__file__).parents[2]
_STREAMS = 3
_LONGEST = 1 << 20
_CLIENT = """\
#!{python} -IS
import json, os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
socket.send_fds(server, [b"+"], [0, 1, 2])
server.sendall(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode())
server.shutdown(socket.SHUT_WR)
sys.exit(int(server.recv(16) or b"70"))
"""


@contextmanager
def serving_commands() -> Iterator[Path]:
    """Have a folder with the program ``release-tools``, as long as this lasts."""
    with tempfile.TemporaryDirectory(prefix="rt-", ignore_cleanup_errors=True) as name:  # an address has 100 characters
        folder = Path(name)
        address = str(folder / "server")
        program = folder / "bin" / "release-tools"
        program.parent.mkdir()
        program.write_text(_CLIENT.format(python=sys.executable, address=address), encoding="utf-8")
        program.chmod(0o755)
        command = [sys.executable, "-m", "tests.support.shell_command", address]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as server:
            assert server.stdout
            assert server.stdout.readline() == b"ready\n"
            try:
                yield program.parent
            finally:
                server.terminate()


def _serve(address: str) -> None:
    import_everything()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        print("ready", flush=True)  # noqa: T201 - to the process that started this one
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _answer(connection)
            connection.close()


def _answer(connection: socket.socket) -> None:
    """Run the command of one client, and end this process."""
    _, streams, *_ = socket.recv_fds(connection, 1, _STREAMS)
    with connection.makefile("rb") as request:
        arguments, env, folder = json.loads(request.read(_LONGEST))
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    code = run_main(arguments, env)
    with suppress(OSError):  # of a reader that has gone
        sys.stdout.flush()
        sys.stderr.flush()
    connection.sendall(str(code).encode())
    os._exit(0)


if __name__ == "__main__":
    _serve(sys.argv[1])
