"""What a start writes into the books: the request, and what is held of the project's award for the full time."""

from workbench.errors import NoBalance
from workbench.services import meter
from workbench.services.holds.holds import Start, place
from workbench.services.quote import Quote
from workbench.store.engine import Store


def enter(store: Store, request: meter.ServerRequest, quoted: Quote, now: int) -> None:
    """Keep the request and hold for it, before anything starts.

    A Hub that is killed between the two leaves a request without a hold, which the meter closes.

    Args:
        store: the centre's.
        request: with its time limit.
        quoted: of its profile and project; what has no price can be held for by nobody.
        now: UTC epoch seconds.

    Raises:
        NoBalance: the project may not start this; nothing is held then, and the request is closed.
    """
    assert request.limit_s is not None
    meter.record_request(store, request)
    price = quoted.list_minor_per_hour
    try:
        if price:
            place(
                store,
                Start(request.server_id, request.project, request.cluster or meter.CLUSTER, request.limit_s, price),
                now,
            )
        elif not any(standing.without_award for standing in quoted.standings):
            raise NoBalance(quoted.why)
    except NoBalance as problem:
        meter.record_refusal(store, request.server_id, now, str(problem))
        raise
