"""The built `globe`, run as a person would."""

import json
import os
import pathlib
import subprocess

ACCOUNT = "123456789012"
# Seconds of globe's patience per second here: an emulator has no objects that take minutes.
HURRY = 50
# A command that takes longer hangs.
LIMIT = 180


class Failed(Exception):
    """A command that did not end as it should."""


class Place:
    """A folder with a `globe.toml`, for the AWS at a URL."""

    def __init__(self, program, url, folder, stack, hurry=HURRY):
        self.program, self.url, self.folder, self.hurry = program, url, pathlib.Path(folder), hurry
        self.folder.mkdir(parents=True)
        self.write(stack)

    def write(self, stack):
        (self.folder / "globe.toml").write_text(stack, encoding="utf-8")

    def run(self, *arguments):
        """Runs it; standard output, standard error and exit code."""
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        given = {"HOME": str(self.folder), "GLOBE_TIME_FACTOR": str(self.hurry), "AWS_ENDPOINT_URL": self.url,
                 "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "opinion"}
        return subprocess.run([self.program, *arguments], cwd=self.folder, env={**kept, **given}, timeout=LIMIT,
                              stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace", check=False)

    def globe(self, *arguments, exits=0):
        """Runs it and insists on an exit code; its standard output."""
        said = self.run(*arguments)
        if said.returncode != exits:
            raise Failed(f"`globe {' '.join(arguments)}` ended with {said.returncode}, not {exits}\n{said.stdout}\n{said.stderr}")
        return said.stdout

    def changes(self):
        """`action address` of every step that a diff finds, which it says in its exit code too."""
        said = self.run("--json", "diff", "--exit-code")
        plans = [line for line in map(json.loads, said.stdout.splitlines()) if line["type"] == "plan"]
        if len(plans) != 1:
            raise Failed(f"diff printed {len(plans)} plans and ended with {said.returncode}\n{said.stderr}")
        steps = [f"{step['action']} {step['address']}" for step in plans[0]["steps"]]
        if said.returncode != (2 if steps else 0):
            raise Failed(f"diff found {steps} and ended with {said.returncode}")
        return steps
