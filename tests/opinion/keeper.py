"""Keeps a server for as long as somebody holds the other end of standard input, whatever becomes of them.

    python keeper.py --log FILE -- COMMAND...

Prints the first address that the server says it listens on; all that the server says goes to the log. When standard
input ends, or a signal comes, the server and all that it started are stopped.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import threading

ADDRESS = re.compile(r"https?://127\.0\.0\.1:\d+")
# Seconds that a server gets to stop by itself.
PATIENCE = 5


def copy(server, path):
    """Writes down what the server says, and passes on its address; ends this program when the server ends."""
    told = False
    with open(path, "w", encoding="utf-8") as log:
        for line in server.stdout:
            log.write(line)
            log.flush()
            if not told and (found := ADDRESS.search(line)):
                told = True
                print(found.group(), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)


def stop(server):
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, number)  # the server leads a session of its own
            server.wait(PATIENCE)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--log", required=True)
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    server = subprocess.Popen(given.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              start_new_session=True, encoding="utf-8", errors="replace")
    try:
        threading.Thread(target=copy, args=(server, given.log), daemon=True).start()
        sys.stdin.buffer.read()
    finally:
        stop(server)


if __name__ == "__main__":
    main()
