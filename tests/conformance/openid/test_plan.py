"""No module of the plan is forgotten, and none is here that it does not have."""

from tests.conformance.openid import test_basic_profile
from tests.conformance.openid.plan import DIFFERENCES, MODULES, NOT_APPLICABLE

OF_ANOTHER_PLAN = {"oidcc-discovery-endpoint-verification"}


def test_every_module_of_the_plan_is_here_or_does_not_apply() -> None:
    names = (name for name in vars(test_basic_profile) if name.startswith("test_oidcc"))
    here = {name.removeprefix("test_").replace("_", "-") for name in names}
    assert here == {*MODULES} - {*NOT_APPLICABLE} | OF_ANOTHER_PLAN


def test_the_differences_are_of_modules() -> None:
    assert {row.module for row in DIFFERENCES} <= {*MODULES, "every module"}
