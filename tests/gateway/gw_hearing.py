"""A gateway that tests can listen to: what each upstream replied, and what each translation lost."""

from __future__ import annotations

from contextlib import contextmanager

from running import NO_TAPE, NO_TRACE, running

from tokentape.protocols.canonical.losses import LossReport


class Heard:
    """`heard` are the bodies of the upstreams' replies, `lost` the losses of each call, in order."""

    def __init__(self):
        self.heard, self.lost = [], []
        self.sent = []

    def forget(self):
        self.heard.clear()
        self.lost.clear()
        self.sent.clear()

    def listen(self, services):
        """Before the gateway starts."""
        services.sender = _Sender(services.sender, self)
        services.record = self._recording(services)

    def _recording(self, services):
        made = services.record

        def record(*given):
            found = made(*given)
            nth, tell = len(self.lost), found.lost
            self.lost.append(LossReport())

            def lost(losses):
                tell(losses)
                if nth < len(self.lost):
                    self.lost[nth] = LossReport((*self.lost[nth].losses, *losses.losses))

            found.lost = lost
            return found

        return record


class _Sender:
    def __init__(self, inner, by):
        self._inner, self._by = inner, by

    async def send(self, request, times):
        self._by.sent.append(request)
        sent = await self._inner.send(request, times)
        heard = bytearray()
        self._by.heard.append(heard)
        return _Sent(sent, heard)

    async def aclose(self):
        await self._inner.aclose()


class _Sent:
    def __init__(self, inner, heard):
        self._inner, self._heard = inner, heard

    def __getattr__(self, name):
        return getattr(self._inner, name)

    async def chunk(self):
        data = await self._inner.chunk()
        self._heard += data
        return data

    async def read(self, most):
        data = await self._inner.read(most)
        self._heard += data
        return data


@contextmanager
def heard_gateway(made, *, record=NO_TAPE, trace=NO_TRACE, prepare=None):
    """A running gateway, and what is heard of it."""
    heard = Heard()

    def listening(services):
        heard.listen(services)
        if prepare is not None:
            prepare(services)

    with running(made, record=record, trace=trace, prepare=listening) as gateway:
        yield gateway, heard
