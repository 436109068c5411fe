"""`review --terminal`: the review by keyboard where there is no browser, such as over ssh."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from cameratrap.app.project_source import open_for_review
from cameratrap.cli.context import Context
from cameratrap.cli.event_lines import event_lines, frame_lines, lies_at
from cameratrap.cli.output import plural
from cameratrap.cli.preview import Preview
from cameratrap.cli.review_terminal_desk import ReviewDesk
from cameratrap.cli.review_terminal_name import ask_name
from cameratrap.cli.terminal import Terminal, needs_terminal, whole_terminal, wrapped
from cameratrap.cli.terminal_picture import Pictures
from cameratrap.domain.selection import Selection
from cameratrap.errors import CameraTrapError, ImageError, StoreError
from cameratrap.store.event_pictures import Frame
from cameratrap.store.event_query import page
from cameratrap.web.text import plain

_PAUSE_S = 0.7  # a number is meant when no further digit comes for so long
_LARGEST = 9999
# keys, what it is called in _Sitting, what it does
_KEYS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("enter",), "verify", "verify: it is as it stands; then the next event"),
    (("x",), "blank", "blank: nothing is there"),
    (("u",), "unknown", "unknown: something nobody can name"),
    (("r",), "relabel", "relabel, with completion"),
    (("m",), "common", "relabel with the taxon of which most are there"),
    (("+", "="), "more", "one more; or type a number, 0 is blank"),
    (("-",), "fewer", "one fewer"),
    (("f",), "flag", "flag, to come back to; again: no more"),
    (("s",), "burst", "only the burst in view, or all of the event"),
    (("t",), "taxon", "which of its taxa is meant"),
    (("left",), "earlier", "the picture before"),
    (("right",), "later", "the picture after"),
    (("up", "p", "shift+e"), "previous", "the event before"),
    (("down", "n"), "following", "the event after"),
    (("e",), "unverified", "the next event that is not verified"),
    (("b",), "boxes", "boxes on and off"),
    (("z", "ctrl+z"), "undo", "undo, without end"),
    (("y", "ctrl+y"), "redo", "do it again"),
    (("?",), "help", "these keys"),
    (("q", "ctrl+c", "ctrl+d", "hangup"), "quit", "quit"),
)
_NAMES = {key: name for keys, name, _ in _KEYS for key in keys}


def review_in_terminal(ctx: Context, selection: Selection, author: str, preview: Preview | None) -> None:
    """Show the events one by one and store what is said of them, until the person has enough.

    Raises UsageError where this is no terminal, StoreError where nothing can be stored.
    """
    needs_terminal("for scripts there is `cameratrap label`, for a list `cameratrap events`")
    with open_for_review(ctx.data) as project:
        found = page(project.connection, selection, size=1).events
        if not found:
            ctx.say("nothing is like that: leave a filter out" if selection else "no events yet: `import` a card first")
            return
        desk = ReviewDesk(project, selection, found[0], ctx.taxa(), author)
        with suppress(KeyboardInterrupt), whole_terminal() as terminal:
            _Sitting(terminal, desk, Pictures(preview)).run()
    ctx.say(f"{plural(desk.done, 'correction')}, stored and signed by {author}")


class _Sitting:
    """One person at one terminal: what each key does, and what is on the screen."""

    def __init__(self, terminal: Terminal, desk: ReviewDesk, pictures: Pictures) -> None:
        self._terminal = terminal
        self._desk = desk
        self._pictures = pictures
        self._number = ""  # typed so far
        self._told = "? for the keys"
        self._has_boxes = True
        self._drawn: object = None  # what the picture on the screen shows
        self._commands: dict[str, Callable[[], str]] = {
            "verify": desk.verify, "blank": desk.blank, "unknown": desk.unknown, "relabel": self._relabel,
            "common": desk.most_common, "more": lambda: self._step(1), "fewer": lambda: self._step(-1),
            "flag": desk.flag, "burst": desk.toggle_burst, "taxon": desk.next_taxon,
            "earlier": lambda: desk.turn(-1), "later": lambda: desk.turn(1), "previous": lambda: desk.step(-1),
            "following": lambda: desk.step(1), "unverified": desk.next_unverified, "boxes": self._boxes,
            "undo": desk.undo, "redo": desk.redo, "help": self._help,
        }  # fmt: skip

    def run(self) -> None:
        """Until they quit, or the terminal is gone."""
        name = None
        while name != "quit":
            self._draw()
            key = self._terminal.keyboard.next(_PAUSE_S if self._number else None)
            name = _NAMES.get(key or "") or _NAMES.get((key or "").removeprefix("shift+"))  # Caps Lock is no matter
            self._press(key, name)
        self._pictures.forget()

    def _press(self, key: str | None, name: str | None) -> None:
        if key == "resize":
            self._drawn = None
        elif key == "escape":
            self._number, self._told = "", ""
        elif key is not None and key in "0123456789":
            self._type(int(self._number + key))
        else:
            if name not in ("more", "fewer"):
                self._finish_number()
            if name in self._commands:
                self._do(self._commands[name])

    def _do(self, command: Callable[[], str]) -> None:
        """One that cannot be done is told, and the sitting goes on."""
        try:
            self._told = command()
        except CameraTrapError as error:
            self._told = plain(f"not done: {error}" + (f" ({error.hint})" if error.hint else ""))

    def _type(self, number: int) -> str:
        self._number = str(min(number, _LARGEST))
        self._told = f"count {self._number}"
        return self._told

    def _step(self, by: int) -> str:
        return self._type(max(1, int(self._number or self._desk.counted) + by))

    def _finish_number(self) -> None:
        typed, self._number = self._number, ""
        if typed:
            self._do(lambda: self._desk.count(int(typed)))

    def _relabel(self) -> str:
        self._drawn = None
        name = ask_name(self._terminal, self._desk.completions)
        return self._desk.relabel(name) if name else ""

    def _boxes(self) -> str:
        self._has_boxes = not self._has_boxes
        return f"boxes {'on' if self._has_boxes else 'off'}"

    def _help(self) -> str:
        self._drawn = None
        self._pictures.forget()
        columns, rows = self._terminal.size
        lines = [f"{' '.join(each for each in keys if each != 'hangup'):16} {what}" for keys, _, what in _KEYS]
        beside = -(-len(lines) // rows)  # in a low window they stand side by side
        width = max(2, columns // beside)
        self._terminal.clear(1)
        self._terminal.write(
            1, ["".join(f"{line[: width - 1]:{width}}" for line in lines[n::rows]) for n in range(rows)]
        )
        self._terminal.keyboard.next()
        return ""

    def _draw(self) -> None:
        columns, rows = self._terminal.size
        event, frame = self._desk.event, self._desk.frame
        lines = list(event_lines(event, self._desk.taxa))
        if frame is not None:
            burst = ", this burst" if self._desk.is_burst else ""
            place = f"picture {self._desk.place + 1} of {event.media}{burst}"
            lines += frame_lines(frame, lies_at(frame, self._desk.project), place)
        text = [part for line in lines for part in wrapped(line, columns)][: rows - 1]
        top = len(text) + 1
        shown = (frame and (frame.media, frame.boxes), top, columns, rows, self._has_boxes)
        if shown != self._drawn:
            self._terminal.clear(top)
        self._terminal.write(1, text)
        if shown != self._drawn and frame is not None and self._pictures.is_on and rows - top > 1:
            self._draw_picture(frame, top, columns, rows - top - 1)
        self._drawn = shown
        self._terminal.write(rows, [wrapped(self._told, columns)[0]])

    def _draw_picture(self, frame: Frame, top: int, columns: int, rows: int) -> None:
        self._terminal.write(top, [""])
        try:
            path = self._desk.project.media_path(frame.root, frame.path)
            self._pictures.draw(path, frame, columns=columns, rows=rows, has_boxes=self._has_boxes)
        except (ImageError, StoreError) as error:
            self._terminal.write(top, [plain(error)[:columns]])
