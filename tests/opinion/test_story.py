"""The list of skips is strict in both directions."""

import contextlib
import io
import unittest

from story import Verdicts


class Strictness(unittest.TestCase):
    def verdicts(self, *outcomes):
        verdicts = Verdicts({"listed": "moto lacks it"})
        with contextlib.redirect_stdout(io.StringIO()):
            for name, problem in outcomes:
                verdicts.note(name, problem)
        return verdicts.wrong

    def test_what_is_listed_and_fails_and_what_is_not_and_passes_is_right(self):
        self.assertEqual(self.verdicts(("listed", "fails"), ("other", None)), [])

    def test_what_is_listed_and_passes_is_wrong(self):
        self.assertEqual(self.verdicts(("listed", None)),
                         ["listed passes now, but skips.toml says: moto lacks it; take it off the list"])

    def test_what_is_not_listed_and_fails_is_wrong(self):
        self.assertEqual(self.verdicts(("other", "found 2, not 1")), ["other: found 2, not 1"])


if __name__ == "__main__":
    unittest.main()
