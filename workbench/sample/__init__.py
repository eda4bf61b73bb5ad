"""The sample centre: a real GPU cluster's job log, replayed into the calendar of an invented centre.

How is written in docs/sample-centre.md; what is invented says `made_up`. Everything is derived from centre.toml beside
this file, the log under philly-2017/ and a moment "now": the same three give the same centre.
"""

from workbench.sample.loading import Loaded, is_loaded, load, top_up

__all__ = ["Loaded", "is_loaded", "load", "top_up"]
