"""Children: every process that the agent starts, and their certain end.

`supervisor.start` gives a child that lives for long and is talked to line by line, and
`supervisor.run` one that does one thing. None outlives the agent: ours (`attach`) end with it by
themselves, programs of others have a guard (`guard`) between them and the agent. What a kill of
all of them leaves behind is ended at the next start (`records.sweep`).
"""

from __future__ import annotations
