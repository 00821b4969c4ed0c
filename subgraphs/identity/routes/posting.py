"""The door that a form of ours is sent to, with all that each of them must have."""

from collections.abc import Awaitable, Callable, Mapping

from litestar import MediaType, post
from litestar.handlers import HTTPRouteHandler

from subgraphs.identity.routes.forms import MAX_FORM, Asked, FormTokens, read_form, takes_form
from subgraphs.identity.routes.pages import Page, Pages, answers

Answer = Callable[[Asked, Mapping[str, str]], Awaitable[Page]]


def form_door(
    path: str, answer: Answer, pages: Pages, tokens: FormTokens, *, fields: tuple[str, ...], summary: str
) -> HTTPRouteHandler:
    """`POST path`, answered by `answer` once the form is known to be from a page of ours."""

    @post(
        path,
        media_type=MediaType.HTML,
        status_code=200,
        responses=answers(303, 400, 403, 429, 503),
        exception_handlers=pages.refusals,
        operation_class=takes_form(*fields, "form_token"),
        request_max_body_size=MAX_FORM,
        summary=summary,
    )
    async def sent(request: Asked) -> Page:
        form = await read_form(request)
        tokens.check(request, form)
        return await answer(request, form)

    return sent
