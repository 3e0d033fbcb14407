"""Failed checks in the modules that the tests share are explained like those in tests."""

import pytest

pytest.register_assert_rewrite("tests.networks.faults", "tests.networks.publishing")
