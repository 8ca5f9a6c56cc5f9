"""What every chapter uses: clients of an account of its own, and the words in which a check is said."""

import time

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import ClientError

HERE, THERE, FAR = "us-east-1", "eu-central-1", "us-west-2"
_SESSION = boto3.Session()
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 1}, parameter_validation=False, s3={"addressing_style": "path"}
)
# Seconds of this program's own for which a state may take to come: minutes and hours of the sandbox's.
PATIENCE = 20


class Account:
    """One empty account, and the verdicts on the checks that are made in it."""

    def __init__(self, endpoint, number, chapter, verdicts):
        self.endpoint, self.id, self.chapter, self.verdicts = endpoint, f"{number:012}", chapter, verdicts
        self.clients = {}

    def client(self, service, region=HERE):
        """A client that never repeats a call and sends what it is told to."""
        if (service, region) not in self.clients:
            keys = {"aws_access_key_id": self.id, "aws_secret_access_key": "behaviour"}
            self.clients[service, region] = _SESSION.client(
                service, region_name=region, endpoint_url=self.endpoint, config=_CONFIG, **keys
            )
        return self.clients[service, region]

    def note(self, name, problem):
        """Takes down how a check ended; `problem` is None when it passed."""
        self.verdicts.append((self.chapter, name, problem))

    def equal(self, name, expected, ask):
        """`ask` gives exactly this."""
        try:
            found = ask()
        except (ClientError, LookupError, TypeError, AttributeError, botocore.exceptions.BotoCoreError) as error:
            self.note(name, f"{type(error).__name__}: {error}")
            return
        self.note(name, None if found == expected else f"{found!r} is not {expected!r}")

    def true(self, name, ask):
        """`ask` gives something that counts as true."""
        self.equal(name, True, lambda: bool(ask()))

    def works(self, name, ask):
        """`ask` is not refused."""
        self.equal(name, None, lambda: (ask(), None)[1])

    def refused(self, name, code, ask, status=400):
        """AWS refuses with this error code (or one of several) and this HTTP status."""
        codes = {code} if isinstance(code, str) else set(code)
        try:
            answer = ask()
        except ClientError as error:
            found = (error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"])
            right = found[0] in codes and (status is None or found[1] == status)
            self.note(name, None if right else f"{found} is not {(sorted(codes), status)}: {error}")
        except botocore.exceptions.BotoCoreError as error:
            self.note(name, f"{type(error).__name__}: {error}")
        else:
            self.note(name, f"not refused: {str(answer)[:200]}")

    def becomes(self, name, expected, ask):
        """`ask` gives this after a while."""
        deadline = time.monotonic() + PATIENCE
        found = None
        while time.monotonic() < deadline:
            try:
                found = ask()
            except ClientError as error:
                found = error.response["Error"]["Code"]
            if found == expected:
                break
            time.sleep(0.05)
        self.note(name, None if found == expected else f"{found!r} never becomes {expected!r}")


def pages(call, items, token_in, token_out=None, **given):
    """How many rows each page has, to the end."""
    sizes, token = [], {}
    for _ in range(50):
        answer = call(**given, **token)
        sizes.append(len(answer[items]))
        following = answer.get(token_out or token_in)
        if not following:
            return sizes
        token = {token_in: following}
    return sizes


def tagged(resource_type, **tags):
    """Tags at creation, as EC2 takes them."""
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    return [{"ResourceType": resource_type, "Tags": pairs}]


def until(ask, wanted):
    """Waits until `ask` gives what is wanted."""
    deadline = time.monotonic() + PATIENCE
    while ask() != wanted and time.monotonic() < deadline:
        time.sleep(0.05)


def many(count, key="key"):
    """That many tags."""
    return [{"Key": f"{key}-{number}", "Value": "x"} for number in range(count)]

