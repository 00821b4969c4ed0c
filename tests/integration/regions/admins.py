"""Those who may steer all regions."""

from tests.integration.regions.conftest import Region, address
from tests.integration.regions.test_addresses import SIGN_IN
from tests.integration.regions.test_partitions import sign_up


async def sign_in_as_admin(region: Region) -> str:
    """The access token of an admin who is at home in the region, in which nobody was yet."""
    email = address(region.name, "grace")
    await sign_up(region, email)
    await region.rows("INSERT INTO user_role (user_id, role) SELECT id, 'admin' FROM \"user\"")
    answer = await region.ask(SIGN_IN, input={"email": email, "password": "correct horse battery"})
    return str(answer["data"]["signIn"]["accessToken"])
