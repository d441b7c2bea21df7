"""Scalars and columns of one agent in one conversation, with a combined first request if possible.

A GETBULK may begin with variables that it reads once (non-repeaters, RFC 3416 §4.2.3), which
saves one exchange per poll. Columns that had no rows the last time are read once, too, to see
whether they have some now. Some agents get this wrong, so it is only used with an agent that has
been read separately before, and a reply is accepted only if every scalar and row is in its place.
Otherwise both are requested again separately.

Must not know: sockets, time, or what the values mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.snmp.ber import CodecError
from monitor.snmp.message import PduType

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.snmp.client import Question
    from monitor.snmp.message import Head
    from monitor.snmp.model import Failure
    from monitor.snmp.scalars import Get
    from monitor.snmp.walk import Walk


class GetAndWalk:
    """A `Get`, followed by the walk that `new_walk` makes; both share a request if possible.

    `scalar_octets` is the size of the scalars in a reply the last time, None if they are to be
    requested separately. Afterwards it is the value for the next time: None also if the joint
    request did not work, or the agent did not answer. `is_refused` says that the joint request
    failed, or would fail.
    """

    def __init__(
        self, get: Get, new_walk: Callable[[], Walk] | None, scalar_octets: int | None
    ) -> None:
        self._get = get
        self._new_walk = new_walk
        self.walk = new_walk() if new_walk is not None else None
        self._now: Get | Walk = get
        self._room = scalar_octets or 0
        self._may_join = scalar_octets is not None and get.can_be_next and self._will_be_bulk
        self._is_joint = False
        self.is_refused = False
        self.scalar_octets: int | None = None

    @property
    def _will_be_bulk(self) -> bool:
        return self.walk is not None and self.walk.bulk

    def question(self) -> Question | None:
        """Return the next request, None when there is nothing more to ask."""
        if self._may_join:
            return self._joint_question()
        question = self._now.question()
        walk = self.walk
        if question is not None or walk is None or self._now is walk:
            return question
        if self._get.requests and not self._get.answered:
            return None
        walk.answered = self._get.answered
        self._now = walk
        return walk.question()

    def again(self) -> Question | None:
        """Return the request that replaces a lost one, None to repeat it unchanged."""
        if not self._is_joint:
            return None
        self._part()
        return self.question()

    def answer(self, head: Head, data: bytes) -> None:
        """Process the reply to the last question: its decoded head and its octets."""
        if self._is_joint:
            self._take_both(head, data)
            return
        if self._now is self._get:
            self.is_refused = self.is_refused or bool(head[4])
            self.scalar_octets = None if self.is_refused else len(data) - head[6]
        self._now.answer(head, data)

    def unanswered(self, failure: Failure) -> None:
        """Note that the last question got no usable reply, and why."""
        if self._is_joint:
            self._part()
        self._now.unanswered(failure)

    def give_up(self, failure: Failure) -> None:
        """End for a reason other than the agent's last reply."""
        if self._is_joint:
            self._part()
        self._now.give_up(failure)

    def _joint_question(self) -> Question | None:
        assert self.walk is not None  # noqa: S101  # or they may not be joined
        self._may_join = False
        firsts = b"".join(aside := self.walk.set_aside())
        # A row is longer than the request for it.
        question = self.walk.question(self._room + 2 * len(firsts))
        if question is not None:
            self._is_joint = True
            _, _, repetitions, rows = question
            scalars, count = self._get.ask_next()
            return PduType.GET_BULK, count + len(aside), repetitions, scalars + firsts + rows
        return self.question()

    def _take_both(self, head: Head, data: bytes) -> None:
        walk = self.walk
        assert walk is not None  # noqa: S101  # or they had not been joined
        rows_at = scalars_end = 0
        try:
            if not head[4]:
                scalars_end = self._get.take_next(data, head[6])
                rows_at = walk.take_aside(data, scalars_end)
        except CodecError:
            rows_at = 0
        if rows_at:
            walk.answer((*head[:6], rows_at, head[7]), data, rows_at - head[6])
            if walk.varbinds and walk.failure is None:
                self._is_joint = False
                self._now = walk
                self.scalar_octets = scalars_end - head[6]
                return
        self._part()

    def _part(self) -> None:
        """Restart with separate requests, one conversation after the other."""
        self._is_joint = False
        self.is_refused = True
        asked = self.walk.requests if self.walk is not None else 0
        self._get.forget()
        if self._new_walk is not None:
            self.walk = self._new_walk()
            self.walk.requests = asked
