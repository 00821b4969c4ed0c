from common.resilience import Budget


def test_a_budget_has_its_floor_and_its_share_and_is_forgotten() -> None:
    now = [0.0]
    budget = Budget(share=0.5, floor=0.2, seconds=10, clock=lambda: now[0])
    assert [budget.take() for _ in range(3)] == [True, True, False]
    budget.count()
    budget.count()
    assert [budget.take() for _ in range(2)] == [True, False]
    now[0] += 20
    assert [budget.take() for _ in range(3)] == [True, True, False]
