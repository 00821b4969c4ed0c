"""What says who somebody is stays in their region, whatever they do in others."""

from collections.abc import Mapping

from common.auth.revocation import Kind
from common.database import Database
from subgraphs.identity.domain.audit import Origin
from subgraphs.identity.domain.keys import Algorithm
from tests.integration.regions.conftest import Region, address, eventually
from tests.integration.regions.test_partitions import claims, over, sign_up

EMAIL = address("us", "ada.lovelace")


async def dump(database: Database) -> str:
    """Every row of every table."""
    async with database.transaction() as transaction:
        names = await transaction.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'identity'")
        texts = []
        for name in names.scalars().all():
            rows = await transaction.execute(f'SELECT row_to_json(row)::text FROM "{name}" AS row')
            texts += [f"{name} {text}" for text in rows.scalars()]
    return "\n".join(texts)


async def test_a_dump_of_one_region_names_nobody_of_another(regions: Mapping[str, Region]) -> None:
    eu, us = regions["eu"], regions["us"]
    token = await sign_up(eu, EMAIL)
    subject = claims(token)["sub"]
    await eventually(lambda: us.accepts(token))
    for kind, value in ((Kind.JTI, claims(token)["jti"]), (Kind.SUBJECT_EPOCH, subject)):
        await eu.revoke(kind, value, over())

    async def refuses() -> bool:
        return not await us.accepts(token)

    await eventually(refuses)
    at_home, away = await dump(eu.database), await dump(us.database)
    for secret in (EMAIL, "Ada", subject):
        assert secret in at_home, secret
        assert secret not in away, secret
    assert '"region":"eu","seq":2' in away, "the dump has what was copied"
    assert '"home":"eu"' in away, "and that an address, of which it has a digest, is at home there"


async def test_a_region_knows_how_old_its_copies_are_and_which_key_signs_elsewhere(
    regions: Mapping[str, Region],
) -> None:
    eu, us = regions["eu"], regions["us"]
    european = await sign_up(eu, EMAIL)
    await eventually(lambda: us.accepts(european))
    known = {region.name: region for region in await us.regions.all()}
    assert (known["us"].is_own, known["us"].lag, known["us"].active_kid) == (True, 0.0, "us:1")
    assert (known["eu"].is_own, known["eu"].active_kid) == (False, "eu:1")
    assert 0 <= known["eu"].lag < 5
    await eu.regions.withdraw_key("eu:1", Origin())

    async def knows_the_next() -> bool:
        return any(region.active_kid == "eu:2" for region in await us.regions.all())

    await eventually(knows_the_next)
    await eu.regions.rotate_key(Algorithm.ES256, Origin())
    assert not await us.accepts(european)
