"""What decisions call most of the library and make most of, as constants.

Compiled code has a constant at hand; an imported name it looks up in the dictionary of its module, each time. The
Structs are made by position where decisions make most of them: that takes half the time of making them by name.
"""

from __future__ import annotations

import bisect
import heapq
from typing import Final

from routing import effects, model

bisect_left: Final = bisect.bisect_left
insort: Final = bisect.insort
heappop: Final = heapq.heappop
heappush: Final = heapq.heappush
least_of: Final = min

Offer: Final = model.Offer
Because: Final = effects.Because
Done: Final = effects.Done
Ended: Final = effects.Ended
Offered: Final = effects.Offered
OfferEnded: Final = effects.OfferEnded
Owned: Final = effects.Owned
Queued: Final = effects.Queued
Released: Final = effects.Released
WrapUpBegan: Final = effects.WrapUpBegan
