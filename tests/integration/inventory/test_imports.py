"""Guarantee 19 of inventory's README: a file is imported once, goes on where it was, and tells what was wrong with which row."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest

from common.inputs import InvalidInputError
from subgraphs.inventory.domain.importing import (
    FileChanged,
    ImportProblem,
    ImportReport,
    RowProblem,
    read_header,
    read_row,
)
from subgraphs.inventory.domain.warehousing import Warehouse
from subgraphs.inventory.service import imports as module
from subgraphs.inventory.service.services import Services

Stock = Callable[..., Awaitable[tuple[int, int, int]]]
HEADER = "sku,warehouse,quantity,compare_quantity"


async def lines(rows: Sequence[str]) -> AsyncIterator[str]:
    """The rows; one that says so breaks the connection."""
    for row in rows:
        if row == "BROKEN":
            raise ConnectionError
        yield row


async def test_rows_are_applied_or_told_of(services: Services, stock: Stock) -> None:
    await services.warehousing.put_warehouse(Warehouse("SOUTH", "South", "US", 2))
    rows = [
        HEADER,
        "MUG,MAIN,25,",
        '"ROPE",MAIN,4,5',
        "TEA,MAIN,1,99",
        "NONE,MAIN,1,",
        "MUG,NOWHERE,1,",
        "MUG,MAIN,x,",
        "MUG,MAIN",
        "MUG,SOUTH,3,0",
        "MUG,MAIN,26,25",
    ]
    report = await services.imports.run("file", lines(rows))
    assert (report.rows, report.applied, report.is_complete) == (9, 4, True)
    assert [(each.row, each.problem) for each in report.problems] == [
        (3, "was compared with 99 and 100 are available"),
        (4, "names no SKU with pieces of its own, or no warehouse"),
        (5, "names no SKU with pieces of its own, or no warehouse"),
        (6, "quantity must be a whole number of pieces"),
        (7, "has 2 fields and not 4"),
    ]
    assert (await stock("MUG"), await stock("ROPE"), await stock("TEA")) == (
        (29, 0, 0),
        (4, 0, 0),
        (100, 0, 0),
    )


async def test_a_file_that_was_broken_off_goes_on_and_one_that_is_done_changes_nothing(
    services: Services, stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    rows = [HEADER, "MUG,MAIN,30,20", "ROPE,MAIN,7,5", "TEA,MAIN,90,100", "MUG,MAIN,31,30"]
    with pytest.raises(ConnectionError):
        await services.imports.run("file", lines([*rows[:4], "BROKEN"]))
    begun = await services.imports.find("file")
    assert begun == ImportReport("file", 2, 2, is_complete=False, problems=[])
    assert (await stock("MUG"), await stock("TEA")) == ((30, 0, 0), (100, 0, 0))
    for _ in range(2):
        report = await services.imports.run("file", lines(rows))
        assert report == ImportReport("file", 4, 4, is_complete=True, problems=[])
        assert (await stock("MUG"), await stock("TEA")) == ((31, 0, 0), (90, 0, 0))


@pytest.mark.parametrize(
    "changed",
    [
        [HEADER, "MUG,MAIN,1,", "ROPE,MAIN,7,"],
        [HEADER, "MUG,MAIN,30,"],
        [HEADER, "MUG,MAIN,30,", "ROPE,MAIN,7,", "TEA,MAIN,1,"],
        ["sku,warehouse,quantity", "MUG,MAIN,30"],
    ],
)
async def test_another_file_under_the_same_id_is_refused(
    services: Services, stock: Stock, changed: list[str]
) -> None:
    await services.imports.run("file", lines([HEADER, "MUG,MAIN,30,", "ROPE,MAIN,7,"]))
    with pytest.raises(FileChanged):
        await services.imports.run("file", lines(changed))
    assert (await stock("MUG"), await stock("ROPE")) == ((30, 0, 0), (7, 0, 0))


@pytest.mark.parametrize(
    "header", ["", "sku,quantity", "sku,sku,warehouse,quantity", "sku,warehouse,quantity,price"]
)
async def test_a_file_without_its_columns_is_refused(services: Services, header: str) -> None:
    with pytest.raises(ImportProblem):
        await services.imports.run("file", lines([header]))
    with pytest.raises(InvalidInputError):
        await services.imports.run("", lines([HEADER]))


@pytest.mark.parametrize(
    "line",
    [
        "MUG,MAIN,-1",
        "MUG,MAIN,1.5",
        "MUG,MAIN,9999999999",
        "MUG,main,1",
        ",MAIN,1",
        '"MUG,MAIN,1',
        "MUG,MAIN,१",
    ],
)
def test_a_row_that_makes_no_sense_is_a_problem(line: str) -> None:
    assert isinstance(read_row(1, line, read_header("sku,warehouse,quantity")), RowProblem)


async def test_what_is_exported_can_be_imported(
    services: Services, stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    header, *rows = [row async for row in services.imports.export()]
    assert header == (
        "sku",
        "warehouse",
        "available",
        "held",
        "committed",
        "unavailable",
        "in_transit",
        "incoming",
    )
    assert sorted(rows) == [
        ("MUG", "MAIN", 20, 0, 0, 0, 0, 0),
        ("ROPE", "MAIN", 5, 0, 0, 0, 0, 0),
        ("TEA", "MAIN", 100, 0, 0, 0, 0, 0),
    ]
    again = [f"{sku},{warehouse},{available},{available}" for sku, warehouse, available, *_ in rows]
    report = await services.imports.run("again", lines([HEADER, *again]))
    assert (report.applied, report.problems) == (3, [])
    assert await stock("MUG") == (20, 0, 0)
