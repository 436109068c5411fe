"""What every page works with: the project, the pictures, who is looking, and the names of taxa."""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse

from cameratrap.domain.taxa import TaxaTable
from cameratrap.web.desk import Desk
from cameratrap.web.thumbnails import Thumbnails


@dataclass(frozen=True)
class Review:
    """One start of the server. ``author`` signs what is corrected; ``token`` is what our own page proves itself by.

    ``project_id`` says which project it is, the same at every start and wherever its folder lies: the browser keeps
    under it what is not sent yet.
    """

    desk: Desk
    thumbnails: Thumbnails
    taxa: TaxaTable
    templates: Environment
    author: str
    token: str
    title: str
    project_id: str

    @staticmethod
    def of(request: Request) -> Review:
        """The one that serves a request."""
        review = request.app.state.review
        assert isinstance(review, Review)  # noqa: S101 - `app.build_app` put it there
        return review

    def page(self, template: str, kind: str, *, status: int = 200, query: str = "", **values: object) -> HTMLResponse:
        """A page by its template."""
        html = self.templates.get_template(template).render(
            kind=kind, query=query, token=self.token, project=self.title, project_id=self.project_id, **values
        )
        return HTMLResponse(html.encode(errors="replace"), status)
