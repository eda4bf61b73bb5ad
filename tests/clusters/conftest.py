"""An NVML that answers as we say: the calls of pynvml that we make, over a list of cards."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest


class FakeNVMLError(Exception):
    pass


@dataclass
class FakeNvml:
    """`cards` maps a GPU's (or MIG slice's) identifier to its name; `driver` False: the library is not there.

    mem_bytes: of those whose memory it knows.
    """

    cards: dict[str, str] = field(default_factory=dict)
    driver: bool = True
    broken: bool = False
    open_count: int = 0
    mem_bytes: dict[str, int] = field(default_factory=dict)
    NVMLError: type[Exception] = FakeNVMLError

    def nvmlInit(self):  # noqa: N802
        if not self.driver:
            raise FakeNVMLError("NVML Shared Library Not Found")
        self.open_count += 1

    def nvmlShutdown(self):  # noqa: N802
        self.open_count -= 1

    def nvmlDeviceGetCount(self):  # noqa: N802
        if self.broken:
            raise FakeNVMLError("Driver/library version mismatch")
        return len([card for card in self.cards if card.startswith("GPU-")])

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return [card for card in self.cards if card.startswith("GPU-")][index]

    def nvmlDeviceGetHandleByUUID(self, identifier):  # noqa: N802
        if identifier not in self.cards:
            raise FakeNVMLError("Not Found")
        return identifier

    def nvmlDeviceGetName(self, handle):  # noqa: N802
        return self.cards[handle]

    def nvmlDeviceGetMemoryInfo(self, handle):  # noqa: N802
        if handle not in self.mem_bytes:
            raise FakeNVMLError("Not Supported")
        return SimpleNamespace(total=self.mem_bytes[handle])


@pytest.fixture
def fake_nvml():
    return FakeNvml
