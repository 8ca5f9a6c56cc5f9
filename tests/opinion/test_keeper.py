"""No server outlives the one who asked for it."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

KEEPER = pathlib.Path(__file__).with_name("keeper.py")
# Says where it listens, starts a child, says its process id, and would stay for ever.
SERVER = ("import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
          "print(child.pid, flush=True); print('on http://127.0.0.1:1', flush=True); time.sleep(600)")


def runs(pid):
    """Whether a process is there and no zombie."""
    try:
        return "\nState:\tZ" not in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False


@unittest.skipUnless(pathlib.Path("/proc/self/status").exists(), "processes are looked up in /proc")
class Keeping(unittest.TestCase):
    def kept(self, folder, code):
        log = os.path.join(folder, "log")
        keeper = subprocess.Popen([sys.executable, KEEPER, "--log", log, "--", sys.executable, "-c", code],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        return keeper, keeper.stdout.readline().strip(), pathlib.Path(log)

    def test_the_server_and_what_it_started_end_with_the_input_and_on_a_signal(self):
        for end in (lambda keeper: keeper.stdin.close(), lambda keeper: keeper.send_signal(signal.SIGTERM)):
            with tempfile.TemporaryDirectory() as folder:
                keeper, address, log = self.kept(folder, SERVER)
                self.assertEqual(address, "http://127.0.0.1:1")
                child = int(log.read_text(encoding="utf-8").splitlines()[0])
                self.assertTrue(runs(child))
                end(keeper)
                keeper.wait(20)
                keeper.stdin.close()
                keeper.stdout.close()
                self.assertFalse(runs(child))

    def test_a_server_that_does_not_start_is_not_waited_for(self):
        with tempfile.TemporaryDirectory() as folder:
            keeper, address, log = self.kept(folder, "raise SystemExit('no port')")
            keeper.wait(20)
            keeper.stdin.close()
            keeper.stdout.close()
            self.assertEqual((address, log.read_text(encoding="utf-8")), ("", "no port\n"))


if __name__ == "__main__":
    unittest.main()
